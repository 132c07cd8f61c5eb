//! The screen: what the loader prints.

use boot::ansi;
use boot::machine::{Console, Input};
use std::fmt;

/// Everything that was printed.
#[derive(Default)]
pub struct Screen {
    text: Vec<u8>,
}

impl Screen {
    /// The last line with anything on it.
    pub fn last_line(&self) -> String {
        let text = self.to_string();
        let line = text.lines().rfind(|line| !line.trim().is_empty());
        line.unwrap_or_default().trim().to_owned()
    }
}

impl fmt::Display for Screen {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

/// A terminal at which nobody types: it gets what a serial line would.
impl Console for Screen {
    fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    fn size(&self) -> (usize, usize) {
        (80, 24)
    }

    fn clear(&mut self) {
        self.write(ansi::CLEAR);
    }

    fn move_to(&mut self, column: usize, line: usize) {
        ansi::move_to(column, line, &mut |bytes| self.write(bytes));
    }

    fn clear_to_end(&mut self) {
        self.write(ansi::CLEAR_TO_END);
    }

    fn highlight(&mut self, on: bool) {
        self.write(ansi::highlight(on));
    }

    fn cursor(&mut self, visible: bool) {
        self.write(ansi::cursor(visible));
    }

    fn key(&mut self, _: Option<u32>) -> Option<Input> {
        None
    }
}
