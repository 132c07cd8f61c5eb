//! The pages that cover the menu: the details of an entry, and the help.

use super::entries::Entries;
use super::text::{self, Cells};
use crate::machine::Console;
use crate::menu::keys::{self, Key};

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
Enter  Esc              boot, back to the menu\n";

/// Columns of a field's name.
const NAME: usize = 14;

/// Shows the details of an entry, or the help.
#[inline(never)]
pub(super) fn show(
    console: &mut impl Console,
    entries: &mut impl Entries,
    details_of: Option<usize>,
) {
    console.clear();
    let (columns, lines) = console.size();
    let mut page = Page {
        console,
        room: columns.saturating_sub(NAME + 1),
        lines,
        line: 0,
        left: false,
    };
    match details_of {
        Some(index) => entries.details(index, &mut |name, value| page.field(name, value)),
        None => page.console.write(HELP),
    }
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

impl<C: Console> Page<'_, C> {
    /// Writes a field, on as many lines as it takes.
    fn field(&mut self, mut name: &[u8], mut value: &[u8]) {
        while !self.left {
            let at = text::line_break(value, self.room);
            let (line, rest) = value.split_at_checked(at).unwrap_or_default();
            let mut cells = Cells::new(self.console, NAME);
            cells.put(name);
            cells.pad();
            cells.room = isize::try_from(self.room).unwrap_or(0);
            cells.put(line);
            self.next_line();
            if rest.is_empty() {
                break;
            }
            (name, value) = (&[], rest);
        }
    }

    fn next_line(&mut self) {
        self.console.write(b"\n");
        self.line = self.line.wrapping_add(1);
        // Two lines for what `wait` says.
        if self.line.wrapping_add(2) >= self.lines {
            self.wait();
            self.console.clear();
            self.line = 0;
        }
    }

    /// Waits for a key; Escape leaves the pages.
    fn wait(&mut self) {
        self.console.write(b"\nPress a key, Esc for the menu.");
        self.left = matches!(
            keys::read(self.console, None),
            None | Some(Key::ESCAPE | Key(b'q'))
        );
    }
}
