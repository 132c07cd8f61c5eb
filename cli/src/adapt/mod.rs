//! Images that boot on BIOS only, made to start on UEFI as well.
//!
//! The crate `adapt` looks at an image and plans; here is what it takes from
//! this program, and what it needs of files.
//!
//! | module | what it is |
//! |---|---|
//! | [`menus`] | what the image's own menus start, and by what its disk is found again |
//! | [`bridge`] | the bridge, told where to look |
//! | [`write`](mod@write) | the changes, written to a copy or in place |
//! | [`undo_file`] | the file that gives the original back |
//! | [`report`] | all that is known of an image, for a person and in JSON |

pub mod bridge;
pub mod menus;
pub mod report;
pub mod undo_file;
pub mod write;
