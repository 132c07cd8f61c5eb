//! Initial RAM file systems.

use crate::debian;
use crate::tool::{command, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// A cpio archive in the format "newc", which Linux unpacks.
///
/// The same members give the same bytes: no times, no owners.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    members: u32,
}

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const CHARACTER_DEVICE: u32 = 0o020_600;

impl Archive {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory.
    #[must_use]
    pub fn directory(mut self, path: &str) -> Self {
        self.member(path, DIRECTORY, (0, 0), &[]);
        self
    }

    /// Adds an executable file.
    #[must_use]
    pub fn program(mut self, path: &str, content: &[u8]) -> Self {
        self.member(path, PROGRAM, (0, 0), content);
        self
    }

    /// Adds a program of this machine, and the shared libraries that it needs.
    pub fn linked(mut self, path: &str, program: &Path) -> Result<Self> {
        let multiarch = "lib/x86_64-linux-gnu";
        for directory in ["lib", multiarch, "lib64", "usr", "usr/lib"] {
            self = self.directory(directory);
        }
        self = self.directory(&format!("usr/{multiarch}"));
        let printed = run(command("ldd").arg(program))?;
        ensure!(
            !printed.contains("not found"),
            "libraries of {} are missing; `./x test` installs their packages:\n{printed}",
            program.display()
        );
        let words = printed.split_whitespace();
        for library in words.filter(|word| word.starts_with('/')) {
            self = self.program(library.trim_start_matches('/'), &fs::read(library)?);
        }
        Ok(self.program(path, &fs::read(program)?))
    }

    /// Adds a character device.
    #[must_use]
    pub fn device(mut self, path: &str, major: u32, minor: u32) -> Self {
        self.member(path, CHARACTER_DEVICE, (major, minor), &[]);
        self
    }

    /// The archive's bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.member("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn member(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.members += 1;
        let links = if mode == DIRECTORY { 2 } else { 1 };
        let name = path.len() as u32 + 1;
        // inode, mode, uid, gid, links, mtime, size, the file system's device,
        // the member's own device, length of the name, checksum
        let size = content.len() as u32;
        let fields = [
            self.members,
            mode,
            0,
            0,
            links,
            0,
            size,
            0,
            0,
            device.0,
            device.1,
            name,
            0,
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes().chain([0]));
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// An initramfs of Debian's busybox and an `/init` script, which finds the
/// applets as `/bin/busybox NAME` and needs `#!/bin/busybox sh` on top.
pub fn busybox(init: &str) -> Result<Vec<u8>> {
    let path = debian::busybox()?;
    let program = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut archive = Archive::new();
    for directory in ["bin", "dev", "proc", "sys", "tmp", "run"] {
        archive = archive.directory(directory);
    }
    Ok(archive
        .device("dev/console", 5, 1)
        .program("bin/busybox", &program)
        .program("init", init.as_bytes())
        .finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpio_reads_the_archive() {
        let directory = tempfile::tempdir().unwrap();
        let archive = Archive::new()
            .directory("bin")
            .program("bin/a", b"12345")
            .finish();
        fs::write(directory.path().join("archive"), archive).unwrap();
        let script = "cpio --quiet -id < archive && stat -c '%a %s' bin/a";
        let printed = crate::tool::run(
            crate::tool::command("sh")
                .args(["-e", "-c", script])
                .current_dir(directory.path()),
        );
        assert_eq!(printed.unwrap(), "755 5\n");
    }
}
