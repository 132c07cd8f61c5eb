//! Whether this program runs in the system that was booted, or in a chroot or container
//! on it: what was booted is not theirs.

use std::{fs, io};

use super::running::System;
use crate::error::Error;

/// The first namespace of processes, which containers are not in (PROC_PID_INIT_INO in
/// Linux, include/linux/proc_ns.h).
const FIRST_NAMESPACE: &str = "pid:[4026531836]";
/// Files by which containers are known.
const CONTAINER: [&str; 3] = [
    "/run/systemd/container",
    "/run/.containerenv",
    "/.dockerenv",
];

/// What keeps this program apart from the system that was booted; nothing if it runs in
/// that system itself.
///
/// # Errors
/// Only root can tell.
pub fn confinement(system: &System) -> Result<Option<&'static str>, Error> {
    if CONTAINER.iter().any(|file| system.path(file).exists()) {
        return Ok(Some("a container"));
    }
    // Linux may be built without such namespaces.
    let namespace = fs::read_link(system.path("/proc/self/ns/pid"));
    if namespace.is_ok_and(|namespace| namespace.as_os_str() != FIRST_NAMESPACE) {
        return Ok(Some("a container"));
    }
    let first = system.path("/proc/1/root");
    match rustix::fs::stat(&first) {
        Ok(first) => {
            let own = system.path("/");
            let own =
                rustix::fs::stat(&own).map_err(|error| Error::file("read", &own, &error.into()))?;
            let is_same = (first.st_dev, first.st_ino) == (own.st_dev, own.st_ino);
            Ok((!is_same).then_some("a chroot"))
        }
        Err(error) => {
            let error = io::Error::from(error);
            match error.kind() {
                io::ErrorKind::NotFound => Ok(Some("a chroot without /proc")),
                _ => Err(Error::file("read", &first, &error)),
            }
        }
    }
}
