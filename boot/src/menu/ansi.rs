//! Control sequences for a serial terminal that do what [`crate::machine::Console`]
//! asks for: those of ECMA-48 that every terminal knows.

/// [`crate::machine::Console::clear`].
pub const CLEAR: &[u8] = b"\x1b[m\x1b[H\x1b[J";
/// [`crate::machine::Console::clear_to_end`].
pub const CLEAR_TO_END: &[u8] = b"\x1b[K";

/// [`crate::machine::Console::highlight`].
pub const fn highlight(on: bool) -> &'static [u8] {
    if on { b"\x1b[7m" } else { b"\x1b[m" }
}

/// [`crate::machine::Console::cursor`].
pub const fn cursor(visible: bool) -> &'static [u8] {
    if visible { b"\x1b[?25h" } else { b"\x1b[?25l" }
}

/// [`crate::machine::Console::move_to`].
pub fn move_to(column: usize, line: usize, out: &mut dyn FnMut(&[u8])) {
    out(b"\x1b[");
    number(line, out);
    out(b";");
    number(column, out);
    out(b"H");
}

/// Terminals count from 1.
fn number(value: usize, out: &mut dyn FnMut(&[u8])) {
    let value = u64::try_from(value).unwrap_or(0).wrapping_add(1);
    out(crate::text::decimal(value, &mut [0; 20]));
}
