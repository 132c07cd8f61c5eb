//! The state file: what `gapboot set` and the menu remember.
//!
//! | module | what |
//! |---|---|
//! | [`content`] | its bytes and what they mean |
//! | [`key`] | what can be set, and the values that it takes |
//! | [`logind`] | what systemd-logind was asked for the next boot |
//! | [`store`] | the file where it lies, read and written |
//! | `state_edit` | what a FAT library writes, kept back until all of it goes to the disk |
//! | [`unselected`](mod@unselected) | settings that select none of a disk's entries |
//! | [`session_report`] | what was set and what the loader said, for `gapboot status` |

pub mod content;
pub mod key;
pub mod logind;
pub mod session_report;
mod state_edit;
pub mod store;
pub mod unselected;

pub use content::{Content, State};
pub use key::StateKey;
pub use session_report::SessionReport;
pub use store::Store;
