//! What can be read at any place: a disk, a part of one, a file.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::rc::Rc;

/// Bytes that can be read at any place.
pub trait Bytes {
    /// Their number.
    fn size(&self) -> u64;

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    ///
    /// They end before, or cannot be read.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()>;

    /// The open file, if they are all of one.
    fn as_file(&self) -> Option<&File> {
        None
    }
}

/// Bytes of a cached block, and how many blocks are kept.
const BLOCK: usize = 32 << 10;
const BLOCKS: usize = 64;
/// The most bytes that [`read`] gives.
const MOST: usize = 16 << 20;

/// `count` bytes from `at` on.
///
/// # Errors
///
/// They end before, cannot be read, or are more than 16 MiB.
pub fn read(bytes: &dyn Bytes, at: u64, count: usize) -> io::Result<Vec<u8>> {
    let end = at.checked_add(to_u64(count));
    if count > MOST || end.is_none_or(|end| end > bytes.size()) {
        return Err(beyond());
    }
    let mut read = vec![0; count];
    bytes.read_at(at, &mut read)?;
    Ok(read)
}

/// The bytes end before what was asked for.
pub(crate) fn beyond() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends before")
}

/// A size in memory as one on a disk.
pub(crate) fn to_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// A size on a disk as one in memory.
pub(crate) fn to_usize(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

impl Bytes for Vec<u8> {
    fn size(&self) -> u64 {
        to_u64(self.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let rest = self.get(to_usize(at)..);
        let from = rest.and_then(|rest| rest.get(..into.len()));
        into.copy_from_slice(from.ok_or_else(beyond)?);
        Ok(())
    }
}

impl<B: Bytes + ?Sized> Bytes for Rc<B> {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        (**self).read_at(at, into)
    }
}

/// Pieces of other bytes, one after another.
pub(crate) struct Pieces {
    of: Rc<dyn Bytes>,
    /// Where each begins, and its size.
    pieces: Vec<(u64, u64)>,
    size: u64,
}

impl Pieces {
    pub(crate) fn new(of: Rc<dyn Bytes>, pieces: Vec<(u64, u64)>) -> Self {
        let sizes = pieces.iter().map(|(_, size)| *size);
        let size = sizes.fold(0, u64::saturating_add);
        Self { of, pieces, size }
    }
}

impl Bytes for Pieces {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, mut at: u64, mut into: &mut [u8]) -> io::Result<()> {
        for &(start, size) in &self.pieces {
            if into.is_empty() {
                return Ok(());
            }
            let Some(left) = size.checked_sub(at).filter(|left| *left > 0) else {
                at = at.saturating_sub(size);
                continue;
            };
            let count = to_usize(left).min(into.len());
            let (now, later) = into.split_at_mut_checked(count).ok_or_else(beyond)?;
            let place = start.checked_add(at).ok_or_else(beyond)?;
            self.of.read_at(place, now)?;
            (at, into) = (0, later);
        }
        match into.is_empty() {
            true => Ok(()),
            false => Err(beyond()),
        }
    }
}

/// Other bytes, of which the blocks that were read last are kept.
pub(crate) struct Cached<B> {
    of: B,
    /// The one that was used last at the end.
    blocks: RefCell<Vec<Loaded>>,
}

/// A block that was read.
struct Loaded {
    number: u64,
    content: Box<Block>,
    /// The pages of it that cannot be read, and why.
    unread: Vec<(usize, io::Error)>,
}

/// Bytes of a page: at least those of a sector, so that one that cannot be read costs no
/// other.
const PAGE: usize = 4096;

/// A block, aligned as direct input and output needs it.
#[repr(C, align(4096))]
struct Block([u8; BLOCK]);

impl<B: Bytes> Cached<B> {
    pub(crate) fn new(of: B) -> Self {
        Self {
            of,
            blocks: RefCell::default(),
        }
    }

    /// Makes this block the one that was used last.
    fn load(&self, number: u64) {
        let mut blocks = self.blocks.borrow_mut();
        let known = blocks.iter().rposition(|known| known.number == number);
        let block = match known {
            Some(place) => blocks.remove(place),
            None => {
                let mut content = match blocks.len() {
                    BLOCKS.. => blocks.remove(0).content,
                    _ => Box::new(Block([0; BLOCK])),
                };
                let start = number.saturating_mul(to_u64(BLOCK));
                let size = self.of.size().saturating_sub(start);
                let size = to_usize(size).min(BLOCK);
                let part = content.0.get_mut(..size).unwrap_or_default();
                let unread = match self.of.read_at(start, part) {
                    Ok(()) => Vec::new(),
                    Err(_) => self.load_pages(start, part),
                };
                Loaded {
                    number,
                    content,
                    unread,
                }
            }
        };
        blocks.push(block);
    }

    /// Reads a block page by page. Gives those that cannot be read.
    fn load_pages(&self, start: u64, block: &mut [u8]) -> Vec<(usize, io::Error)> {
        let pages = (0..).zip(block.chunks_mut(PAGE));
        let unread = pages.filter_map(|(page, bytes)| {
            let at = start.saturating_add(to_u64(PAGE).saturating_mul(to_u64(page)));
            Some((page, self.of.read_at(at, bytes).err()?))
        });
        unread.collect()
    }
}

impl Loaded {
    /// Bytes of the block.
    fn bytes(&self, offset: usize, count: usize) -> io::Result<&[u8]> {
        let end = offset.saturating_add(count);
        let is_wanted = |page: usize| {
            let start = page.saturating_mul(PAGE);
            start < end && offset < start.saturating_add(PAGE)
        };
        match self.unread.iter().find(|(page, _)| is_wanted(*page)) {
            Some((_, error)) => Err(io::Error::new(error.kind(), error.to_string())),
            None => self.content.0.get(offset..end).ok_or_else(beyond),
        }
    }
}

impl<B: Bytes> Bytes for Cached<B> {
    fn size(&self) -> u64 {
        self.of.size()
    }

    fn read_at(&self, mut at: u64, mut into: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(to_u64(into.len()));
        if end.is_none_or(|end| end > self.size()) {
            return Err(beyond());
        }
        while !into.is_empty() {
            let number = at.div_euclid(to_u64(BLOCK));
            let offset = to_usize(at.rem_euclid(to_u64(BLOCK)));
            self.load(number);
            let count = BLOCK.saturating_sub(offset).min(into.len());
            let (now, later) = into.split_at_mut_checked(count).ok_or_else(beyond)?;
            let blocks = self.blocks.borrow();
            let block = blocks.last().ok_or_else(beyond)?;
            now.copy_from_slice(block.bytes(offset, count)?);
            at = at.saturating_add(to_u64(count));
            into = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: u32) -> Vec<u8> {
        (0..count).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn pieces() {
        let all: Rc<dyn Bytes> = Rc::new(numbers(100));
        let pieces = Pieces::new(all, vec![(10, 5), (50, 0), (90, 10)]);
        assert_eq!(pieces.size(), 15);
        assert_eq!(
            read(&pieces, 3, 4).unwrap(),
            [13, 14, 90, 91],
            "over a border"
        );
        assert_eq!(read(&pieces, 5, 10).unwrap(), numbers(100)[90..]);
        assert!(read(&pieces, 6, 10).is_err());
        assert!(pieces.read_at(u64::MAX, &mut [0]).is_err());
        let far = Pieces::new(Rc::new(numbers(4)), vec![(u64::MAX, 8)]);
        assert!(read(&far, 1, 4).is_err());
    }

    /// A disk with a bad sector.
    struct Bad;

    impl Bytes for Bad {
        fn size(&self) -> u64 {
            100_000
        }

        fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
            into.fill(1);
            match (at..at + to_u64(into.len())).contains(&9000) {
                true => Err(io::Error::from_raw_os_error(5)),
                false => Ok(()),
            }
        }
    }

    #[test]
    fn a_bad_sector_costs_no_other() {
        let cached = Cached::new(Bad);
        assert!(read(&cached, 0, 8192).is_ok());
        assert!(read(&cached, 12_288, 80_000).is_ok());
        let error = read(&cached, 8000, 1000).unwrap_err().to_string();
        assert!(error.contains("os error 5"), "{error}");
    }

    #[test]
    fn a_cache_gives_the_same_bytes() {
        let all = numbers(3_000_001);
        let cached = Cached::new(all.clone());
        for at in [0, 40_000, 2_999_000, 32_767, 0, 1_234_567, 2_000_000] {
            let found = read(&cached, at, 1_001.min(3_000_001 - at as usize)).unwrap();
            assert!(found == all[at as usize..][..found.len()], "{at}");
        }
        assert!(read(&cached, 0, 3_000_001).unwrap() == all);
        assert!(read(&cached, 3_000_000, 2).is_err());
        assert_eq!(cached.blocks.borrow().len(), BLOCKS);
    }
}
