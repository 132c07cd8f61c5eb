//! Pages that cover the whole screen: the details of an entry, and the help.

use super::interface::Entries;
use super::keys::{self, Key};
use super::text::{self, Cells};
use crate::machine::Console;

const HELP: &[u8] = b"\
Up  Down  j  k          move; Home, End, PgUp and PgDn too\n\
1 to 9  l               to the entry of this number, to the next Linux\n\
Enter  Right            boot\n\
e                       edit the command line, for this boot\n\
p                       all about the entry\n\
d  D                    set or clear the preferred entry, the default\n\
t  T                    longer, shorter timeout\n\
v  h  L                 version, help, redraw\n\
O  B  Q                 power off, reboot, next boot device\n\
\nIn the command line:\n\
Left  Right             move; Home and End too\n\
Ctrl-Left  Ctrl-Right   move by words; Up and Down too\n\
Backspace  Del          delete a character\n\
Ctrl-W  Ctrl-Del        delete a word\n\
Ctrl-K                  delete all to the end\n\
Enter  Esc              boot, back to the menu";

/// Columns of a field's name.
const NAME: usize = 14;

/// Shows the help.
pub(super) fn help(console: &mut impl Console) {
    let mut page = Page::new(console);
    for line in HELP.split(|byte| *byte == b'\n') {
        page.console.write(line);
        page.console.new_line();
    }
    page.wait();
}

/// Shows the details of an entry.
pub(super) fn details(console: &mut impl Console, entries: &mut impl Entries, index: usize) {
    let mut page = Page::new(console);
    entries.details(index, &mut |name, value| page.field(name, value));
    if !page.left {
        page.wait();
    }
}

struct Page<'a, C> {
    console: &'a mut C,
    /// Columns of a value.
    room: usize,
    lines: usize,
    /// Lines written since the screen was cleared.
    line: usize,
    /// The person has seen enough.
    left: bool,
}

impl<'a, C: Console> Page<'a, C> {
    /// An empty page.
    fn new(console: &'a mut C) -> Self {
        console.clear();
        let (columns, lines) = console.size();
        Self {
            console,
            room: columns.saturating_sub(NAME + 1),
            lines,
            line: 0,
            left: false,
        }
    }

    /// Writes a field, on as many lines as it needs.
    fn field(&mut self, mut name: &[u8], mut value: &[u8]) {
        while !self.left {
            let at = text::line_break(value, self.room);
            let (line, rest) = value.split_at_checked(at).unwrap_or_default();
            let mut cells = Cells::new(self.console, NAME);
            cells.put(name);
            cells.pad();
            Cells::new(self.console, self.room).put(line);
            self.next_line();
            if rest.is_empty() {
                break;
            }
            (name, value) = (&[], rest);
        }
    }

    fn next_line(&mut self) {
        self.console.new_line();
        self.line = self.line.saturating_add(1);
        // Two lines for the question of `wait`.
        if self.line.saturating_add(2) >= self.lines {
            self.wait();
            self.console.clear();
            self.line = 0;
        }
    }

    /// Waits for a key; Escape leaves the pages.
    fn wait(&mut self) {
        self.console.new_line();
        self.console.write(b"Press a key, Esc for the menu.");
        self.left = matches!(
            keys::read(self.console, None),
            None | Some(Key::Escape | Key::Character(b'q'))
        );
    }
}
