//! A running system made of plain files, for the hidden option `--root`.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// PARTUUIDs of the system's partitions: the ESP, and XBOOTLDR.
pub const UUIDS: [&str; 2] = [
    "6b25fc6a-0b2a-4b6c-9a0d-5e4cb2b1f0d1",
    "0d3a6e6e-1f4f-4b8d-8d9e-0a7f5f1f2c3b",
];

/// A system with a disk `vda`, whose partitions begin at sectors 2048 and 6144.
pub struct Fake {
    directory: TempDir,
    mounts: Vec<String>,
}

impl Fake {
    /// The system; its disk is the image file, which is linked to.
    pub fn new(image: &Path) -> Self {
        let fake = Self {
            directory: tempfile::tempdir().unwrap(),
            mounts: Vec::new(),
        };
        fake.write("sys/devices/vda/dev", "254:0\n");
        for (name, start, uuid) in [("vda1", 2048, UUIDS[0]), ("vda2", 6144, UUIDS[1])] {
            let number = &name[3..];
            let device = format!("sys/devices/vda/{name}");
            fake.write(&format!("{device}/dev"), &format!("254:{number}\n"));
            fake.write(&format!("{device}/partition"), &format!("{number}\n"));
            fake.write(&format!("{device}/start"), &format!("{start}\n"));
            fake.link(
                &format!("../../devices/vda/{name}"),
                &format!("sys/class/block/{name}"),
            );
            fake.link(
                &format!("../../{name}"),
                &format!("dev/disk/by-partuuid/{uuid}"),
            );
        }
        fake.link("../../devices/vda", "sys/class/block/vda");
        fake.link(image.to_str().unwrap(), "dev/vda");
        fake.write("proc/self/mountinfo", "");
        fake
    }

    /// Mounts a partition: makes the directory, and gives the partition the
    /// directory's device number.
    pub fn mount(&mut self, name: &str, at: &str) -> &mut Self {
        let directory = self.path(at);
        fs::create_dir_all(&directory).unwrap();
        let device = fs::metadata(&directory).unwrap().dev();
        let number = format!(
            "{}:{}",
            rustix::fs::major(device),
            rustix::fs::minor(device)
        );
        self.write(&format!("sys/devices/vda/{name}/dev"), &number);
        self.mounts.push(format!(
            "36 25 {number} / {at} rw,relatime shared:15 - vfat /dev/{name} rw"
        ));
        self.write("proc/self/mountinfo", &(self.mounts.join("\n") + "\n"));
        self
    }

    /// Adds nodes as the kernel shows them, the last one gapboot's.
    pub fn node(&self, data: &str) -> &Self {
        let nodes = "sys/kernel/boot_params/setup_data";
        self.write(&format!("{nodes}/0/type"), "0x9\n");
        self.write(&format!("{nodes}/0/data"), "seed");
        self.write(&format!("{nodes}/1/type"), "0x42504147\n");
        self.write(&format!("{nodes}/1/data"), data);
        self
    }

    /// Makes the calling process one of the system itself, not of a container or chroot.
    pub fn whole(&self) -> &Self {
        self.link("pid:[4026531836]", "proc/self/ns/pid");
        self.link("../..", "proc/1/root");
        self
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn link(&self, target: &str, path: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    pub fn root(&self) -> &str {
        self.directory.path().to_str().unwrap()
    }

    /// The names of the files in a directory, in their order.
    pub fn files(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}
