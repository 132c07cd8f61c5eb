//! The stages that this program carries, and the header by which installed stages are
//! recognised.

use std::path::{Path, PathBuf};

use layout::disk::{STAGE1_CODE, STAGE2_BYTES};
use layout::{format1, header};

use super::console::Console;
use super::overlay::{self, OverlayHeader};
use crate::error::Error;
use crate::loader_files;
use crate::number::{sector_bytes, to_usize};

/// stage1 holds this word somewhere in its boot code, and stage2 begins with it: an
/// installed gapboot of any version is recognised by this word.
pub const MARK: &[u8] = b"gapboot";

/// The magic of a stage2 that is being written. It differs from [`header::MAGIC`], so
/// that stage1 refuses it, and from the data of other programs, so that the next
/// `gapboot install` recognises it.
pub const INCOMPLETE: [u8; 8] = *b"gapboot~";

/// Bytes of stage1 that firmware and formatting tools write to: the BPB and
/// the time stamp that Windows keeps. There is no code in them, and they don't
/// count when an installed stage1 is compared.
const SCRIBBLED: [std::ops::Range<usize>; 2] = [0x03..0x5a, 0xda..0xe0];

/// The files of the build, which `build.rs` includes.
struct Embedded {
    stage1: &'static [u8],
    stage2: &'static [u8],
    overlay: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/stages.rs"));

/// The loader as it is written to a disk.
#[derive(Clone)]
pub struct Stages {
    /// Boot code for the first 440 bytes of sector 0.
    pub code: Vec<u8>,
    /// stage2, filled up with zeros to all of its sectors.
    pub stage2: Vec<u8>,
    /// The overlay, whole sectors.
    pub overlay: Option<Vec<u8>>,
    /// gapboot's version.
    pub version: String,
    /// The directory that the loader was read from, if this program does not carry it.
    pub directory: Option<PathBuf>,
}

impl Stages {
    /// The loader inside this program, or else the one that a package has installed.
    ///
    /// # Errors
    ///
    /// The program was built without a loader, and the one in [`loader_files::PACKAGED`] is
    /// missing or damaged.
    pub fn of_this_system() -> Result<Self, Error> {
        match EMBEDDED {
            Some(files) => Self::new(files.stage1, files.stage2, files.overlay)
                .map_err(|error| Error::failed(format!("this gapboot was built wrongly: {error}"))),
            None => loader_files::packaged("loader", "stage2.bin").and_then(Self::in_directory),
        }
    }

    /// The loader from the files in a directory.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or is not what the build makes.
    pub fn in_directory(directory: &Path) -> Result<Self, Error> {
        let stage1 = loader_files::read(directory, "stage1.bin")?;
        let stage2 = loader_files::read(directory, "stage2.bin")?;
        let overlay = loader_files::read(directory, "overlay.bin")?;
        let stages = Self::new(&stage1, &stage2, Some(&overlay));
        let mut stages = stages.map_err(|error| error.on(directory))?;
        stages.directory = Some(directory.to_owned());
        Ok(stages)
    }

    /// The loader from `stage1.bin`, `stage2.bin` and `overlay.bin`.
    ///
    /// # Errors
    ///
    /// The files cannot be those that the build makes.
    pub fn new(stage1: &[u8], stage2: &[u8], overlay: Option<&[u8]>) -> Result<Self, Error> {
        let wrong = |what: &str| Error::failed(what);
        let code = stage1
            .get(..STAGE1_CODE)
            .ok_or_else(|| wrong("stage1.bin is too short"))?;
        if !is_ours(code) {
            return Err(wrong("stage1.bin does not hold the word gapboot"));
        }
        let found = match Stage2::find(stage2) {
            Some(found) if found.intact && stage2.len() <= STAGE2_BYTES => found,
            _ => return Err(wrong("stage2.bin is damaged")),
        };
        if let Some(overlay) = overlay {
            if !OverlayHeader::find(overlay).is_some_and(|header| header.intact) {
                return Err(wrong("overlay.bin is damaged"));
            }
            if !found.loads(overlay) || found.overlay_sectors != overlay::sectors(overlay) {
                return Err(wrong("overlay.bin belongs to another stage2"));
            }
        }
        Ok(Self {
            code: code.to_vec(),
            stage2: filled(stage2, STAGE2_BYTES),
            overlay: overlay.map(<[u8]>::to_vec),
            version: found.version,
            directory: None,
        })
    }

    /// Sectors that the overlay needs; 0 if there is no overlay.
    pub fn overlay_sectors(&self) -> u64 {
        self.overlay.as_deref().map_or(0, overlay::sectors)
    }

    /// True if `installed` is older than this loader.
    pub fn is_newer_than(&self, installed: &Stage2) -> bool {
        let own = Stage2::find(&self.stage2);
        own.is_some_and(|own| installed.is_older_than(&own))
    }

    /// True if `installed` is newer than this loader, by its format or by its version.
    pub fn is_older_than(&self, installed: &Stage2) -> bool {
        let own = Stage2::find(&self.stage2);
        own.is_some_and(|own| own.is_older_than(installed))
    }

    /// The same loader with this console; `None` keeps the console of the build.
    #[must_use]
    pub fn with_console(mut self, console: Option<Console>) -> Self {
        if let Some(console) = console {
            console.set(&mut self.stage2);
        }
        self
    }

    /// True if the boot code is this stage1. Bytes that hold no code are not compared,
    /// because firmware writes to them.
    pub fn is_this_stage1(&self, code: &[u8]) -> bool {
        let counts = |at: &usize| !SCRIBBLED.iter().any(|bytes| bytes.contains(at));
        code.len() == self.code.len()
            && (0..code.len())
                .filter(counts)
                .all(|at| code[at] == self.code[at])
    }
}

/// True if boot code is gapboot's, of any version.
pub fn is_ours(code: &[u8]) -> bool {
    code.windows(MARK.len()).any(|bytes| bytes == MARK)
}

fn filled(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut filled = bytes.to_vec();
    filled.resize(size, 0);
    filled
}

/// The fields of a stage2's header (see [`layout::header`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage2 {
    /// gapboot's version, printable.
    pub version: String,
    /// Length in bytes; the length of the gap if the header's length is impossible.
    pub length: usize,
    /// The checksum is right. Never true for a format that this program does not know.
    pub intact: bool,
    /// The checksum of the unpacked image. An overlay of this stage2 has the same one.
    pub build: u32,
    /// Sectors that this stage2 loads as its overlay; 0 in a format that this program does
    /// not know.
    pub overlay_sectors: u64,
    /// The format of the header.
    format: u16,
}

impl Stage2 {
    /// The stage2 at the start of `gap`, if there is one.
    pub fn find(gap: &[u8]) -> Option<Self> {
        if gap.len() < header::SIZE || !gap.starts_with(&header::MAGIC) {
            return None;
        }
        let format =
            u16::from_le_bytes([gap[header::FORMAT_OFFSET], gap[header::FORMAT_OFFSET + 1]]);
        let length = to_usize(number(gap, header::LENGTH_OFFSET));
        let overlay_sectors = match format {
            format1::FORMAT => Some(format1::SECTORS),
            header::FORMAT => Some(gap[header::OVERLAY_SECTORS_OFFSET].into()),
            _ => None,
        };
        let possible = overlay_sectors.is_some()
            && (header::SIZE..=STAGE2_BYTES).contains(&length)
            && length <= gap.len();
        Some(Self {
            version: version(&gap[header::VERSION_OFFSET..][..header::VERSION_SIZE]),
            length: if possible { length } else { STAGE2_BYTES },
            build: number(gap, header::BUILD_OFFSET),
            intact: possible
                && crc32fast::hash(&gap[header::CHECKED_FROM..length])
                    == number(gap, header::CHECKSUM_OFFSET),
            overlay_sectors: overlay_sectors.unwrap_or(0),
            format,
        })
    }

    /// True if this stage2 accepts the overlay at the start of `area`: the loader makes the
    /// same test.
    pub fn loads(&self, area: &[u8]) -> bool {
        let size = to_usize(sector_bytes(self.overlay_sectors));
        let overlay = area.get(..size).filter(|overlay| !overlay.is_empty());
        overlay.is_some_and(|overlay| overlay::is_intact(overlay, self.build))
    }

    /// True if this stage2 is older than `other`, by its format or by its version.
    fn is_older_than(&self, other: &Self) -> bool {
        let age = |stage2: &Self| (stage2.format, release(&stage2.version));
        age(self) < age(other)
    }
}

/// The numbers of a version such as `0.1.0`, for comparisons.
fn release(version: &str) -> Vec<u32> {
    let numbers = version.split('.');
    numbers.map(|number| number.parse().unwrap_or(0)).collect()
}

fn number(gap: &[u8], at: usize) -> u32 {
    let bytes = gap[at..].first_chunk();
    u32::from_le_bytes(*bytes.unwrap_or(&[0; 4]))
}

/// A version field as text that is safe to print for any bytes on the disk.
fn version(field: &[u8]) -> String {
    let end = field
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(field.len());
    let printable = |&byte: &u8| {
        if byte.is_ascii_graphic() {
            char::from(byte)
        } else {
            '?'
        }
    };
    field[..end].iter().map(printable).collect()
}
