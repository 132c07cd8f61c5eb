//! The screen: what the loader prints.

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

impl boot::machine::Console for Screen {
    fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }
}
