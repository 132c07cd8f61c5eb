//! The text of a script as GRUB's line reader gives it to the lexer.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use crate::storage::Location;

/// A script with the way back from its bytes to lines.
#[derive(Debug)]
pub(super) struct Source {
    /// Without carriage returns, and with a newline at the end.
    text: String,
    /// Where each line begins, and its number in the file.
    lines: Vec<(usize, u32)>,
    /// The file that it comes from.
    file: Option<Location>,
}

impl Source {
    /// A configuration file. Lines that begin with `#` are left out, even inside of
    /// quotes, as GRUB's reader of configuration files does.
    pub(super) fn file(content: &[u8], file: Location) -> Rc<Self> {
        Self::new(&String::from_utf8_lossy(content), 1, Some(file), true)
    }

    /// Text that a command runs, which stands on this line of this file.
    pub(super) fn text(text: &str, line: u32, file: Option<Location>) -> Rc<Self> {
        Self::new(text, line, file, false)
    }

    fn new(content: &str, first: u32, file: Option<Location>, skip: bool) -> Rc<Self> {
        let mut text = String::with_capacity(content.len().saturating_add(1));
        let mut lines = Vec::new();
        for (number, line) in (first..).zip(content.split_terminator('\n')) {
            if skip && line.starts_with('#') {
                continue;
            }
            lines.push((text.len(), number));
            // To GRUB a NUL is the end of a line's text.
            let line = line.split('\0').next().unwrap_or_default();
            text.extend(line.chars().filter(|&c| c != '\r'));
            text.push('\n');
        }
        Rc::new(Self { text, lines, file })
    }

    /// The number of the line around this byte.
    pub(super) fn line(&self, at: usize) -> u32 {
        let after = self.lines.partition_point(|&(start, _)| start <= at);
        let line = after.checked_sub(1).and_then(|index| self.lines.get(index));
        line.map_or(1, |&(_, number)| number)
    }

    /// Where the line after the one around this byte begins.
    pub(super) fn next_line(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|&(start, _)| start <= at);
        let next = self.lines.get(after).map(|&(start, _)| start);
        next.unwrap_or(self.text.len())
    }

    /// A piece of the text; nothing if it is not there.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The byte at this place.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Bytes of text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The file that it comes from.
    pub(super) fn location(&self) -> Option<&Location> {
        self.file.as_ref()
    }
}
