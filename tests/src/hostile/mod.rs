//! Hostile disks: one good disk, and many that differ from it in one thing.
//!
//! The good disk has two entries with a kernel and an initrd each. `victim.conf`
//! comes first and boots if the disk has no fault (on one disk `victim.efi`);
//! `healthy.conf` is its neighbour. A [`Case`] breaks one thing, and has the expected
//! result: the entry that boots, if any, and the message to the user.
//!
//! | module | content |
//! |---|---|
//! | `surgery` | a disk image in memory, and ways to damage it |
//! | `case` | one fault, and the expected result |
//! | `gpt`, `mbr`, `volumes`, `directories`, `files`, `kernels`, `ukis` | the cases |
//! | `models` | the good disks |

mod case;
mod directories;
mod files;
mod gpt;
mod kernels;
mod mbr;
mod models;
mod surgery;
mod ukis;
mod volumes;

pub use case::{Case, HEALTHY, IMAGE, Model, VICTIM};
pub use models::Models;
pub use surgery::Patient;

/// All cases, group by group.
pub fn groups() -> [(&'static str, Vec<Case>); 7] {
    [
        ("partition tables", gpt::cases()),
        ("MBR partition tables", mbr::cases()),
        ("file systems", volumes::cases()),
        ("directories and names", directories::cases()),
        ("files", files::cases()),
        ("kernels", kernels::cases()),
        ("unified kernel images", ukis::cases()),
    ]
}
