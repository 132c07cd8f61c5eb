//! All that a disk or a mounted tree offers to boot: the entries of the Boot Loader
//! Specification, and the menus of other loaders ([`menus`]).
//!
//! | module | what |
//! |---|---|
//! | [`others`] | the menus of other loaders: [`Others`] |
//! | [`tree`] | the entries of the Boot Loader Specification in a mounted tree |
//! | `image` | entries of the unified kernel images there |
//! | [`listed`] | another loader's entry with its keys in JSON, and as a table |
//! | [`choose`] | which entry of which menu is meant |
//! | [`payload`] | what kexec starts of it |
//! | [`counted`] | the attempt to start an entry, counted as the loader does it |
//! | [`machine`] | what the disks of a machine offer, for the bridge |
//! | `file` | a file of a device, for what reads files |
//! | [`environment`] | GRUB's environment block, written in place |

pub mod choose;
pub mod counted;
pub mod environment;
mod file;
mod image;
pub mod listed;
pub mod machine;
pub mod others;
pub mod payload;
pub mod tree;

pub use machine::MachineOffers;
pub use others::{From, Others};
pub use tree::TreeMenu;
