//! What boots: what a person chooses, or what is chosen for nobody.
//!
//! Defaults and the menu are in the overlay, as the settings are, and `choose` asks
//! them in the order of systemd-boot; where the overlay is missing, a list of numbers
//! (`by_number`) stands in for all that.

use crate::conf::{OnError, timeout};
use crate::entries::list::List;
use crate::generated;
use crate::handoff::Ending;
use crate::inventory::{self, Sources};
use crate::machine::{Console, Disk, Input};
use crate::menu::{self, listed::OnDisk};
use crate::overlay::Overlay;
use crate::state::Changes;
use crate::storage::Storage;
use crate::workspace::Desk;

/// The entry that boots, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its rank.
    pub entry: usize,
    /// Length of the command line that it gets instead of its own, on the desk.
    pub edited: Option<usize>,
    /// What happens if it cannot be started.
    pub on_error: OnError,
    /// The rank of the entry that boots when nobody chooses.
    pub default: Option<usize>,
    /// What else a person changed.
    pub changes: Changes,
}

impl Choice {
    /// Boot an entry as it is.
    fn plain(entry: usize) -> Self {
        Self {
            entry,
            edited: None,
            on_error: OnError::Auto,
            default: Some(entry),
            changes: Changes::default(),
        }
    }
}

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

/// The choice by the settings of the disk and at the menu; or what ends the
/// loader instead.
#[inline(never)]
pub(crate) fn choose<C: Console, D: Disk>(
    overlay: &Overlay,
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
        overlay: *overlay,
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

/// Ticks in a second, nearly.
pub(crate) const SECOND: u32 = 18;
/// Ticks that a hidden menu waits for a key: a tenth of a second.
const MOMENT: u32 = 2;

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

/// The choice on a machine without an overlay: the first entry, unless a key is
/// pressed in the first moment or an attempt has `failed`. Then a digit chooses one
/// of the first nine entries, any other key the first one.
pub(crate) fn by_number(
    console: &mut impl Console,
    list: &List,
    failed: bool,
) -> Result<Choice, Ending> {
    if !failed && console.key(Some(MOMENT)).is_none() {
        return Ok(Choice::plain(0));
    }
    for (rank, digit) in (b'1'..=b'9').enumerate() {
        if let Some(entry) = list.get(rank) {
            console.write(&[digit, b' ']);
            console.write(entry.id());
            console.write(b"\n");
        }
    }
    let Some(Input::Keyboard { ascii: key, .. } | Input::Serial(key)) = console.key(None) else {
        // There is nobody to ask.
        return Err(Ending::Failed);
    };
    let rank = usize::from(key.wrapping_sub(b'1'));
    Ok(Choice::plain(match list.get(rank) {
        Some(_) => rank,
        None => 0,
    }))
}
