//! Names of files to places.

use alloc::format;
use alloc::string::String;

use crate::reading::shown;
use crate::storage::{Location, Storage};

/// Bytes of a name. Names are repeated in every entry that uses them.
const LONGEST: usize = 1024;

/// The file that a configuration with this folder names.
///
/// # Errors
///
/// A reason, as a sentence without a full stop: there is no name, or it names a file
/// that is not on this device.
pub(super) fn locate(
    storage: &dyn Storage,
    folder: &Location,
    name: &str,
) -> Result<Location, String> {
    if name.is_empty() {
        return Err("the name of a file is missing".into());
    }
    if name.len() > LONGEST || folder.path.len() > LONGEST {
        return Err("the name of a file is too long".into());
    }
    if name.contains("::") || name.contains("://") {
        return Err(format!("{} is on a server", shown(name)));
    }
    if name.starts_with('(') {
        return Err(format!(
            "{} is on a partition that SYSLINUX numbers in its own way",
            shown(name)
        ));
    }
    let unknown = || format!("{} is no path", shown(name));
    let at = folder.join(name).ok_or_else(unknown)?;
    // On FAT, SYSLINUX takes a backslash for a slash.
    if name.contains('\\') && storage.kind(&at).is_err() {
        return folder.join(&name.replace('\\', "/")).ok_or_else(unknown);
    }
    Ok(at)
}
