//! ISO 9660's descriptors (ECMA-119, section 8), as far as a change of the image has to
//! know them. Files are read by [`volumes`].

use volumes::Bytes;
use volumes::iso9660::{PRIMARY, descriptors};

use crate::bytes::{u16_at, u32_at};

/// The kind of a boot record.
const BOOT_RECORD: u8 = 0;

/// In a boot record (El Torito, section 2): whose it is, and the sector of the catalogue.
const SYSTEM: &[u8] = b"EL TORITO SPECIFICATION";
const SYSTEM_AT: usize = 7;
const CATALOGUE_AT: usize = 0x47;

/// In the primary descriptor: the number of blocks, and the bytes of one.
const BLOCKS_AT: usize = 80;
const BLOCK_AT: usize = 128;
/// The part that programs may use as they like, in which `implantisomd5` puts a checksum.
const APPLICATION: std::ops::Range<usize> = 883..1395;
const CHECKSUM: &[u8] = b"ISO MD5SUM";

/// An ISO 9660 file system that begins where the image does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iso {
    /// Its size in bytes.
    pub size: u64,
    /// The sector (of 2,048 bytes) of El Torito's catalogue, if CDs of it boot.
    pub catalogue: Option<u64>,
    /// It holds a checksum of itself, as `implantisomd5` makes it.
    pub has_checksum: bool,
}

impl Iso {
    /// Looks for the file system.
    #[must_use]
    pub fn read(image: &dyn Bytes) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut catalogue = None;
        for sector in descriptors(image).ok()? {
            match sector.first() {
                Some(&PRIMARY) if found.is_none() => {
                    let blocks = u64::from(u32_at(&sector, BLOCKS_AT));
                    let application = sector.get(APPLICATION).unwrap_or_default();
                    let mut windows = application.windows(CHECKSUM.len());
                    found = Some(Self {
                        size: blocks.saturating_mul(u16_at(&sector, BLOCK_AT).into()),
                        catalogue: None,
                        has_checksum: windows.any(|window| window == CHECKSUM),
                    });
                }
                Some(&BOOT_RECORD) if catalogue.is_none() => {
                    let system = sector.get(SYSTEM_AT..).unwrap_or_default();
                    catalogue = system
                        .starts_with(SYSTEM)
                        .then(|| u32_at(&sector, CATALOGUE_AT).into());
                }
                _ => {}
            }
        }
        Some(Self {
            catalogue,
            ..found?
        })
    }
}
