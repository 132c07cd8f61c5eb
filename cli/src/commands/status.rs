//! `gapboot status`: what is on a disk.
//!
//! Exit status 0 means that the question was answered, whatever the answer; with
//! `--check` also that the disk would boot. Scripts read `--json`. The keys, camelCase, absent when there is no value:
//!
//! | key | value |
//! |---|---|
//! | `installed` | true if both stages are there, so that the disk starts gapboot |
//! | `version` | gapboot's version, by stage2's header |
//! | `intact` | stage2's checksum is right |
//! | `upToDate` | stage1 and stage2 are those that this program carries, and so is the overlay if there is one; absent if it carries none |
//! | `stage1` | `match`: this program's; `other`: another gapboot's; `foreign`: another program's; `none`: zeros |
//! | `stage2` | `present`, `incomplete` (an interrupted install), `none` |
//! | `overlay` | `present`: intact and of this stage2; `damaged`; `other`: of another stage2; `none` |
//! | `console` | the console in stage2's header, as `gapboot install --console` takes it |
//! | `state` | what `gapboot set` and the menu set: `default`, `preferred`, `oneShot`, `lastBooted`, and in seconds, or in loader.conf's words, `timeout`, `oneShotTimeout`; absent if nothing is set or the file can't be read |
//! | `stateProblem` | why the state file says nothing, though it is there or may be |
//! | `loader` | without DISK: what the loader said to this system, by the names of the Boot Loader Interface; absent if it wasn't gapboot |
//! | `foreign` | a list of `{sector, owner}`: other programs' boot code and data in gapboot's sectors |
//! | `wouldBoot` | true if gapboot would boot an entry of this disk: both stages are intact, and the loader's own code finds an entry and loads it |
//! | `entry` | the id of the entry that would boot if nobody chooses |
//! | `problems` | a list of texts: why nothing would boot |

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::arguments::{LoaderArgument, SystemArgument};
use super::context::Context;
use super::outlook::Outlook;
use super::report;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::install::layout_advice::WITHOUT_OVERLAY;
use crate::install::status::Status;
use crate::install::survey::Survey;
use crate::state::SessionReport;
use crate::system::boot_disk;

/// Say what is installed on a disk and whether it is intact.
///
/// Says whether gapboot is on DISK, which version, whether it is intact, and
/// whether it is the one that this program would install; which entry would boot,
/// by the loader's own code, or why none would; and what `gapboot set` has set. Without DISK, it is about the disk that this system was started from,
/// and says also what the loader told the system.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
A block device is read past the mounted file systems' caches: run `sync` first.

Exit status: 0 answered, whatever the answer; 1 the disk could not be read, or,
with --check, would not boot."
)]
pub struct Arguments {
    /// an image file or a block device; default: the disk of this system
    #[arg(value_name = "DISK")]
    disk: Option<PathBuf>,
    /// print one JSON object
    #[arg(long)]
    json: bool,
    /// print what a report about a machine needs: firmware, disk, loader; no serial
    /// numbers and no identifiers
    #[arg(long, conflicts_with = "json")]
    report: bool,
    /// fail (exit status 1) if gapboot would not boot from the disk
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    loader: LoaderArgument,
    #[command(flatten)]
    system: SystemArgument,
}

/// What is said of the overlay.
fn overlay(overlay: &str) -> &str {
    match overlay {
        "present" => "intact",
        "damaged" => "damaged, so it is not used: `gapboot install` writes it anew",
        "other" => "of another stage2, so it is not used: `gapboot install` writes the right one",
        none => none,
    }
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let system = &self.system.system();
        let disk = match &self.disk {
            Some(disk) => disk.clone(),
            None => system.file(&boot_disk(system)?),
        };
        let stages = match self.loader.stages(context) {
            Ok(stages) => Some(stages),
            // What is on the disk can be told without one, but a wrong --loader is said.
            Err(error) if self.loader.is_given() => return Err(error),
            Err(_) => None,
        };
        let on = |error: Error| error.on(&disk);
        let sectors = Disk::open(&disk, Access::Read).map_err(on)?;
        let found = Survey::new(&sectors).map_err(on)?;
        let status = Status::new(&found, stages.as_ref());
        let starts = status.installed && status.intact == Some(true);
        let outlook = match starts {
            true => Outlook::of(&sectors, !found.lacks_overlay()),
            false => Outlook::without_loader(status.sentence()),
        };
        let checked = match self.check {
            true => outlook.check().map_err(on),
            false => Ok(()),
        };
        if self.report {
            report::write(system, &disk, &sectors, &status, &outlook, context.out)?;
            return checked;
        }
        let session = SessionReport::new(system, self.disk.as_deref())?;
        if self.json {
            let answer = Answer {
                status,
                outlook,
                session,
            };
            let json = serde_json::to_string(&answer).map_err(Error::failed)?;
            writeln!(context.out, "{json}")?;
            return checked;
        }
        let name = disk.display();
        writeln!(context.out, "{name}: {}", status.sentence())?;
        if let Some(console) = &status.console {
            writeln!(context.out, "  console: {console}")?;
            let overlay = overlay(status.overlay);
            match found.lacks_overlay() {
                true => writeln!(context.out, "  overlay: {overlay}; {WITHOUT_OVERLAY}")?,
                false => writeln!(context.out, "  overlay: {overlay}")?,
            }
        }
        for foreign in &status.foreign {
            let what = if foreign.sector == 0 {
                "boot code"
            } else {
                "data"
            };
            writeln!(
                context.out,
                "  {what} of {} in sector {}",
                foreign.owner, foreign.sector
            )?;
        }
        if starts {
            for line in outlook.lines() {
                writeln!(context.out, "  {line}")?;
            }
        }
        session.write(context.out)?;
        checked
    }
}

/// The whole answer.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    status: Status,
    #[serde(flatten)]
    outlook: Outlook,
    #[serde(flatten)]
    session: SessionReport,
}
