//! The tree of a menu.

use alloc::vec::Vec;

/// An item of a menu: an entry, or a menu with more.
#[derive(Debug)]
pub(super) enum Node {
    /// The place among the entries.
    Entry(usize),
    /// A submenu.
    Menu {
        /// Its items.
        nodes: Vec<Node>,
        /// Which of them starts.
        default: usize,
    },
}
