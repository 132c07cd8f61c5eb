//! The settings of the owner of the disk, and of a person at the menu.
//!
//! | module | what |
//! |---|---|
//! | [`conf`] | `/loader/loader.conf` |
//! | [`state`] | `/loader/gapboot.state`: the memory from boot to boot |

pub mod conf;
pub mod state;
