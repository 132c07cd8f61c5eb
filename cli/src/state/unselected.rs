//! Settings of a disk that select none of its entries: another entry boots, and nothing
//! says why.

use std::path::Path;

use boot::settings::conf::Conf;
use layout::state::{self, Setting};

use super::content::{Content, State};
use crate::disk::{Access, Disk, reader};
use crate::error::Error;
use crate::menu::Menu;

const LOADER_CONF: &str = "/loader/loader.conf";

/// What is wrong with the settings of a disk with this menu, a sentence for each.
///
/// # Errors
/// The disk or its EFI system partition cannot be read.
pub fn unselected(disk: &Path, menu: &Menu) -> Result<Vec<String>, Error> {
    let open = || Disk::open(disk, Access::Read);
    let Some(esp) = reader::partitions(open()?)?.esp else {
        return Ok(Vec::new());
    };
    let mut settings = Vec::new();
    if let Some(file) = reader::file(open()?, &esp, LOADER_CONF)? {
        let mut conf = Conf::without_file();
        for line in file.split(|&byte| byte == b'\n') {
            conf.line(line);
        }
        for (key, value) in [("preferred", conf.preferred()), ("default", conf.default())] {
            settings.push((LOADER_CONF, key, value.unwrap_or_default().to_vec()));
        }
    }
    let file = reader::file(open()?, &esp, state::PATH)?;
    if let Some(Content::State(state)) = file.as_deref().map(State::parse) {
        for (key, setting) in [
            ("one-shot", Setting::OneShot),
            ("preferred", Setting::Preferred),
            ("default", Setting::Default),
        ] {
            settings.push((state::PATH, key, state.text(setting).to_vec()));
        }
    }
    let problem = |(file, key, value): (&str, &str, Vec<u8>)| {
        let value = String::from_utf8_lossy(&value);
        let problem = missing(menu, &value)?;
        Some(format!("{key} of {file} selects {problem}"))
    };
    Ok(settings.into_iter().filter_map(problem).collect())
}

/// Why a value of a setting selects nothing, if it names an entry and there is no such
/// entry.
pub fn missing(menu: &Menu, value: &str) -> Option<String> {
    // Entries that loaders make of themselves: firmware settings, another system.
    let own = value.get(..5).unwrap_or_default();
    let names_none =
        value.is_empty() || value.starts_with('@') || own.eq_ignore_ascii_case("auto-");
    (!names_none && menu.select(value).is_none()).then(|| menu.no_entry(value))
}
