//! The choice by the settings of the disk, and by a person at the menu.

use super::at_menu;
use super::choice::{Choice, MOMENT};
use super::generated;
use super::question::Question;
use crate::find::inventory::Finder;
use crate::handoff::Ending;
use crate::machine::{Console, Disk, Input};
use crate::menu::Timeout;
use crate::overlay::Overlay;
use crate::workspace::Desk;

impl Overlay {
    /// The choice by the settings of the disk and at the menu.
    ///
    /// # Errors
    /// How the loader ends instead.
    #[inline(never)] // a way into the overlay
    pub(crate) fn choose<C: Console, D: Disk>(
        self,
        console: &mut C,
        question: Question<D>,
        desk: &mut Desk,
    ) -> Result<Choice, Ending> {
        if let [Some(esp), _] = question.sources {
            desk.state.read(question.storage, &esp.volume);
        }
        generated::offer(&desk.conf, question.list, &mut desk.scratch.entry);
        let mut finder = Finder {
            storage: question.storage,
            overlay: Some(self),
            long_mode: question.long_mode,
            scratch: &mut desk.scratch,
        };
        let default = finder.default(
            question.sources,
            question.list,
            &desk.conf,
            &desk.state,
            question.wish,
        );
        let unasked = Choice {
            on_error: desk.conf.on_error,
            default,
            ..Choice::plain(default.unwrap_or(0))
        };
        let wanted = desk.state.timeout().unwrap_or(desk.conf.timeout);
        let timeout = match question.failed {
            true => Timeout::Forced,
            false => timeout(wanted, default),
        };
        match prelude(console, timeout) {
            Prelude::NoMenu => match generated::ending(question.list, unasked.entry, self) {
                Some(ending) => Err(ending),
                None => Ok(unasked),
            },
            Prelude::Menu(typed) => {
                at_menu::ask(self, console, question, desk, unasked, timeout, typed)
            }
        }
    }
}

/// How long the menu waits, for the timeout that is `wanted`. If no entry boots by
/// itself, the menu is shown even where it should be hidden, so that a person sees why.
fn timeout(wanted: Timeout, default: Option<usize>) -> Timeout {
    match (wanted, default) {
        (Timeout::Hidden | Timeout::Disabled, None) => Timeout::Seconds(10),
        (wanted, _) => wanted,
    }
}

/// The moment before the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prelude {
    /// There is no menu.
    NoMenu,
    /// There is a menu, and this was typed already.
    Menu(Option<Input>),
}

/// Decides by the timeout and the keyboard whether there is a menu.
fn prelude(console: &mut impl Console, timeout: Timeout) -> Prelude {
    match timeout {
        Timeout::Disabled => Prelude::NoMenu,
        Timeout::Hidden => match console.key(Some(MOMENT)) {
            None => Prelude::NoMenu,
            key => Prelude::Menu(key),
        },
        Timeout::Forced | Timeout::Seconds(_) => Prelude::Menu(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyboard on which a key is pressed, or no key, and how long the caller waited
    /// for one.
    struct Keyboard {
        pressed: Option<Input>,
        waited: Option<Option<u32>>,
    }

    impl Console for Keyboard {
        fn write(&mut self, _: &[u8]) {}
        fn new_line(&mut self) {}
        fn beep(&mut self) {}
        fn size(&self) -> (usize, usize) {
            (80, 24)
        }
        fn resize(&mut self, _: u8) {}
        fn clear(&mut self) {}
        fn move_to(&mut self, _: usize, _: usize) {}
        fn clear_to_end(&mut self) {}
        fn highlight(&mut self, _: bool) {}
        fn cursor(&mut self, _: bool) {}
        fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
            assert_eq!(self.waited.replace(ticks), None, "only once");
            self.pressed
        }
        fn ticks(&self) -> u32 {
            0
        }
    }

    #[test]
    fn whether_there_is_a_menu() {
        let key = Some(Input::Serial(b'x'));
        for (timeout, pressed, waited, expected) in [
            (Timeout::Disabled, key, None, Prelude::NoMenu),
            (Timeout::Hidden, None, Some(Some(2)), Prelude::NoMenu),
            (Timeout::Hidden, key, Some(Some(2)), Prelude::Menu(key)),
            // The menu itself reads the key.
            (Timeout::Forced, key, None, Prelude::Menu(None)),
            (Timeout::Seconds(1), key, None, Prelude::Menu(None)),
        ] {
            let mut keyboard = Keyboard {
                pressed,
                waited: None,
            };
            assert_eq!(prelude(&mut keyboard, timeout), expected);
            assert_eq!(keyboard.waited, waited);
        }
    }

    #[test]
    fn nothing_that_boots_by_itself_shows_the_menu() {
        for (wanted, default, expected) in [
            (Timeout::Hidden, None, Timeout::Seconds(10)),
            (Timeout::Disabled, None, Timeout::Seconds(10)),
            (Timeout::Seconds(3), None, Timeout::Seconds(3)),
            (Timeout::Forced, None, Timeout::Forced),
            (Timeout::Hidden, Some(0), Timeout::Hidden),
            (Timeout::Disabled, Some(0), Timeout::Disabled),
        ] {
            assert_eq!(timeout(wanted, default), expected);
        }
    }
}
