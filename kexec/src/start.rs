//! Starting what was loaded.

use std::path::Path;
use std::process;

use crate::error::Error;

/// There while systemd runs.
const SYSTEMD: &str = "/run/systemd/system";

/// Starts what was loaded as the system's manager would: services are stopped
/// and file systems unmounted first. Without systemd it starts at once.
///
/// # Errors
/// It does not start.
pub fn start() -> Result<(), Error> {
    if !Path::new(SYSTEMD).exists() {
        return start_at_once();
    }
    let status = process::Command::new("systemctl").arg("kexec").status();
    let problem = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("`systemctl kexec` ended with {status}"),
        Err(error) => format!("systemctl does not run: {error}"),
    };
    Err(Error::text(format!(
        "the kernel is loaded, but does not start: {problem}; `gapboot kexec -e` starts it at once"
    )))
}

/// Starts what was loaded, without shutting anything down: file systems are
/// flushed only.
///
/// # Errors
/// Nothing was loaded, or this is not root.
pub fn start_at_once() -> Result<(), Error> {
    rustix::fs::sync();
    let result = rustix::system::reboot(rustix::system::RebootCommand::Kexec);
    result.map_err(|error| {
        Error::text(format!(
            "Linux starts nothing: {error}; load a kernel first (`gapboot kexec -l`), as root"
        ))
    })
}
