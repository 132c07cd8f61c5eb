//! A disk, in sectors of 512 bytes.
//!
//! | module | what |
//! |---|---|
//! | [`sectors`] | what commands need of a disk: [`Sectors`], read and written |
//! | [`device`] | an image file or a block device as such a [`Disk`] |
//! | [`foreign`] | other programs and file formats, known by their marks |
//! | [`reader`] | a disk as the loader sees it, so that the loader's own code reads it |

pub mod device;
pub mod foreign;
pub mod reader;
pub mod sectors;

pub use device::{Access, Disk};
pub use sectors::{Sectors, range, read};
