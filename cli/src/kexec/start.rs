//! Starting what was loaded.

use std::process;

use crate::error::Error;
use crate::system::System;

/// Starts what was loaded as the system's manager would: services are stopped
/// and file systems unmounted first.
pub fn start() -> Result<(), Error> {
    if !System::default().path("/run/systemd/system").exists() {
        return start_at_once();
    }
    let status = process::Command::new("systemctl").arg("kexec").status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::failed(format!(
            "loaded, but `systemctl kexec` ended with {status}"
        ))),
        Err(error) => Err(Error::failed(format!(
            "loaded, but systemctl does not start: {error}"
        ))),
    }
}

/// Starts what was loaded, without shutting anything down.
pub fn start_at_once() -> Result<(), Error> {
    rustix::fs::sync();
    let result = rustix::system::reboot(rustix::system::RebootCommand::Kexec);
    result.map_err(|error| {
        Error::failed(format!(
            "nothing starts: {error}; was a kernel loaded (`gapboot kexec -l`), and is this root?"
        ))
    })
}
