//! The screen: what the loader prints.

use std::io::Write;

/// Everything that was printed, and whether the user sees it at once.
#[derive(Default)]
pub struct Screen {
    /// What the loader has printed.
    pub text: Vec<u8>,
    /// True to pass it on to standard output.
    pub visible: bool,
}

impl Screen {
    /// The last line with anything on it.
    pub fn last_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        let line = text.lines().rfind(|line| !line.trim().is_empty());
        line.unwrap_or_default().trim().to_owned()
    }
}

impl boot::machine::Console for Screen {
    fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        if self.visible {
            let mut out = std::io::stdout().lock();
            // Nobody listening is no reason to stop the boot.
            let _ = out.write_all(text).and_then(|()| out.flush());
        }
    }
}
