//! A tree of files, images of it made by the distribution's tools, and what is read back.

// Each test program uses another part of this.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use menus::storage::{Device, Kind, Location, Storage};
use tempfile::TempDir;
use volumes::Volumes;

/// Runs a tool; the test fails if it is missing or fails.
#[track_caller]
pub fn tool(name: &str, arguments: &[&str]) -> String {
    try_tool(name, arguments).unwrap_or_else(|error| panic!("{name} {arguments:?}: {error}"))
}

pub fn try_tool(name: &str, arguments: &[&str]) -> Result<String, String> {
    let path = "/usr/sbin:/sbin:/usr/bin:/bin";
    let run = Command::new(name)
        .args(arguments)
        .env("PATH", path)
        .env("MTOOLS_SKIP_CHECK", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!(
                "{error}: install it with `apt-get install e2fsprogs dosfstools mtools xorriso \
                 gdisk fdisk util-linux`"
            )
        })?;
    match run.status.success() {
        true => Ok(String::from_utf8_lossy(&run.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&run.stderr).into_owned()),
    }
}

/// Bytes that are the same for the same seed.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// The files of every image: path and content.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("boot/grub/grub.cfg".to_owned(), b"set timeout=5\n".to_vec()),
        (
            "boot/vmlinuz-6.1.0-18-amd64".to_owned(),
            noise(1, 3_000_001),
        ),
        ("boot/initrd.img".to_owned(), noise(2, 777_777)),
        ("empty".to_owned(), Vec::new()),
        ("a/b/c/d/deep.txt".to_owned(), b"deep".to_vec()),
        (
            "A name with blanks, and long enough for two slots.conf".to_owned(),
            b"x".to_vec(),
        ),
    ];
    for number in 0..120 {
        let name = format!("many/file-number-{number:03}.txt");
        files.push((name, vec![number; 10]));
    }
    files
}

/// Links of the images that can have them, and what they lead to.
pub const LINKS: [(&str, &str, Option<&str>); 6] = [
    (
        "vmlinuz",
        "boot/vmlinuz-6.1.0-18-amd64",
        Some("boot/vmlinuz-6.1.0-18-amd64"),
    ),
    ("a/b/up", "../../boot/initrd.img", Some("boot/initrd.img")),
    ("a/root", "/boot/grub/grub.cfg", Some("boot/grub/grub.cfg")),
    (
        "out",
        "../../../../boot/initrd.img",
        Some("boot/initrd.img"),
    ),
    ("loop", "loop", None),
    ("gone", "nowhere/at/all", None),
];

/// A directory with the files.
pub struct Source(pub TempDir);

impl Source {
    pub fn new(has_links: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files() {
            let at = root.path().join(path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, content).unwrap();
        }
        for (path, target, _) in LINKS.iter().filter(|_| has_links) {
            std::os::unix::fs::symlink(target, root.path().join(path)).unwrap();
        }
        Self(root)
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

/// A file of a directory that goes with the test.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    /// An empty image of this size in MiB.
    pub fn image(&self, name: &str, mib: u64) -> String {
        let file = fs::File::create(self.at(name)).unwrap();
        file.set_len(mib << 20).unwrap();
        self.name(name)
    }
}

/// Fills a FAT image with a directory.
pub fn mcopy(image: &str, source: &str) {
    let mut arguments = vec!["-s", "-i", image];
    let entries: Vec<String> = fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    arguments.extend(entries.iter().map(String::as_str));
    arguments.push("::/");
    tool("mcopy", &arguments);
}

/// What blkid says of an image, by key.
pub fn blkid(image: &str) -> BTreeMap<String, String> {
    let text = tool("blkid", &["-p", "-o", "export", image]);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let own = |(key, value): (&str, &str)| (key.to_owned(), value.replace('\\', ""));
    pairs.map(own).collect()
}

pub fn at(device: Device, path: &str) -> Location {
    Location::new(device, path).unwrap()
}

/// All files of a device, by their paths.
pub fn all(volumes: &Volumes, device: Device) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec!["/".to_owned()];
    while let Some(folder) = folders.pop() {
        let names = volumes.directory(&at(device, &folder), 10_000).unwrap();
        for name in names {
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            match volumes.kind(&at(device, &path)) {
                Ok(Kind::Directory) => folders.push(path),
                Ok(Kind::File { size }) => {
                    let content = volumes.read(&at(device, &path), 1 << 24).unwrap();
                    assert_eq!(content.len() as u64, size);
                    found.insert(path[1..].to_owned(), content);
                }
                Err(_) => {}
            }
        }
    }
    found
}

/// The device has the files of [`files`], and maybe the links.
#[track_caller]
pub fn check(volumes: &Volumes, device: Device, has_links: bool) {
    let mut expected: BTreeMap<_, _> = files().into_iter().collect();
    for (path, _, target) in LINKS.iter().filter(|_| has_links) {
        if let Some(target) = target {
            expected.insert((*path).to_owned(), expected[*target].clone());
        }
    }
    let mut found = all(volumes, device);
    found.retain(|path, _| !path.starts_with("lost+found"));
    let names = |map: &BTreeMap<String, Vec<u8>>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    assert!(found == expected, "contents differ");
    use menus::storage::Failure::*;
    for path in [
        "/nowhere",
        "/boot/nowhere",
        "/empty/below",
        "/gone",
        "/loop",
    ] {
        assert_eq!(volumes.kind(&at(device, path)), Err(Missing), "{path}");
    }
    let kernel = at(device, "/boot/vmlinuz-6.1.0-18-amd64");
    assert_eq!(volumes.read(&kernel, 3_000_000), Err(Large));
    assert_eq!(volumes.directory(&at(device, "/many"), 119), Err(Large));
    assert_eq!(volumes.directory(&at(device, "/empty"), 10), Err(Missing));
    assert_eq!(volumes.kind(&at(device, "/")), Ok(Kind::Directory));
}

pub fn open(path: &str) -> Volumes {
    Volumes::open(Path::new(path)).unwrap()
}

/// Label and UUID are blkid's.
#[track_caller]
pub fn check_names(volumes: &Volumes, device: Device, image: &str, kind: &str) {
    let known = blkid(image);
    let properties = volumes.properties(device);
    let text = |key: &str| Some(known.get(key).cloned().unwrap_or_default());
    assert_eq!(properties.uuid, text("UUID"), "{known:?}");
    assert_eq!(properties.label, text("LABEL"), "{known:?}");
    assert_eq!(properties.file_system.as_deref(), Some(kind));
}
