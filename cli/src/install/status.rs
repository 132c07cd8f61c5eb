//! The meaning of a disk's survey: the answer of `gapboot status`.

use serde::Serialize;

use super::stages::Stages;
use super::survey::{Code, Gap, Survey};

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
    /// Both stages are the same as in this program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_date: Option<bool>,
    /// stage2 is older than this program's.
    #[serde(skip)]
    is_older: bool,
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
    /// The sector: 0 for boot code.
    pub sector: u64,
    /// The program's name, if it was recognised.
    pub owner: &'static str,
}

impl Status {
    /// The meaning of a survey. `stages` are those of this program, if it has any.
    pub fn new(found: &Survey, stages: Option<&Stages>) -> Self {
        let is_this_stage1 = stages.is_some_and(|own| own.is_this_stage1(&found.code_bytes));
        let stage2 = found.stage2();
        Self {
            installed: found.code == Code::Gapboot && stage2.is_some(),
            version: stage2.map(|stage2| stage2.version.clone()),
            intact: stage2.map(|stage2| stage2.intact),
            up_to_date: stages.map(|own| is_this_stage1 && is_up_to_date(found, own)),
            is_older: stage2
                .zip(stages)
                .is_some_and(|(stage2, own)| own.is_newer_than(stage2)),
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
                Some(overlay) if !overlay.intact => "damaged",
                Some(_) if stage2.is_some_and(|stage2| stage2.loads(&found.overlay_bytes)) => {
                    "present"
                }
                Some(_) => "other",
                None => "none",
            },
            console: found.console().map(|console| console.to_string()),
            foreign: foreign(found, stages),
        }
    }

    /// The answer as a sentence.
    pub fn sentence(&self) -> String {
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
            Some(false) if self.is_older => {
                ", older than the loader that this program carries: `gapboot install` updates it"
            }
            Some(false) => {
                ", not the build that this program carries: `gapboot install` updates it"
            }
        }
    }
}

/// True if stage2 is the same as this program's, with any console, and so is the overlay,
/// if there is one.
fn is_up_to_date(found: &Survey, own: &Stages) -> bool {
    let own = own.clone().with_console(found.console());
    own.stage2 == found.gap_bytes
        && match (found.overlay, &own.overlay) {
            (Some(_), Some(own)) => found.overlay_bytes.starts_with(own),
            _ => true,
        }
}

/// Other programs in the sectors of the loader, whether or not it is installed.
fn foreign(found: &Survey, stages: Option<&Stages>) -> Vec<Foreign> {
    let overlay = stages.map_or(0, Stages::overlay_sectors);
    let overlay = overlay.max(found.overlay_sectors());
    let code = match found.code {
        Code::Foreign(owner) => Some(Foreign { sector: 0, owner }),
        Code::Empty | Code::Gapboot => None,
    };
    let overlay = found.overlay_strangers(overlay);
    let strangers = found.strangers.iter().copied().chain(overlay);
    let strangers = strangers.map(|stranger| Foreign {
        sector: stranger.lba,
        owner: stranger.owner,
    });
    code.into_iter().chain(strangers).collect()
}
