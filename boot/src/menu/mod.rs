//! The menu: what a person sees and types before anything is booted.
//!
//! [`run`] shows it and comes back with what was chosen. The keys are those of
//! systemd-boot. It knows no disk: what it shows comes from [`Entries`]. All of it
//! is in the overlay.
//!
//! | module | what |
//! |---|---|
//! | `entries` | what the menu is given and gives back |
//! | `run` | from the first picture to the choice |
//! | `state` | what each key does |
//! | `picture` | what is drawn |
//! | `pages` | help, and all about an entry |
//! | `editor`, `line` | the command line being edited |
//! | `text` | columns of text |
//! | [`keys`] | what was typed, from keyboard and serial line |
//! | [`ansi`] | what a terminal at the serial line is sent |

pub mod ansi;
mod editor;
mod entries;
pub mod keys;
mod line;
mod pages;
mod picture;
mod run;
mod state;
mod text;

pub use entries::{Entries, Outcome, Remembered, Settings};
pub use run::run;

#[cfg(test)]
mod tests;
