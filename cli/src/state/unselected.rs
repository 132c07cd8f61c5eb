//! Settings of a disk that select none of its entries: another entry boots, and nothing
//! says why.

use std::path::Path;

use boot::settings::conf::Conf;
use layout::state::{self, Setting};

use super::content::{Content, State};
use super::key::StateKey;
use crate::disk::{Access, Disk, reader};
use crate::error::Error;
use crate::menu::Menu;

const LOADER_CONF: &str = "/loader/loader.conf";

/// What is wrong with the settings of a disk with this menu, a sentence for each.
pub fn unselected(disk: &Path, menu: &Menu) -> Vec<String> {
    let mut problems = Vec::new();
    let mut settings = loader_conf(disk).unwrap_or_default();
    match state_file(disk) {
        Ok(set) => settings.extend(set),
        // What is wrong with loader.conf, the loader says; of its state file it says nothing.
        Err(error) => problems.push(error.to_string()),
    }
    let problem = |Wish { file, key, value }| {
        let problem = missing(menu, &String::from_utf8_lossy(&value))?;
        Some(format!("{key} of {file} selects {problem}"))
    };
    problems.extend(settings.into_iter().filter_map(problem));
    problems
}

/// A setting that names an entry.
struct Wish {
    file: &'static str,
    key: &'static str,
    value: Vec<u8>,
}

fn loader_conf(disk: &Path) -> Result<Vec<Wish>, Error> {
    let Some(file) = esp_file(disk, LOADER_CONF)? else {
        return Ok(Vec::new());
    };
    if file.len() == reader::MAX_FILE {
        // What the rest of it sets is not known.
        return Ok(Vec::new());
    }
    let mut conf = Conf::without_file();
    for line in file.split(|byte| b"\n\r".contains(byte)) {
        conf.line(line);
    }
    let wishes = [("preferred", conf.preferred()), ("default", conf.default())];
    let wish = |(key, value): (_, Option<&[u8]>)| Wish {
        file: LOADER_CONF,
        key,
        value: value.unwrap_or_default().to_vec(),
    };
    Ok(wishes.map(wish).into())
}

fn state_file(disk: &Path) -> Result<Vec<Wish>, Error> {
    let file = esp_file(disk, state::PATH)?;
    let Some(Content::State(state)) = file.as_deref().map(State::parse) else {
        return Ok(Vec::new());
    };
    let settings = [Setting::OneShot, Setting::Preferred, Setting::Default];
    let wish = |setting| Wish {
        file: state::PATH,
        key: StateKey::Text(setting).name(),
        value: state.text(setting).to_vec(),
    };
    Ok(settings.map(wish).into())
}

/// A file on the EFI system partition, if both are there.
fn esp_file(disk: &Path, path: &str) -> Result<Option<Vec<u8>>, Error> {
    let open = || Disk::open(disk, Access::Read);
    match reader::partitions(open()?)?.esp {
        Some(esp) if reader::holds_fat(open()?, &esp) => reader::file(open()?, &esp, path),
        _ => Ok(None),
    }
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
