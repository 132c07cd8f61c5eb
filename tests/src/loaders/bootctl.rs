//! systemd's own view of boot entries: `bootctl list`.
//!
//! bootctl wants the root of a mounted file system. It gets a tmpfs in a mount
//! namespace, which needs no privileges where user namespaces are allowed.

use crate::debian;
use crate::tool::{command, run};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The script that runs in the namespace. Its first argument is bootctl; pairs follow of
/// a directory and the files to put there. bootctl must not see the firmware of this
/// machine.
const SCRIPT: &str = r#"set -e
bootctl=$1; esp=$2; boot=$4
[ ! -d /sys/firmware ] || mount -t tmpfs tmpfs /sys/firmware
shift
while [ $# -gt 0 ]; do
    mount -t tmpfs tmpfs "$1"
    cp -R "$2/." "$1"
    shift 2
done
exec "$bootctl" list --json=short --esp-path="$esp" ${boot:+--boot-path="$boot"}
"#;

/// The entries that bootctl finds on an ESP and an XBOOTLDR partition with the
/// files of these directories, in its order and with its keys. `root` ends in
/// `/esp` or `/xbootldr`.
pub fn entries(esp: &Path, xbootldr: Option<&Path>) -> Result<Vec<Value>> {
    let directory = tempfile::tempdir()?;
    let mut command = command("unshare");
    command
        .args(namespace()?)
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(bootctl()?)
        .env("SYSTEMD_RELAX_ESP_CHECKS", "1")
        .env("SYSTEMD_RELAX_XBOOTLDR_CHECKS", "1");
    for (name, files) in [("esp", Some(esp)), ("xbootldr", xbootldr)] {
        if let Some(files) = files {
            let root = directory.path().join(name);
            fs::create_dir(&root)?;
            command.arg(root).arg(files);
        }
    }
    let printed = run(&mut command)?;
    // Old ones print an object for each entry, new ones an array.
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&printed)
        .into_iter()
        .collect();
    let values = values.with_context(|| format!("reading what bootctl printed:\n{printed}"))?;
    Ok(match values.as_slice() {
        [Value::Array(entries)] => entries.clone(),
        _ => values,
    })
}

/// The options of unshare that give a namespace in which a test may mount.
fn namespace() -> Result<&'static [&'static str]> {
    if run(command("unshare").args(["-m", "true"])).is_ok() {
        return Ok(&["-m"]);
    }
    run(command("unshare").args(["-r", "-m", "true"]))
        .context("no mount namespace: run the tests as root, or allow user namespaces")?;
    Ok(&["-r", "-m"])
}

/// bootctl: the system's, or one unpacked from Debian's package. (Installing
/// the package on a machine with an ESP can install systemd-boot there.)
fn bootctl() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = std::env::split_paths(&path).collect();
    places.push("/usr/bin".into());
    let installed = places.iter().map(|place| place.join("bootctl"));
    if let Some(bootctl) = installed.into_iter().find(|bootctl| bootctl.is_file()) {
        return Ok(bootctl);
    }
    // bootctl has moved from the one package to the other.
    for package in ["systemd-boot", "systemd-boot-tools"] {
        let unpacked = debian::package(package)?.join("usr/bin/bootctl");
        if unpacked.is_file() {
            return Ok(unpacked);
        }
    }
    bail!("no bootctl: on Debian, systemd-boot or systemd-boot-tools has it")
}
