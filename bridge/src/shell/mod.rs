//! The shell: for what the menu does not do, and where there is nothing to boot.
//!
//! | module | content |
//! |---|---|
//! | [`line`](mod@line) | typing a line |
//! | [`commands`] | the commands |
//! | [`complete`](mod@complete) | what a word may go on with |
//! | `end` | how the shell ends |

pub mod commands;
pub mod complete;
mod end;
pub mod line;

use boot::machine::Console;

use crate::console::Screen;
use crate::menu::Item;
use crate::options::block::Block;
use crate::session::Session;
use commands::Next;
pub use end::End;
use line::{History, Typed};

/// In front of a line.
const PROMPT: &str = "gapboot> ";

/// Runs the shell. Where there is nothing to boot, it says so, and ends when a disk comes.
pub fn run(session: &mut Session, screen: &mut Screen, items: &[Item], is_empty: bool) -> End {
    screen.cursor(true);
    if is_empty {
        screen.line(
            "There is nothing to boot. `disks` shows the disks; a disk that comes is looked at.",
        );
        for message in session.messages.clone() {
            screen.line(&message);
        }
    }
    screen.line("`help` shows the commands, `exit` goes back to the menu.");
    let mut history = History::default();
    let mut block = Block::new("shell");
    loop {
        screen.may_leave = is_empty;
        let root = block.root.clone();
        let mut complete = |text: &str| complete::complete(session, root.as_deref(), text);
        let line = match history.read(screen, PROMPT, &mut complete) {
            Typed::Line(line) => line,
            Typed::Leave if is_empty => continue,
            Typed::Leave => return End::Menu,
            Typed::News => return End::Look,
        };
        screen.may_leave = false;
        match commands::run(session, screen, items, &mut block, line.trim()) {
            Ok(Next::Prompt) => {}
            Ok(Next::End(end)) => return end,
            Err(problem) => screen.line(&problem),
        }
    }
}

/// Shows texts, and waits for a key after each page.
pub fn page(screen: &mut Screen, texts: &[String]) {
    let (columns, lines) = screen.size();
    screen.clear();
    let mut used = 0_usize;
    for text in texts {
        let text: Vec<char> = text.chars().collect();
        for piece in text.chunks(columns.saturating_sub(1).max(1)) {
            screen.line(&piece.iter().collect::<String>());
            used = used.saturating_add(1);
            if used.saturating_add(3) >= lines {
                used = 0;
                if !more(screen) {
                    return;
                }
                screen.clear();
            }
        }
    }
    more(screen);
}

/// Waits for a key; false for Escape or `q`.
fn more(screen: &mut Screen) -> bool {
    use boot::menu::keys::{Key, read};
    screen.new_line();
    screen.line("Press a key, Esc for the menu.");
    !matches!(
        read(screen, None),
        None | Some(Key::Escape | Key::Character(b'q'))
    )
}
