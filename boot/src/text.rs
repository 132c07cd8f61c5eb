//! Bounded strings in memory that the caller lends, and the digits of numbers.

/// A string of at most [`Text::MAX`] bytes, or no string. Without a string it is all
/// zeros, so that an array of texts takes no room in an image.
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

    /// Sets the string to `parts`, one after the other. If they are too long, the text
    /// is left unset and the answer is false.
    pub fn set(&mut self, parts: &[&[u8]]) -> bool {
        let length = concat(&mut self.bytes, parts).map_or(0, |whole| whole.len().wrapping_add(1));
        self.length = u16::try_from(length).unwrap_or(0);
        length != 0
    }

    /// Adds as much of `piece` as there is room for.
    pub fn append(&mut self, piece: &[u8]) {
        self.length = self.length.max(1);
        for &byte in piece {
            if let Some(place) = self.bytes.get_mut(usize::from(self.length).wrapping_sub(1)) {
                *place = byte;
                self.length = self.length.wrapping_add(1);
            }
        }
    }
}

/// Writes `parts` into `into`, one after the other, and gives the written bytes; None
/// if they do not fit.
pub fn concat<'b>(into: &'b mut [u8], parts: &[&[u8]]) -> Option<&'b mut [u8]> {
    let mut used = 0usize;
    for part in parts {
        let end = used.checked_add(part.len())?;
        into.get_mut(used..end)?.copy_from_slice(part);
        used = end;
    }
    into.get_mut(..used)
}

/// The start of `text` that fits into `room` bytes, not ending inside a UTF-8
/// character.
pub fn cut(text: &[u8], room: usize) -> &[u8] {
    let mut end = room.min(text.len());
    while let (Some(0x80..=0xbf), Some(before)) = (text.get(end), end.checked_sub(1)) {
        end = before;
    }
    text.get(..end).unwrap_or_default()
}

/// True for the bytes of a UTF-8 character after its first.
pub(crate) fn continues(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The first character of `text` as it may be shown, and the text after it. `?` stands
/// for control characters, which could do anything to a terminal, and for bytes that are
/// not UTF-8.
pub fn character(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let others = text.get(1..)?.iter().take_while(|byte| continues(**byte));
    let (character, rest) = text.split_at_checked(others.count().wrapping_add(1))?;
    let shown = match character {
        // U+0080 to U+009F are control characters too.
        [b' '..=b'~'] | [0xc2, 0xa0..=0xbf] | [0xc3..=0xdf, _] | [0xe0..=0xef, _, _] => character,
        [0xf0..=0xf4, _, _, _] => character,
        _ => b"?",
    };
    Some((shown, rest))
}

/// The characters of code page 437 from 80h on.
const CODE_PAGE_437: &str = "\
ÇüéâäàåçêëèïîìÄÅ\
ÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
áíóúñÑªº¿⌐¬½¼¡«»\
░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩\
≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The byte that shows a [`character`] on a PC's text screen: `?` where the code page
/// lacks it.
pub fn code_page_437(character: &[u8]) -> u8 {
    if let [ascii] = character {
        return *ascii;
    }
    let mut upper = CODE_PAGE_437.as_bytes();
    for byte in 0x80..=0xff {
        match self::character(upper) {
            Some((candidate, _)) if candidate == character => return byte,
            Some((_, rest)) => upper = rest,
            None => {}
        }
    }
    b'?'
}

/// A hexadecimal digit.
pub(crate) fn digit(value: u8) -> u8 {
    let letter = if value > 9 { b'a' - b'9' - 1 } else { 0 };
    value.wrapping_add(b'0').wrapping_add(letter)
}

/// The decimal digits of `value`, in `digits`: by hand, because a 64-bit
/// division alone costs 400 bytes.
pub(crate) fn decimal(value: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = value.to_be_bytes();
    for (place, figure) in digits.iter_mut().enumerate().rev() {
        let mut carry = 0_u32;
        for byte in &mut rest {
            let part = carry << 8 | u32::from(*byte);
            [*byte, ..] = (part / 10).to_le_bytes();
            carry = part % 10;
        }
        [*figure, ..] = carry.wrapping_add(0x30).to_le_bytes();
        if rest == [0; 8] {
            return digits.get(place..).unwrap_or_default();
        }
    }
    digits
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
        assert_eq!(text.get(), Some(&b"AbC"[..]));
        let long = [b'x'; Text::MAX];
        assert!(text.set(&[&long]));
        assert_eq!(text.get(), Some(&long[..]));
        text.append(b"y");
        assert_eq!(text.get(), Some(&long[..]));
        assert!(!text.set(&[&long, b"y"]));
        assert_eq!(text.get(), None);
        text.append(b"z");
        text.append(b"");
        assert_eq!(text.get(), Some(&b"z"[..]));
        assert_eq!(size_of::<Text>(), 512);
    }

    #[test]
    fn cut_between_characters() {
        assert_eq!(cut("aä日".as_bytes(), 6), "aä日".as_bytes());
        assert_eq!(cut("aä日".as_bytes(), 5), "aä".as_bytes());
        assert_eq!(cut("aä日".as_bytes(), 2), b"a");
        assert_eq!(cut("ä".as_bytes(), 1), b"");
        assert_eq!(cut(b"\x80\x80\x80", 2), b"");
        assert_eq!(cut(b"abc", 0), b"");
    }
}
