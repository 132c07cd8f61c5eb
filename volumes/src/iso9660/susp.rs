//! What Rock Ridge adds to a record: entries of the System Use Sharing Protocol, each with
//! two letters, its size, a version, and data.

use super::record::Record;

/// Areas that one record may continue in, and bytes of a name or link.
const MOST_AREAS: u32 = 16;
const MOST_TEXT: usize = 4096;

/// Flags of NM and SL: the text goes on in the next entry.
const CONTINUE: u8 = 1;
const CURRENT: u8 = 2;
const PARENT: u8 = 4;
const ROOT: u8 = 8;

/// What Rock Ridge says of a file.
#[derive(Default)]
pub(super) struct Extra {
    /// Its name (NM).
    pub(super) name: Option<String>,
    /// It is a link to there (SL).
    pub(super) link: Option<String>,
    /// It is a directory that lies elsewhere (CL): the block.
    pub(super) child: Option<u32>,
    /// It is the other place of such a directory (RE).
    pub(super) is_relocated: bool,
    /// Its content is compressed (ZF).
    pub(super) is_compressed: bool,
}

/// If this is the record of a root directory with Rock Ridge, which says so by SP: the
/// number of bytes to leave out in front of the entries of all other records.
pub(super) fn announced(system_use: &[u8]) -> Option<usize> {
    match system_use.get(..7)? {
        [b'S', b'P', 7, 1, 0xbe, 0xef, skip] => Some(usize::from(*skip)),
        _ => None,
    }
}

/// Gives the bytes of a place: block, offset in it, size.
pub(super) type Read<'r> = dyn Fn(u32, u32, u32) -> Option<Vec<u8>> + 'r;

impl Extra {
    /// What the record and its continuations say.
    pub(super) fn of(record: &Record, skip: usize, read: &Read) -> Self {
        let mut extra = Self::default();
        let (mut name, mut link) = (Text::default(), Link::default());
        let mut area = record.system_use.get(skip..).unwrap_or_default().to_vec();
        for _ in 0..MOST_AREAS {
            let mut next = None;
            let mut rest = area.as_slice();
            while let Some((kind, data, after)) = entry(rest) {
                rest = after;
                match kind {
                    b"NM" => name.add(data),
                    b"SL" => link.add(data),
                    b"CL" => extra.child = number(data, 0),
                    b"RE" => extra.is_relocated = true,
                    b"ZF" => extra.is_compressed = true,
                    b"CE" => next = continuation(data),
                    b"ST" => break,
                    _ => {}
                }
            }
            let Some((block, offset, size)) = next.filter(|(.., size)| *size <= 2048) else {
                break;
            };
            area = read(block, offset, size).unwrap_or_default();
        }
        extra.name = name.text();
        extra.link = link.is_there.then_some(link.target);
        extra
    }
}

/// The first entry: its letters, its data, and what follows it.
fn entry(area: &[u8]) -> Option<(&[u8; 2], &[u8], &[u8])> {
    let (kind, rest) = area.split_first_chunk()?;
    let size = usize::from(*rest.first()?);
    let (entry, after) = area.split_at_checked(size)?;
    Some((kind, entry.get(4..)?, after))
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    let number = data.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*number))
}

fn continuation(data: &[u8]) -> Option<(u32, u32, u32)> {
    Some((number(data, 0)?, number(data, 8)?, number(data, 16)?))
}

/// A name, of which there may be several pieces.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn add(&mut self, data: &[u8]) {
        if let [flags, piece @ ..] = data
            && flags & (CURRENT | PARENT) == 0
            && self.0.len() < MOST_TEXT
        {
            self.0.extend_from_slice(piece);
        }
    }

    fn text(self) -> Option<String> {
        let text = String::from_utf8(self.0).ok()?;
        let is_name = !text.is_empty() && !text.contains(['/', '\0']);
        is_name.then_some(text)
    }
}

/// The target of a link, of which there may be several pieces.
#[derive(Default)]
struct Link {
    is_there: bool,
    target: String,
    /// The last component goes on in the next one.
    goes_on: bool,
}

impl Link {
    fn add(&mut self, data: &[u8]) {
        self.is_there = true;
        let mut rest = data.get(1..).unwrap_or_default();
        while let [flags, size, after @ ..] = rest {
            let Some((text, after)) = after.split_at_checked(usize::from(*size)) else {
                return;
            };
            rest = after;
            if self.target.len() > MOST_TEXT {
                return;
            }
            let is_first = self.target.is_empty() || self.target == "/";
            if !is_first && !self.goes_on {
                self.target.push('/');
            }
            match flags {
                flags if flags & ROOT != 0 => self.target = "/".to_owned(),
                flags if flags & PARENT != 0 => self.target.push_str(".."),
                flags if flags & CURRENT != 0 => self.target.push('.'),
                _ => self.target.push_str(&String::from_utf8_lossy(text)),
            }
            self.goes_on = flags & CONTINUE != 0;
        }
    }
}
