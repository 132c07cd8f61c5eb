//! Long and short file names.

/// Bytes of the units of UTF-16 in a long-name slot.
const SLOT_BYTES: usize = 26;
/// Slots that the longest name takes.
pub(super) const MOST_SLOTS: u8 = 20;
/// Units in the longest name.
pub(super) const MOST_UNITS: usize = 255;

/// Where the units wait in the buffer.
const UNITS: usize = 260;
/// Size of the buffer: 20 slots after that.
const SIZE: usize = UNITS + 20 * SLOT_BYTES;

/// Bits of `DIR_NTRes`: the base name or the extension is in lower case.
const LOWER_BASE: u8 = 0x08;
const LOWER_EXTENSION: u8 = 0x10;

/// A buffer for one name, which is UTF-8 of at most 765 bytes.
///
/// Units that have no UTF-8 form are replaced: half of a surrogate pair by U+FFFD, and
/// a letter beyond ASCII in a name that has only a short form by `?`, because nothing
/// on the disk tells the code page.
pub struct Name {
    /// The name. Its UTF-16 form waits in the upper part until it becomes UTF-8
    /// in place: a unit has 2 bytes and makes at most 3, so that the output of 260
    /// units, which begins 260 bytes before them, never overtakes them.
    bytes: [u8; SIZE],
    length: usize,
    /// Units of its UTF-16 form, if it is a long name.
    pub(super) units: usize,
}

impl Default for Name {
    fn default() -> Self {
        Self::new()
    }
}

impl Name {
    /// An empty name.
    pub const fn new() -> Self {
        Self {
            bytes: [0; SIZE],
            length: 0,
            units: 0,
        }
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// True if the names are the same except for the case of ASCII letters.
    pub(super) fn is(&self, other: &[u8]) -> bool {
        self.as_bytes().eq_ignore_ascii_case(other)
    }

    /// Takes in the units of a long-name slot, in three parts. `ordinal` counts the
    /// slots of a name from 1, the slot with the beginning of the name.
    pub(super) fn put_piece(&mut self, ordinal: u8, parts: [&[u8]; 3]) {
        let before = usize::from(ordinal)
            .wrapping_sub(1)
            .wrapping_mul(SLOT_BYTES);
        let mut at = UNITS.wrapping_add(before);
        for part in parts {
            for &byte in part {
                if let Some(place) = self.bytes.get_mut(at) {
                    *place = byte;
                }
                at = at.wrapping_add(1);
            }
        }
    }

    /// Makes the name from the `slots` pieces that were taken in. False if the name is
    /// empty or too long.
    #[inline(never)] // registers of its own save 18 bytes
    pub(super) fn set_long(&mut self, slots: u8) -> bool {
        let most = usize::from(slots).wrapping_mul(SLOT_BYTES / 2);
        let mut index = 0;
        self.length = 0;
        while let Some(unit) = self.unit(index, most) {
            index = index.wrapping_add(1);
            let mut code = unit;
            if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (unit, self.unit(index, most)) {
                index = index.wrapping_add(1);
                code = (unit & 0x3ff).wrapping_add(0x40) << 10 | low & 0x3ff;
            }
            self.push_character(code);
        }
        self.units = index;
        (1..=MOST_UNITS).contains(&index)
    }

    /// Makes the name from a short name.
    pub(super) fn set_short(&mut self, name: &[u8; 11], lower: u8) {
        let (base, extension) = name.split_at(8);
        (self.length, self.units) = (0, 1);
        self.push_part(base, lower & LOWER_BASE != 0);
        let dot = self.length;
        self.push(0x2e);
        let start = self.length;
        self.push_part(extension, lower & LOWER_EXTENSION != 0);
        if self.length == start {
            self.length = dot;
        }
    }

    /// Appends one part of a short name, without the spaces at its end.
    fn push_part(&mut self, part: &[u8], lower: bool) {
        for &byte in part.trim_ascii_end() {
            self.push(u32::from(match byte {
                // 05h stands for E5h, which would mean a deleted slot.
                0x05 | 0x80.. => b'?',
                _ if lower => byte.to_ascii_lowercase(),
                _ => byte,
            }));
        }
    }

    /// Appends a character in UTF-8.
    fn push_character(&mut self, code: u32) {
        let code = char::from_u32(code).map_or(0xfffd, u32::from);
        let (lead, mut bits) = match code {
            ..0x80 => (0, 0),
            0x80..0x800 => (0xc0, 6),
            0x800..0x1_0000 => (0xe0, 12),
            0x1_0000.. => (0xf0, 18_u32),
        };
        self.push(lead | code.wrapping_shr(bits));
        while bits > 0 {
            bits = bits.wrapping_sub(6);
            self.push(0x80 | code.wrapping_shr(bits) & 0x3f);
        }
    }

    /// Appends the byte that these low bits are.
    #[inline(never)] // registers of its own save 44 bytes
    fn push(&mut self, byte: u32) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte.to_le_bytes()[0];
            self.length = self.length.wrapping_add(1);
        }
    }

    /// Unit `index` of the long name's UTF-16 form, up to its end.
    fn unit(&self, index: usize, most: usize) -> Option<u32> {
        let at = UNITS.wrapping_add(index.wrapping_mul(2));
        match *self.bytes.get(at..)? {
            [low, high, ..] if index < most && low | high != 0 => {
                Some(u32::from(u16::from_le_bytes([low, high])))
            }
            _ => None,
        }
    }
}
