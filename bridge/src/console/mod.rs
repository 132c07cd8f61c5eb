//! Where the bridge talks to a person: several terminals at the same time.
//!
//! | module | content |
//! |---|---|
//! | [`choice`] | which terminals there are |
//! | [`terminal`] | one of them |
//! | [`screen`] | all of them as the console of the menu and the shell |

pub mod choice;
pub mod screen;
pub mod terminal;

pub use screen::{Left, Screen, Terminals};
pub use terminal::Terminal;
