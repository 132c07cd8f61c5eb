//! The package for Debian.

use anyhow::Result;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::names::{self, VERSION};
use super::tree::Tree;
use crate::run::{output, run};
use crate::workspace::Workspace;

/// The scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Makes the package.
pub(super) fn make(workspace: &Workspace, tree: &Tree) -> Result<()> {
    let source = workspace.root.join("integration/debian");
    let files = tree.files()?;
    let control = tree.root.join("DEBIAN");
    fs::create_dir(&control)?;
    let mut sizes = 0;
    for file in &files {
        sizes += fs::metadata(tree.root.join(file))?.len().div_ceil(1024);
    }
    let text = fs::read_to_string(source.join("control"))?;
    let text = text.replace("@VERSION@", VERSION);
    fs::write(
        control.join("control"),
        text.replace("@SIZE@", &sizes.to_string()),
    )?;
    fs::copy(source.join("triggers"), control.join("triggers"))?;
    for script in SCRIPTS {
        fs::copy(source.join(script), control.join(script))?;
    }
    // What lies in /etc belongs to the administrator.
    let is_setting = |file: &&String| file.starts_with("etc/");
    let settings = files.iter().filter(is_setting);
    let settings: String = settings.map(|file| format!("/{file}\n")).collect();
    fs::write(control.join("conffiles"), settings)?;
    let others = files.iter().filter(|file| !is_setting(file));
    let sums = output(Command::new("md5sum").current_dir(&tree.root).args(others))?;
    fs::write(control.join("md5sums"), sums + "\n")?;
    set_modes(&control)?;

    let [name, _] = names::files();
    run(Command::new("dpkg-deb")
        .env("SOURCE_DATE_EPOCH", tree.epoch.to_string())
        .args(["--root-owner-group", "-Zxz", "--threads-max=1", "--build"])
        .arg(&tree.root)
        .arg(workspace.dist().join(name))
        .stdout(std::io::stderr()))
}

/// Sets the modes of the control files, whatever the umask is.
fn set_modes(control: &Path) -> Result<()> {
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
    set(control, 0o755)?;
    for name in ["control", "triggers", "conffiles", "md5sums"] {
        set(&control.join(name), 0o644)?;
    }
    for script in SCRIPTS {
        set(&control.join(script), 0o755)?;
    }
    Ok(())
}
