//! Unified kernel images (UAPI.5): EFI programs whose sections are a kernel,
//! its initrds, its command line, and what the menu says of them.
//!
//! | module | what |
//! |---|---|
//! | [`image`] | the PE headers of a file, and which section of a name is in effect |
//! | `describe` | the entries that an image gives, from `.osrel` and `.profile` |
//! | `cmdline` | its command line |
//! | `companions` | what lies beside it: addons, credentials, extensions |
//! | `listing` | the files of a directory, sorted |
//! | `cpio` | archives of them |
//!
//! No table of the sections is kept. Whoever looks for one walks the headers by
//! way of the cache, where they are after the first time.

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
