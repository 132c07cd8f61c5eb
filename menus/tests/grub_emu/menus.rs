//! Menus have the same entries.
