//! Unified kernel images (UAPI.5): EFI programs whose sections are a kernel, its
//! initrds, its command line, and the texts for the menu.
//!
//! | module | what |
//! |---|---|
//! | [`image`] | the PE headers of a file, and which section of a name is in effect |
//! | `describe` | the entries that an image gives, from `.osrel` and `.profile` |
//! | `cmdline` | its command line |
//! | `companions` | the files beside it: addons, credentials, extensions |
//! | `listing` | the files of a directory, sorted |
//! | `cpio` | archives of them |
//!
//! The code keeps no table of the sections: each search reads the headers, which are in
//! the cache after the first time.

mod cmdline;
mod companions;
mod cpio;
mod describe;
pub mod image;
mod listing;

pub use cmdline::command_line;
pub(crate) use companions::Companions;
pub(crate) use describe::Reader;
pub use image::{Image, names};
