//! Bounded strings in memory that the caller lends.

/// A string of at most [`Text::MAX`] bytes, or none at all. None is
/// nothing but zeros, so that an array of them takes no room in an image.
pub struct Text {
    /// One more than the number of bytes; 0: not set.
    length: u16,
    bytes: [u8; Text::MAX],
}

impl Text {
    /// The most bytes a text holds.
    pub const MAX: usize = 510;
    /// A text that is not set.
    pub const UNSET: Text = Text {
        length: 0,
        bytes: [0; Text::MAX],
    };

    /// The string, if it was set.
    pub fn get(&self) -> Option<&[u8]> {
        self.bytes.get(..usize::from(self.length.checked_sub(1)?))
    }

    /// Forgets the string.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Sets the string to `parts`, one behind the other. Where they are too
    /// long, the text is left unset and the answer is false.
    pub fn set(&mut self, parts: &[&[u8]]) -> bool {
        self.clear();
        self.append(parts)
    }

    /// Adds `parts` to the end, as [`Text::set`] does.
    pub fn append(&mut self, parts: &[&[u8]]) -> bool {
        let used = usize::from(self.length.saturating_sub(1));
        let added =
            concat(self.bytes.get_mut(used..).unwrap_or_default(), parts).map(|added| added.len());
        self.length = match added.and_then(|added| u16::try_from(used.checked_add(added)?).ok()) {
            Some(length) => length.wrapping_add(1),
            None => 0,
        };
        self.length != 0
    }

    /// Turns ASCII capitals into small letters.
    pub fn make_lowercase(&mut self) {
        self.bytes.make_ascii_lowercase();
    }
}

/// Writes `parts` into `into`, one behind the other, and gives what was
/// written; None where they do not fit.
pub fn concat<'b>(into: &'b mut [u8], parts: &[&[u8]]) -> Option<&'b mut [u8]> {
    let mut used = 0usize;
    for part in parts {
        let end = used.checked_add(part.len())?;
        into.get_mut(used..end)?.copy_from_slice(part);
        used = end;
    }
    into.get_mut(..used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let mut text = Text::UNSET;
        assert_eq!(text.get(), None);
        assert!(text.set(&[]));
        assert_eq!(text.get(), Some(&b""[..]));
        assert!(text.set(&[b"Ab", b"", b"C"]));
        text.make_lowercase();
        assert_eq!(text.get(), Some(&b"abc"[..]));
        let long = [b'x'; Text::MAX];
        assert!(text.set(&[&long]));
        assert_eq!(text.get(), Some(&long[..]));
        assert!(!text.set(&[&long, b"y"]));
        assert_eq!(text.get(), None);
        assert!(text.append(&[b"a"]) && text.append(&[b"b", b"c"]));
        assert_eq!(text.get(), Some(&b"abc"[..]));
        assert!(!text.append(&[&long]));
        assert_eq!(text.get(), None);
        assert_eq!(size_of::<Text>(), 512);
    }
}
