//! The same decisions as systemd-boot: copies of one disk are booted by
//! systemd-boot on UEFI and by gapboot on a BIOS. Where they differ on purpose a
//! test says so, and docs/systemd-boot.md why.

mod counting;
mod menus;
mod settings;

use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::witness;
use tests::loaders::systemd_boot::Release;
use tests::machines::ovmf::PROGRAM;
use tests::{MIB, gapboot};

const ESP: &str = "esp";
const XBOOTLDR: &str = "xbootldr";
const ENTRIES: &str = "loader/entries";
const IMAGES: &str = "EFI/Linux";

/// The files of a disk, and the disks made of them.
struct Tree {
    directory: TempDir,
}

impl Tree {
    /// With a kernel, `/kernel`, on either partition.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let kernel = witness::kernel().unwrap();
        [ESP, XBOOTLDR]
            .into_iter()
            .fold(Self { directory }, |tree, partition| {
                let tree = tree.file(&format!("{partition}/kernel"), &kernel);
                [ENTRIES, IMAGES].into_iter().fold(tree, |tree, directory| {
                    tree.file(&format!("{partition}/{directory}/README"), "")
                })
            })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// `loader.conf`, after lines that leave entries of systemd-boot's own out.
    fn conf(self, text: &str) -> Self {
        let text = format!("auto-entries no\nauto-firmware no\n{text}");
        self.file("esp/loader/loader.conf", text)
    }

    /// A file in the directory of entries, on the ESP or where the name says.
    fn raw(self, name: &str, text: &str) -> Self {
        let (partition, name) = name.split_once('/').unwrap_or((ESP, name));
        self.file(&format!("{partition}/{ENTRIES}/{name}"), text)
    }

    /// An entry that boots the kernel.
    fn entry(self, name: &str, text: &str) -> Self {
        self.raw(name, &format!("{text}\nlinux /kernel\n"))
    }

    /// A unified kernel image of these sections, likewise.
    fn image(self, name: &str, sections: &[(&str, &str)]) -> Self {
        let (partition, name) = name.split_once('/').unwrap_or((ESP, name));
        let image = witness::image(sections).unwrap();
        self.file(&format!("{partition}/{IMAGES}/{name}"), image)
    }

    /// A disk with both loaders.
    fn disk(&self, release: Release) -> PathBuf {
        let image = self.path("disk.img");
        let fat = || Fat::new(16).cluster(2048);
        Disk::new(48 * MIB)
            .partition(Partition::esp(fat()).size(20 * MIB))
            .partition(Partition::xbootldr(fat()).size(20 * MIB))
            .build(&image)
            .unwrap();
        for (name, number) in [(ESP, 1), (XBOOTLDR, 2)] {
            let volume = Volume::open(&image, number).unwrap();
            volume.write_tree(&self.path(name)).unwrap();
        }
        let program = release.program().unwrap();
        Volume::open(&image, 1)
            .unwrap()
            .write(PROGRAM, program)
            .unwrap();
        gapboot::install(&image).unwrap();
        image
    }
}

/// Whether everything is to be tried, which takes minutes: `./x heavy`.
const HEAVY: bool = cfg!(feature = "heavy");

/// A name or an id without its counter.
fn without_counter(id: &str) -> String {
    let parts = id
        .rsplit_once('+')
        .and_then(|(base, rest)| Some((base, rest.split_once('.')?)));
    let Some((base, (counter, suffix))) = parts else {
        return id.to_owned();
    };
    let (left, done) = counter.split_once('-').unwrap_or((counter, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match number(left) && number(done) {
        true => format!("{base}.{suffix}"),
        false => id.to_owned(),
    }
}
