//! The menu: the screen that a person sees, and the keys, before anything is booted.
//!
//! [`run()`] shows it and comes back with the answer. The keys are those of
//! systemd-boot. The menu knows no disk: it shows the [`Entries`] that it is given.
//! All of it is in the overlay.
//!
//! | module | what |
//! |---|---|
//! | `interface` | its input and its answer |
//! | `timeout` | how long it waits |
//! | `run` | from the first picture to the answer |
//! | `model` | its state, and how each key changes it |
//! | `picture` | what is drawn |
//! | `pages` | help, and the details of an entry |
//! | `editor`, `line` | the command line being edited |
//! | `text` | columns of text |
//! | [`keys`] | keys, from keyboard and serial line |
//! | [`ansi`] | control sequences for a terminal at the serial line |

pub mod ansi;
mod editor;
mod interface;
pub mod keys;
mod line;
mod model;
mod pages;
mod picture;
mod run;
mod text;
mod timeout;

pub use interface::{Answer, Entries, Outcome, Parameters, Remembered, Written};
pub use run::run;
pub use timeout::Timeout;

#[cfg(test)]
mod tests;
