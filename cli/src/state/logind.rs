//! What systemd-logind was asked for the next boot.

use std::fs;
use std::io;

use boot::menu::Timeout;
use layout::state::Setting;

use super::key::StateKey;
use crate::error::Error;
use crate::system::System;

/// Where systemd-logind leaves the id of an entry: the name that it writes (every
/// version since 242), and the one that it documents and reads.
const ENTRY_REQUESTS: [&str; 2] = ["reboot-boot-to-loader-entry", "reboot-to-boot-loader-entry"];

/// What systemd-logind was asked for the next boot. It leaves files where
/// there are no EFI variables, see its variables `SYSTEMD_REBOOT_TO_BOOT_LOADER_*`.
///
/// # Errors
/// A file of its cannot be read, or holds no time.
pub fn requests(system: &System) -> Result<Vec<(StateKey, String)>, Error> {
    let read = |name: &str| {
        let path = system.path("/run/systemd").join(name);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read
                .map(|text| Some(text.trim_end().to_owned()))
                .map_err(|error| Error::file("read", &path, &error)),
        }
    };
    let mut changes = Vec::new();
    for name in ENTRY_REQUESTS {
        if let Some(id) = read(name)? {
            changes = vec![(StateKey::Text(Setting::OneShot), id)];
        }
    }
    if let Some(time) = read("reboot-to-boot-loader-menu")? {
        let microseconds: u64 = time.parse().map_err(|_| {
            Error::failed(format!(
                "/run/systemd/reboot-to-boot-loader-menu holds {time:?}, which is not a time: remove that file"
            ))
        })?;
        // Zero means that the menu waits for somebody.
        let seconds = match microseconds.div_ceil(1_000_000) {
            0 => Timeout::Forced,
            seconds => u32::try_from(seconds).map_or(Timeout::Forced, Timeout::from_number),
        };
        changes.push((StateKey::OneShotTimeout, seconds.number().to_string()));
    }
    Ok(changes)
}
