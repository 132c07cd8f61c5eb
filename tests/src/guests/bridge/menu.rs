//! The bridge's menu: what it shows, and choosing an entry.

use crate::machines::qemu::Guest;
use crate::machines::terminal::screen;
use anyhow::{Context, Result};

/// The last line of the menu.
pub const KEYS: &str = "Enter boot   e edit";

/// Waits until the menu on the serial line has all these titles, and gives the key that
/// goes to the last of them.
///
/// # Errors
///
/// The menu does not come, or without them.
pub fn key(guest: &mut Guest, titles: &[&str]) -> Result<u8> {
    let mut key = None;
    guest
        .wait_for(|guest| {
            let serial = guest.serial();
            let lines = screen(&serial);
            let is_whole = lines.iter().any(|line| line.contains(KEYS));
            let number = |title: &&str| {
                let line = lines
                    .iter()
                    .find(|line| line.trim_end().ends_with(*title))?;
                // A single entry has no number.
                Some(line.bytes().find(u8::is_ascii_digit).unwrap_or(b'1'))
            };
            let keys: Option<Vec<u8>> = titles.iter().map(number).collect();
            key = keys
                .filter(|_| is_whole)
                .and_then(|keys| keys.last().copied());
            key.is_some()
        })
        .with_context(|| format!("the menu never showed {titles:?}"))?;
    key.context("no titles")
}

/// Starts the last of these entries from the serial line, once the menu has all of them.
///
/// # Errors
///
/// As [`key`].
pub fn choose(guest: &mut Guest, titles: &[&str]) -> Result<()> {
    let key = key(guest, titles)?;
    guest.type_on_serial(&[key, b'\r'])
}
