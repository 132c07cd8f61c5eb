//! Text for a terminal, of which a part may come from a disk.

/// The text, with question marks in place of control characters, which could command
/// the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "?")
}
