//! What would boot from a disk, for `gapboot install` and `gapboot status`.

use serde::Serialize;

use crate::disk::Sectors;
use crate::error::Error;
use crate::install::layout_advice;
use crate::menu::Rehearsal;
use crate::table;

/// What would boot from a disk with an intact gapboot, by the loader's own code. The
/// field names are keys of `gapboot status --json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outlook {
    /// The loader starts an entry.
    would_boot: bool,
    /// The id of the entry that boots when nobody chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// Why nothing boots.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

impl Outlook {
    /// The outlook of a disk on which gapboot is intact, with its overlay or without.
    pub(super) fn of(disk: &dyn Sectors, has_overlay: bool) -> Self {
        let Rehearsal { entry, messages } = Rehearsal::of(disk, has_overlay);
        let problems = match (&entry, has_overlay) {
            (Some(_), _) => Vec::new(),
            (None, true) => problems(disk, messages),
            // A loader without its overlay says numbers.
            (None, false) => match Rehearsal::of(disk, true) {
                Rehearsal {
                    entry: Some(id), ..
                } => vec![format!("{id} needs the overlay, which is not there.")],
                Rehearsal { messages, .. } => problems(disk, messages),
            },
        };
        Self {
            would_boot: entry.is_some(),
            entry,
            problems,
        }
    }

    /// The outlook of a disk on which gapboot is not intact, for this reason.
    pub(super) fn without_loader(reason: String) -> Self {
        Self {
            would_boot: false,
            entry: None,
            problems: vec![reason],
        }
    }

    /// What boots, or why nothing does, as lines for a person.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = match &self.entry {
            Some(entry) => vec![format!("boots {entry}")],
            None => {
                let problems = self.problems.iter();
                problems
                    .map(|problem| format!("would not boot: {problem}"))
                    .collect()
            }
        };
        let printable = |line: String| line.replace(char::is_control, "?");
        lines.into_iter().map(printable).collect()
    }

    /// Nothing if an entry boots.
    ///
    /// # Errors
    /// Nothing boots; [`Outlook::lines`] says why.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.would_boot {
            true => Ok(()),
            false => Err(Error::failed("gapboot would not boot from this disk")),
        }
    }
}

/// The reasons why nothing boots: what the partition table tells, and what the loader
/// says.
fn problems(disk: &dyn Sectors, messages: Vec<String>) -> Vec<String> {
    let table = match table::read(disk) {
        Ok(table) => table,
        Err(error) => return vec![error.to_string()],
    };
    let by_table = layout_advice::without_entries(&table).map(|reason| format!("{reason}."));
    match table.places.boot.is_empty() {
        true => Vec::from_iter(by_table),
        false => messages.into_iter().chain(by_table).collect(),
    }
}
