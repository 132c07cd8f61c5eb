//! A disk, in sectors of 512 bytes.
//!
//! | module | what |
//! |---|---|
//! | [`sectors`] | what commands need of a disk: [`Sectors`] to be read, [`WriteSectors`] to be written |
//! | [`look`] | a look at a disk that can be repeated: [`Look`] |
//! | [`device`] | an image file or a block device as such a [`Disk`] |
//! | [`lock`](mod@lock) | the lock of a disk that is being changed |
//! | [`attached`] | image files that are in use as a block device |
//! | [`foreign`] | other boot loaders and programs in the gap, known by their marks |
//! | [`contents`] | file systems and formats of images, known by their marks |
//! | [`reader`] | a disk as the loader sees it, so that the loader's own code reads it |

pub mod attached;
pub mod contents;
pub mod device;
pub mod foreign;
pub mod lock;
pub mod look;
pub mod reader;
pub mod sectors;

pub use device::{Access, Disk};
pub use look::Look;
pub use sectors::{Sectors, WriteSectors, range, read};
