//! `gapboot status`: what is on a disk.
//!
//! Exit status 0 means that the question was answered, whatever the answer;
//! scripts read `--json`. The keys, camelCase, absent when there is no value:
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
//! | `loader` | without DISK: what the loader said to this system, by the names of the Boot Loader Interface; absent if it wasn't gapboot |
//! | `foreign` | a list of `{sector, owner}`: other programs' boot code and data in gapboot's sectors |

use std::path::PathBuf;

use lexopt::Arg::{Long, Value};
use serde::Serialize;

use crate::args::{self, DiskArgument};
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::image::Stages;
use crate::notes::WITHOUT_OVERLAY;
use crate::store;
use crate::survey::{Code, Gap, Overlay, Survey};
use crate::system::System;
use crate::told::Told;
use crate::{Command, Context};

/// `gapboot status`.
pub const COMMAND: Command = Command {
    name: "status",
    summary: "say what is installed on a disk and whether it is intact",
    help: "\
Usage: gapboot status [DISK] [--json]

Says whether gapboot is on DISK, an image file or a block device, which version,
whether it is intact, and whether it is the one that this program would install;
and what `gapboot set` has set. Without DISK, it is about the disk that this
system was started from, and says also what the loader told the system.

      --json  print one JSON object
  -h, --help  this text

Exit status 0: answered, whatever the answer; 1: the disk could not be read.
",
    run,
};

struct Options {
    disk: Option<PathBuf>,
    json: bool,
    system: System,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let mut json = false;
        let mut system = System::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("json") => json = true,
                Long("root") => system = args::system(&mut parser)?,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.optional(),
            json,
            system,
        })
    }
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Both stages are there.
    pub installed: bool,
    /// gapboot's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// stage2's checksum is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intact: Option<bool>,
    /// Both stages are those of this program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_date: Option<bool>,
    /// `match`, `other`, `foreign` or `none`.
    pub stage1: &'static str,
    /// `present`, `incomplete` or `none`.
    pub stage2: &'static str,
    /// `present`, `damaged`, `other` or `none`.
    pub overlay: &'static str,
    /// The console in stage2's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// Other programs in gapboot's sectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
}

/// Another program in gapboot's sectors.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    /// Where: 0 for boot code.
    pub sector: u64,
    /// Whose, as far as it can be told.
    pub owner: &'static str,
}

impl Status {
    /// What a survey means; `stages` are those of this program, if it has any.
    pub fn new(found: &Survey, stages: Option<&Stages>) -> Self {
        let is_this_stage1 = stages.is_some_and(|own| own.is_this_stage1(&found.code_bytes));
        let stage2 = match &found.gap {
            Gap::Stage2(stage2) => Some(stage2),
            Gap::Without | Gap::Incomplete => None,
        };
        Self {
            installed: found.code == Code::Gapboot && stage2.is_some(),
            version: stage2.map(|stage2| stage2.version.clone()),
            intact: stage2.map(|stage2| stage2.intact),
            up_to_date: stages.map(|own| is_this_stage1 && is_up_to_date(found, own)),
            stage1: match found.code {
                Code::Empty => "none",
                Code::Gapboot if is_this_stage1 => "match",
                Code::Gapboot => "other",
                Code::Foreign(_) => "foreign",
            },
            stage2: match found.gap {
                Gap::Without => "none",
                Gap::Incomplete => "incomplete",
                Gap::Stage2(_) => "present",
            },
            overlay: match found.overlay {
                Overlay::Gapboot(overlay) if !overlay.intact => "damaged",
                Overlay::Gapboot(overlay)
                    if stage2.is_some_and(|stage2| stage2.build == overlay.build) =>
                {
                    "present"
                }
                Overlay::Gapboot(_) => "other",
                Overlay::Empty | Overlay::Foreign(_) | Overlay::Beyond => "none",
            },
            console: found.console().map(|console| console.to_string()),
            foreign: foreign(found),
        }
    }

    /// The answer in a sentence.
    fn sentence(&self) -> String {
        let version = self.version.as_deref().unwrap_or_default();
        let install = "`gapboot install` writes it anew";
        match (self.stage1, self.stage2) {
            (_, "incomplete") => {
                "an interrupted install of gapboot: `gapboot install` completes it".to_owned()
            }
            ("none" | "foreign", "present") => {
                format!("not started: stage2 of gapboot {version} without its boot code; {install}")
            }
            (_, "present") if self.intact == Some(false) => {
                format!("gapboot {version}, damaged: {install}")
            }
            (_, "present") => format!("gapboot {version}, intact{}", self.age()),
            ("match" | "other", _) => {
                format!("gapboot's boot code without its stage2: {install}")
            }
            _ => "gapboot is not installed".to_owned(),
        }
    }

    fn age(&self) -> &'static str {
        match self.up_to_date {
            None => "",
            Some(true) => ", up to date",
            Some(false) => {
                ", not the build that this program carries: `gapboot install` updates it"
            }
        }
    }
}

/// stage2 is this program's, whatever the console; and so is the overlay, if
/// there is one.
fn is_up_to_date(found: &Survey, own: &Stages) -> bool {
    let own = own.clone().with_console(found.console());
    own.stage2 == found.gap_bytes
        && match (found.overlay, &own.overlay) {
            (Overlay::Gapboot(_), Some(own)) => *own == found.overlay_bytes,
            _ => true,
        }
}

fn foreign(found: &Survey) -> Vec<Foreign> {
    let code = match found.code {
        Code::Foreign(owner) => Some(Foreign { sector: 0, owner }),
        Code::Empty | Code::Gapboot => None,
    };
    let strangers = found.strangers.iter();
    let strangers = strangers.map(|stranger| Foreign {
        sector: stranger.lba,
        owner: stranger.owner,
    });
    code.into_iter().chain(strangers).collect()
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

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let system = &options.system;
    let disk = match &options.disk {
        Some(disk) => disk.clone(),
        None => system.file(&store::boot_disk(system)?),
    };
    let found = Disk::open(&disk, Access::Read)
        .and_then(|disk| Survey::new(&disk))
        .map_err(|error| error.on(&disk))?;
    let status = Status::new(&found, context.stages().ok());
    let told = Told::new(system, options.disk.as_deref())?;
    if options.json {
        let json = serde_json::to_string(&Answer { status, told }).map_err(Error::failed)?;
        return Ok(writeln!(context.out, "{json}")?);
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
    Ok(told.write(context.out)?)
}

/// The whole answer.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    status: Status,
    #[serde(flatten)]
    told: Told,
}
