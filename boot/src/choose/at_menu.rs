//! The choice of a person at the menu.

use super::choice::Choice;
use super::generated;
use super::on_disk::OnDisk;
use super::question::Question;
use crate::entries::glob;
use crate::entries::list::List;
use crate::entries::title;
use crate::handoff::Ending;
use crate::machine::{Console, Disk, Input};
use crate::menu::{self, Answer, Outcome, Parameters, Remembered, Timeout};
use crate::overlay::Overlay;
use crate::settings::state::{Changes, State};
use crate::text::Text;
use crate::workspace::Desk;
use layout::state::Setting;

/// Shows the menu and gives the choice: `unasked`, with what a person changed. A
/// command line that was edited is on the desk.
///
/// # Errors
/// How the loader ends instead.
pub(super) fn ask<D: Disk>(
    overlay: Overlay,
    console: &mut impl Console,
    question: Question<D>,
    desk: &mut Desk,
    unasked: Choice,
    timeout: Timeout,
    typed: Option<Input>,
) -> Result<Choice, Ending> {
    title::tell_apart(question.list);
    let before = remembered(question.list, &desk.state);
    let parameters = Parameters {
        timeout,
        lines: desk.conf.lines(),
        editor: desk.conf.editor,
        beep: desk.conf.beep,
        selected: selected(question.list, &desk.chosen).unwrap_or(unasked.entry),
        message: match question.failed {
            true => desk.trail.message(),
            false => b"",
        },
        typed,
        remembered: before,
        is_kept: desk.state.is_kept(),
        left_out: question.list.dropped(),
    };
    let mut entries = OnDisk {
        list: question.list,
        sources: question.sources,
        storage: question.storage,
        scratch: &mut desk.scratch,
        long_mode: question.long_mode,
        overlay,
    };
    let answer = menu::run(console, &mut entries, &parameters, &mut desk.command_line);
    choice(answer, before, question.list, unasked, &parameters, overlay)
}

/// The rank of the entry that was tried before and has failed.
fn selected(list: &List, chosen: &Text) -> Option<usize> {
    let chosen = chosen.get()?;
    (0..list.len()).find(|&rank| list.id_of(Some(rank)) == chosen)
}

/// The settings of earlier boots, with entries in place of patterns.
fn remembered(list: &List, state: &State) -> Remembered {
    let rank = |setting| {
        let pattern = state.text(setting)?;
        (0..list.len()).find(|&rank| {
            let entry = list.get(rank);
            entry.is_some_and(|entry| glob::selects(pattern, entry.id()))
        })
    };
    Remembered {
        default: rank(Setting::Default),
        preferred: rank(Setting::Preferred),
        timeout: state.lasting_timeout(),
    }
}

/// The choice that follows from an answer.
fn choice(
    answer: Answer,
    before: Remembered,
    list: &List,
    unasked: Choice,
    parameters: &Parameters,
    overlay: Overlay,
) -> Result<Choice, Ending> {
    let (entry, edited) = match answer.outcome {
        Outcome::Boot { entry, edited } => (entry, edited),
        Outcome::PowerOff => return Err(Ending::PowerOff(overlay)),
        Outcome::Reboot => return Err(Ending::Reboot),
        // There may be no next device: this one had its turn.
        Outcome::Quit if !parameters.message.is_empty() => return Err(Ending::Failed),
        Outcome::Quit => return Err(Ending::Quit),
    };
    if let Some(ending) = generated::ending(list, entry, overlay) {
        return Err(ending);
    }
    let after = answer.remembered;
    Ok(Choice {
        entry,
        edited,
        changes: Changes {
            default: changed(before.default, after.default),
            preferred: changed(before.preferred, after.preferred),
            timeout: changed(before.timeout, after.timeout),
        },
        ..unasked
    })
}

fn changed<T: PartialEq>(before: T, after: T) -> Option<T> {
    (before != after).then_some(after)
}
