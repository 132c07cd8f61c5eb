//! The choice by the settings of the disk, and by a person at the menu.

use super::choice::{Choice, MOMENT};
use super::generated;
use super::on_disk::OnDisk;
use crate::disk::storage::Storage;
use crate::entries::list::List;
use crate::fat::Sources;
use crate::find::inventory;
use crate::handoff::Ending;
use crate::machine::{Console, Disk, Input};
use crate::menu;
use crate::overlay::Overlay;
use crate::settings::conf::timeout;
use crate::workspace::Desk;

/// What is asked: which of these entries?
pub(crate) struct Question<'a, 'e, 'd, D> {
    /// The entries.
    pub(crate) list: &'a mut List<'e>,
    /// Where they come from.
    pub(crate) sources: &'a Sources,
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// The name of one that comes before all settings.
    pub(crate) wish: Option<&'a [u8]>,
    /// An attempt has failed, as the trail says.
    pub(crate) failed: bool,
}

impl Overlay {
    /// The choice by the settings of the disk and at the menu; or what ends the
    /// loader instead.
    #[inline(never)]
    pub(crate) fn choose<C: Console, D: Disk>(
        self,
        console: &mut C,
        question: Question<D>,
        desk: &mut Desk,
    ) -> Result<Choice, Ending> {
        let Question {
            list,
            sources,
            storage,
            long_mode,
            wish,
            failed,
        } = question;
        let Desk {
            scratch,
            conf,
            command_line,
            trail,
            state,
            ..
        } = desk;
        if let [Some(esp), _] = sources {
            state.read(storage, &esp.volume);
        }
        generated::offer(conf, list, &mut scratch.entry);

        let default = inventory::default(list, conf, state, wish);
        let timeout = match (state.timeout().unwrap_or(conf.timeout), default) {
            _ if failed => timeout::FORCED,
            // Nothing boots by itself: somebody has to see that.
            (timeout::HIDDEN | timeout::DISABLED, None) => 10,
            (timeout, _) => timeout,
        };
        let selected = default.unwrap_or(0);
        let plain = Choice {
            on_error: conf.on_error,
            default,
            ..Choice::plain(selected)
        };
        let Prelude::Menu(typed) = prelude(console, timeout) else {
            return Ok(plain);
        };
        let disk = OnDisk {
            list,
            sources,
            storage,
            scratch,
            long_mode,
            overlay: self,
        };
        let settings = menu::Settings {
            timeout,
            lines: conf.lines(),
            editor: conf.editor,
            beep: conf.beep,
            selected,
            message: if failed { trail.message() } else { b"" },
        };
        disk.choose(console, state, &settings, typed, command_line, plain)
    }
}

/// What is to happen before the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prelude {
    /// There is no menu.
    Nobody,
    /// There is one, and this was typed already.
    Menu(Option<Input>),
}

/// Whether anybody wants a menu, as `timeout` and the keyboard have it.
pub(crate) fn prelude(console: &mut impl Console, timeout: u32) -> Prelude {
    match timeout {
        timeout::DISABLED => Prelude::Nobody,
        timeout::HIDDEN => match console.key(Some(MOMENT)) {
            None => Prelude::Nobody,
            key => Prelude::Menu(key),
        },
        _ => Prelude::Menu(None),
    }
}
