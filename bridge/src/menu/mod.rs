//! The menu: the loader's own ([`boot::menu`]), over the entries of all disks.
//!
//! | module | content |
//! |---|---|
//! | [`list`](mod@list) | the entries as one list, and what starts when nobody chooses |
//! | [`show`](mod@show) | the list on the screen, and the answer |

pub mod list;
pub mod show;

pub use list::{Item, Starts, Wish, default, list};
pub use show::{Answer, Showing, show};
