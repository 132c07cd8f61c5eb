//! What is listed: entries, and files that give none.

use boot::entries::list::CAPACITY;
use serde::Serialize;

/// An entry, with the keys of `bootctl list --json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MenuEntry {
    /// `type1` or `type2`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The partition: `esp` or `xbootldr`.
    pub source: &'static str,
    /// The file's name without its counter, in small letters.
    pub id: String,
    /// The file, from the root of its file system.
    pub path: String,
    /// Key `title`, whole; of a unified kernel image what its os-release and its
    /// profile say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the menu shows.
    pub show_title: String,
    /// Key `sort-key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<String>,
    /// Key `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Key `machine-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// Key `architecture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Number of the profile, but for the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<u32>,
    /// The command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// The kernel, from the root of its file system; of an entry of type 2 the
    /// image itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
    /// Key `efi`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efi: Option<String>,
    /// Key `uki`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uki: Option<String>,
    /// The initrds, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub initrd: Vec<String>,
    /// Attempts that remain, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<i32>,
    /// Attempts that were made, where the file's name says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_done: Option<i32>,
    /// Whether it boots when nobody chooses; absent where no entry does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// What will keep it from booting, or may, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl MenuEntry {
    /// `good`, `bad` or `indeterminate`, as the specification calls it.
    pub fn state(&self) -> &'static str {
        match self.tries_left {
            None => "good",
            Some(0) => "bad",
            Some(_) => "indeterminate",
        }
    }
}

/// A file that gives no entry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedFile {
    /// What it would be.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The partition.
    pub source: &'static str,
    /// The file, from the root of its file system.
    pub path: String,
    /// Why it gives none.
    pub problem: String,
    /// True if its name is that of an entry.
    #[serde(skip)]
    pub should_be_one: bool,
}

impl SkippedFile {
    /// What is wrong with a file whose entry the list has no room for.
    pub(crate) fn left_out() -> String {
        format!(
            "the menu holds {CAPACITY} entries, and this one would come after them. Remove some."
        )
    }
}
