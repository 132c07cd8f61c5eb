//! The VGA text screen.

/// A text screen with lines of 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Character (code page 437) and attribute of each cell, row by row.
    pub cells: Vec<[u8; 2]>,
}

impl Screen {
    const COLUMNS: usize = 80;
    /// The screen's place in memory.
    pub(super) const ADDRESS: u64 = 0xb8000;
    /// Bytes from there on that a text mode may use.
    pub(super) const MEMORY: usize = 32 << 10;
    /// The place where the BIOS keeps the number of the last line.
    pub(super) const LAST_LINE: u64 = 0x484;
    /// Size of a line in bytes.
    pub(super) const LINE_BYTES: usize = 80 * 2;

    pub(super) fn from_memory(bytes: &[u8]) -> Self {
        let cells = bytes.chunks_exact(2).map(|cell| [cell[0], cell[1]]);
        Self {
            cells: cells.collect(),
        }
    }

    /// The lines without their trailing blanks; `?` replaces characters that are not ASCII.
    pub fn lines(&self) -> Vec<String> {
        let row = |cells: &[[u8; 2]]| -> String {
            cells
                .iter()
                .map(|cell| match cell[0] {
                    0 => ' ',
                    character @ b' '..=b'~' => char::from(character),
                    _ => '?',
                })
                .collect()
        };
        self.cells
            .chunks(Self::COLUMNS)
            .map(|cells| row(cells).trim_end().to_owned())
            .collect()
    }

    /// All lines as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n").trim_end().to_owned()
    }
}
