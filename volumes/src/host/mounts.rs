//! The mounts of this process, as proc(5) describes `mountinfo`.

use std::fs;
use std::path::{Path, PathBuf};

use super::Host;

const MOUNTS: &str = "/proc/self/mountinfo";

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Numbers of its device, `259:1`. Those of btrfs are of no device: see `source`.
    pub(crate) device: String,
    /// The directory of the file system that is mounted, `/` for the whole.
    pub(crate) root: String,
    /// Where it is mounted.
    pub(crate) at: PathBuf,
    /// Kind of file system, as Linux names it.
    pub(crate) kind: String,
    /// What was mounted, as `/dev/sda1`.
    pub(crate) source: String,
}

impl Host {
    /// What is mounted at `directory` and below it and comes from block devices: by the
    /// place of the mount, of several at one place the uppermost.
    pub(crate) fn mounts(&self, directory: &Path) -> Vec<Mount> {
        let text = fs::read_to_string(self.path(MOUNTS)).unwrap_or_default();
        let mut mounts: Vec<Mount> = Vec::new();
        for mut mount in text.lines().filter_map(Mount::parse) {
            mount.at = self.path(&mount.at.to_string_lossy());
            if mount.at.starts_with(directory) {
                // It hides what was mounted there and below.
                mounts.retain(|hidden| !hidden.at.starts_with(&mount.at));
                mounts.push(mount);
            }
        }
        mounts.retain(Mount::is_of_a_device);
        mounts.sort_by(|a, b| a.at.cmp(&b.at));
        mounts
    }
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (place, source) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(2);
        let mut source = source.split(' ');
        Some(Self {
            device: place.next()?.to_owned(),
            root: unescape(place.next()?),
            at: unescape(place.next()?).into(),
            kind: source.next()?.to_owned(),
            source: unescape(source.next()?),
        })
    }

    fn is_of_a_device(&self) -> bool {
        !self.device.starts_with("0:") || self.source.starts_with("/dev/")
    }
}

/// Blanks and backslashes stand as `\040` in the kernel's lists.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.split_at_checked(3);
        let code = code.and_then(|(code, rest)| Some((u8::from_str_radix(code, 8).ok()?, rest)));
        match code {
            Some((code, rest)) => {
                whole.push(code.into());
                whole += rest;
            }
            None => {
                whole.push('\\');
                whole += piece;
            }
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_devices() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::below(root.path());
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let text = "\
            1 0 8:2 / / rw - ext4 /dev/sda2 rw\n\
            2 1 0:5 / /proc rw - proc proc rw\n\
            3 1 8:9 / /boot rw - ext4 /dev/sda9 rw\n\
            4 3 8:1 / /boot/efi rw shared:1 - vfat /dev/sda1 rw\n\
            5 1 0:30 /@ /boot rw - btrfs /dev/sdb1 rw,subvol=/@\n\
            6 1 8:3 / /mnt/a\\040b rw - xfs /dev/sda3 rw\n\
            7 1 8:4 / /boots rw - ext4 /dev/sda4 rw\n\
            nonsense\n";
        fs::write(root.path().join("proc/self/mountinfo"), text).unwrap();
        let at = |directory: &str| -> Vec<String> {
            let mounts = host.mounts(&host.path(directory));
            let each = |mount: &Mount| {
                let at = mount.at.strip_prefix(root.path()).unwrap();
                format!("/{} {}", at.display(), mount.source)
            };
            mounts.iter().map(each).collect()
        };
        assert_eq!(at("/boot"), ["/boot /dev/sdb1"], "it hides what was there");
        assert_eq!(
            at("/"),
            [
                "/ /dev/sda2",
                "/boot /dev/sdb1",
                "/boots /dev/sda4",
                "/mnt/a b /dev/sda3"
            ]
        );
        assert_eq!(host.mounts(&host.path("/boot"))[0].root, "/@");
    }
}
