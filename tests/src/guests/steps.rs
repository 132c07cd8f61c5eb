//! A system that does one step at each boot, and says on the serial line what came of it.
//!
//! A step is a shell script, which ends the machine. Its function `say` writes a line that
//! begins with `TEST`, through the kernel's log, because the login on the serial line hangs up
//! every other terminal there.

use crate::debian::system::System;
use crate::machines::rig::{Exit, Outcome};
use anyhow::{Result, ensure};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// What a kernel's command line needs, so that every line arrives.
pub const COMMAND_LINE: &str = "console=ttyS0 printk.devkmsg=on";

const SERVICE: &str = "[Unit]
After=multi-user.target gapboot-bless.service
[Service]
Type=oneshot
ExecStart=/steps/run
";

const RUN: &str = r#"#!/bin/sh
say() { echo "TEST $*" >/dev/kmsg; }
# What a command prints, a line each.
saying() { "$@" 2>&1 | while read -r line; do say "$line"; done; }
# The way down is no part of the test.
leave() { sync; systemctl --force "$1"; exit; }
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
step=$(cat /steps/next)
echo $((step + 1)) >/steps/next
. /steps/$step
"#;

/// Puts the steps into a system.
pub fn add(system: &System, steps: &[&str]) -> Result<()> {
    for (number, step) in steps.iter().enumerate() {
        system.file(&format!("/steps/{number}"), step)?;
    }
    system.file("/steps/next", "0\n")?;
    system.file("/steps/run", RUN)?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(system.path("/steps/run"), mode)?;
    system.file("/etc/systemd/system/steps.service", SERVICE)?;
    let wants = system.path("/etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants)?;
    symlink("../steps.service", wants.join("steps.service"))?;
    Ok(())
}

/// What the step of a boot has said.
///
/// # Errors
///
/// The machine did not end by itself; the message has the serial line.
pub fn said(outcome: &Outcome) -> Result<Vec<String>> {
    ensure!(
        outcome.exit == Exit::Status(0),
        "{:?}: {}",
        outcome.exit,
        outcome.serial
    );
    let lines = outcome.serial.lines();
    let lines = lines.filter_map(|line| line.split_once("TEST "));
    Ok(lines.map(|(_, said)| said.trim_end().to_owned()).collect())
}
