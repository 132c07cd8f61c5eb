//! Disks, images and mounted trees, as readers of other loaders' menus see them: a
//! [`menus::Storage`] over what a person names.
//!
//! ```text
//! a path -> Bytes -> partitions -> probe -> a FileSystem  \
//! a path -> a directory ------------------> a Tree         } -> Volumes
//! a file on one of them ------------------> Bytes -> ...  /
//! ```
//!
//! Nothing is mounted, no root is needed where the files can be read without, and
//! nothing is ever written. Files are read piece by piece, in bounded memory. Whatever
//! bytes a disk has, reading ends, in what was asked for or in a reason.
//!
//! | module | content |
//! |---|---|
//! | `volumes` | [`Volumes`]: devices with their properties, and files on them |
//! | [`bytes`] | [`Bytes`]: what can be read at any place; parts of it, and a cache |
//! | `image` | an image file or a block device as [`Bytes`] |
//! | [`partitions`] | partition tables: GPT, MBR, hybrids |
//! | [`probe`] | which file system it is, with its label and UUID |
//! | `file_system` | what every file system can do |
//! | `fat`, `ext`, [`iso9660`] | the file systems that are read here |
//! | `below` | opening files below a directory |
//! | `tree` | a mounted directory, out of which no link leads |
//! | [`machine`] | all disks of a machine together, as the bridge sees them |
//! | [`host`] | mounts and block devices of the running system |

#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

mod below;
pub mod bytes;
mod ext;
mod fat;
mod file_system;
pub mod host;
mod image;
pub mod iso9660;
pub mod machine;
pub mod partitions;
pub mod probe;
mod tree;
mod volumes;

pub use below::open_below;
pub use bytes::Bytes;
pub use image::bytes as image_bytes;
pub use volumes::Volumes;
