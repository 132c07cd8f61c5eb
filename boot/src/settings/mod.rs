//! What the owner of the disk, and a person at the menu, have set.
//!
//! | module | what |
//! |---|---|
//! | [`conf`] | `/loader/loader.conf` |
//! | [`state`] | `/loader/gapboot.state`: what is remembered from boot to boot |

pub mod conf;
pub mod state;
