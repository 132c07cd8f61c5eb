//! The package in Debian systems made by debootstrap, with real kernel packages: what a person
//! does by the README.
//!
//! `./x heavy`, because the systems and their boots take minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::MIB;
use tests::debian::system::{Release, System};
use tests::gapboot::{built, gapboot, install_0_1_0};
use tests::guests::steps;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::loaders::systemd_boot;
use tests::machines::ovmf;
use tests::machines::qemu::{Bus, Machine};

/// What a small server has besides what every Debian has.
const PACKAGES: [&str; 6] = [
    "systemd-sysv",
    "udev",
    "kmod",
    "initramfs-tools",
    "zstd",
    "dbus",
];
/// Takes the directory out of the paths in entries: kernel-install takes it for a part of the
/// root file system, because no file system is mounted there.
const PATHS: &str = r#"sed -i "s, /boot/efi/, /," /boot/efi/loader/entries/*.conf"#;
const PATIENCE: Duration = Duration::from_secs(3600);
const MEMORY: u32 = 1024;

/// A system with the package, in which kernels get entries.
struct Prepared {
    system: System,
    _directory: tempfile::TempDir,
}

impl Prepared {
    fn new(release: Release) -> Self {
        let directory = tempfile::Builder::new()
            .tempdir_in(tests::root().join("target"))
            .unwrap();
        let system = System::of(release, &PACKAGES).unwrap();
        let system = system.copy(&directory.path().join("tree")).unwrap();
        let deb = format!("gapboot_{}_amd64.deb", env!("CARGO_PKG_VERSION"));
        let deb = fs::read(built(&deb).unwrap()).unwrap();
        for (path, content) in [
            ("/steps/gapboot.deb", &deb[..]),
            // Without a machine, kernel-install cannot tell what is mounted.
            (
                "/etc/kernel/install.conf",
                b"layout=bls\nBOOT_ROOT=/boot/efi\n",
            ),
            ("/etc/kernel/entry-token", b"debian\n"),
            ("/etc/kernel/tries", b"3\n"),
            // The shortest time for a slow processor.
            (
                "/etc/initramfs-tools/conf.d/test",
                b"COMPRESS=zstd\nCOMPRESSLEVEL=1\n",
            ),
        ] {
            system.file(path, content).unwrap();
        }
        let line = format!("{} rw panic=1\n", steps::COMMAND_LINE);
        system.file("/etc/kernel/cmdline", line).unwrap();
        fs::create_dir_all(system.path("/boot/efi")).unwrap();
        Self {
            system,
            _directory: directory,
        }
    }

    fn run(&self, words: &[&str]) -> String {
        let environment = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"];
        let merged = ["sh", "-c", "exec \"$@\" 2>&1", "sh"];
        let words = [&environment[..], &merged, words].concat();
        self.system.run("/", &words).unwrap()
    }

    /// The versions of Debian's kernels: the usual one, and the one for clouds.
    fn kernels(&self) -> [String; 2] {
        self.run(&["apt-get", "-q", "update"]);
        ["linux-image-amd64", "linux-image-cloud-amd64"].map(|name| {
            let depends = self.run(&["apt-cache", "depends", "--important", name]);
            let image = depends
                .lines()
                .find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
            image.expect("a kernel's package").to_owned()
        })
    }

    fn install_kernel(&self, version: &str) -> String {
        let name = format!("linux-image-{version}");
        let install = ["apt-get", "-q", "-y", "install", "--no-install-recommends"];
        self.run(&[&install[..], &[&name]].concat())
    }

    fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.system.path(path)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn same(&self, one: &str, other: &str) -> bool {
        let read = |path: &str| fs::read(self.system.path(path)).unwrap();
        read(one) == read(other)
    }
}

/// Installing, upgrading and removing the package and a kernel, without a machine.
fn hooks(release: Release) {
    let debian = Prepared::new(release);
    let [_, version] = debian.kernels();
    let said = debian.run(&["dpkg", "--install", "/steps/gapboot.deb"]);
    assert!(said.contains("no loader was updated: this is a "), "{said}");

    debian.install_kernel(&version);
    debian.run(&["sh", "-c", PATHS]);
    let entry = format!("debian-{version}+3-0.conf");
    let entries = "/boot/efi/loader/entries";
    assert_eq!(debian.names(entries), [&*entry]);
    let text = fs::read_to_string(debian.system.path(&format!("{entries}/{entry}"))).unwrap();
    assert!(text.contains("printk.devkmsg=on"), "{text}");
    let initrd = text
        .lines()
        .find_map(|line| line.strip_prefix("initrd"))
        .unwrap_or_else(|| panic!("no initrd in {text}"));
    let initrd = format!("/boot/efi{}", initrd.trim());
    let made = format!("/boot/initrd.img-{version}");
    assert!(debian.same(&initrd, &made));

    // A new initrd comes to the EFI system partition.
    let module = "/etc/initramfs-tools/modules";
    debian.system.file(module, "vfat\nbrd\n").unwrap();
    debian.run(&["update-initramfs", "-u"]);
    assert!(debian.same(&initrd, &made));
    assert_eq!(debian.names(entries), [&*entry]);
    let listed = debian.run(&["lsinitramfs", &made]);
    for name in [
        "usr/bin/gapboot",
        "61-gapboot.rules",
        "scripts/local-top/gapboot",
    ] {
        assert!(listed.contains(name), "{name} is not in {listed}");
    }

    debian.run(&["dpkg", "--install", "/steps/gapboot.deb"]);
    let remove = ["apt-get", "-q", "-y", "remove"];
    debian.run(&[&remove[..], &[&format!("linux-image-{version}")]].concat());
    assert!(debian.names(entries).is_empty());

    let said = debian.run(&["dpkg", "--purge", "gapboot"]);
    assert!(
        said.contains("the boot loader stays on every disk"),
        "{said}"
    );
    let left = debian.run(&["find", "/etc", "/usr", "-xdev", "-name", "*gapboot*"]);
    assert_eq!(left, "");
}

#[test]
fn the_hooks_in_debian_12() {
    hooks(Release::Bookworm);
}

#[test]
fn the_hooks_in_debian_13() {
    hooks(Release::Trixie);
}

/// Booted by version 0.1.0's loader: the package brings this version, and a new kernel its
/// entry.
const UPGRADE: &str = r#"
say running $(uname -r)
say loader $(gapboot status | head -n 1)
rm /etc/systemd/system/gapboot-update.service
# Small initrds from now on: the first one, which has started this system, is a default one.
echo MODULES=dep >>/etc/initramfs-tools/conf.d/test
say package $(dpkg --install /steps/gapboot.deb 2>&1 | grep 'gapboot.* to ')
saying dpkg --install /steps/kernel.deb
say entries $(ls /boot/efi/loader/entries)
leave reboot
"#;
/// Booted by this version, with the new kernel, which works: and a kernel comes that does not.
const BROKEN: &str = r#"
say running $(uname -r)
say loader $(gapboot status | head -n 1)
say verdict $(gapboot bless status)
cd /boot/efi/loader/entries
say entries $(ls)
sed -e '/^version/s/ .*/ 99/' -e '/^initrd/d' -e 's/^options.*/options console=ttyS0 panic=1/' \
    debian-$(uname -r).conf >debian-99+1-0.conf
cd /
leave reboot
"#;
/// After the kernel that does not come up: the other one is back. The first kernel goes.
const REMOVE: &str = r#"
say running $(uname -r)
say entries $(ls /boot/efi/loader/entries)
rm /boot/efi/loader/entries/debian-99+*
saying dpkg --purge $(cat /steps/first)
say entries $(ls /boot/efi/loader/entries)
leave poweroff
"#;
/// By UEFI.
const UEFI: &str = r#"
say running $(uname -r)
say uefi $(ls -d /sys/firmware/efi)
say root $(findmnt -n -o PARTLABEL /)
leave poweroff
"#;

/// A disk with the system: an EFI system partition with what lies below /boot/efi, and a root
/// partition, which no entry names.
fn disk(debian: &Prepared, path: &Path) {
    let efi = debian.system.path("/boot/efi");
    let files = debian.system.path("/../efi");
    fs::rename(&efi, &files).unwrap();
    fs::create_dir(&efi).unwrap();
    let esp = Partition::esp(Fat::new(32).argument("-nESP")).size(400 * MIB);
    let root = Partition::root(&debian.system.path("/"));
    Disk::new(3072 * MIB)
        .partition(esp)
        .partition(root)
        .build(path)
        .unwrap();
    let volume = Volume::open(path, 1).unwrap();
    volume.write_tree(&files).unwrap();
    let program = systemd_boot::Release::Trixie.program().unwrap();
    volume
        .write("EFI/BOOT/BOOTX64.EFI", fs::read(program).unwrap())
        .unwrap();
}

/// What a boot says, line by line, without the words that name the line.
struct Boot(Vec<String>);

impl Boot {
    fn of(machine: &Machine) -> Self {
        Self(steps::said(&machine.run().unwrap()).unwrap())
    }

    #[track_caller]
    fn line(&self, name: &str) -> &str {
        let mut lines = self.0.iter();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}: {:?}", self.0))
    }
}

fn machine(disk: PathBuf) -> Machine {
    let machine = Machine::new(&disk).bus(Bus::Virtio).memory(MEMORY);
    machine.writable().timeout(PATIENCE)
}

#[test]
fn a_persons_steps_in_debian_13() {
    let debian = Prepared::new(Release::Trixie);
    let [first, second] = debian.kernels();
    let system = &debian.system;
    debian.run(&["dpkg", "--install", "/steps/gapboot.deb"]);
    debian.install_kernel(&first);
    debian.run(&["sh", "-c", PATHS]);
    let archives = "/var/cache/apt/archives";
    debian.run(&["apt-get", "clean"]);
    let name = format!("linux-image-{second}");
    let download = ["apt-get", "-q", "-y", "install", "--no-install-recommends"];
    debian.run(&[&download[..], &["--download-only", &name]].concat());
    let names = debian.names(archives);
    let deb = names.iter().find(|file| file.starts_with(&name)).unwrap();
    let deb = system.path(&format!("{archives}/{deb}"));
    fs::rename(deb, system.path("/steps/kernel.deb")).unwrap();
    system
        .file("/steps/first", format!("linux-image-{first}\n"))
        .unwrap();
    system
        .file("/etc/fstab", "LABEL=ESP /boot/efi vfat umask=077 0 2\n")
        .unwrap();
    // At the first boot it is the package's script that updates the loader.
    let masked = system.path("/etc/systemd/system/gapboot-update.service");
    std::os::unix::fs::symlink("/dev/null", masked).unwrap();
    steps::add(system, &[UPGRADE, BROKEN, REMOVE, UEFI]).unwrap();

    let directory = tempfile::tempdir_in(tests::root().join("target")).unwrap();
    let image = directory.path().join("disk.img");
    disk(&debian, &image);
    install_0_1_0(&image).unwrap();
    let status = gapboot(&["status", "--check", image.to_str().unwrap()]).unwrap();
    assert!(status.status.success(), "{status:?}");
    let on_seabios = machine(image.clone());

    let boot = Boot::of(&on_seabios);
    assert_eq!(boot.line("running"), first);
    assert!(boot.line("loader").contains("gapboot 0.1.0, intact, older"));
    let version = env!("CARGO_PKG_VERSION");
    let updated = format!("updated gapboot 0.1.0 to {version}; read back and compared");
    assert!(boot.line("package").ends_with(&updated), "{:?}", boot.0);
    // The package's hook is in a new initrd of the first kernel, which is counted anew.
    let entries = format!("debian-{first}+3-0.conf debian-{second}+3-0.conf");
    assert_eq!(boot.line("entries"), entries);

    let boot = Boot::of(&on_seabios);
    assert_eq!(boot.line("running"), second);
    let current = format!("gapboot {version}, intact, up to date");
    assert!(boot.line("loader").ends_with(&current), "{:?}", boot.0);
    assert_eq!(boot.line("verdict"), "good");
    let entries = format!("debian-{first}+3-0.conf debian-{second}.conf");
    assert_eq!(boot.line("entries"), entries);

    // The broken kernel restarts the machine, which ends here.
    let broken = on_seabios.run().unwrap();
    assert!(broken.serial.contains("Kernel panic"), "{}", broken.serial);

    let boot = Boot::of(&on_seabios);
    assert_eq!(boot.line("running"), second);
    let entries = format!("debian-{first}+3-0.conf debian-{second}.conf debian-99+0-1.conf");
    assert_eq!(boot.line("entries"), entries);
    let last = boot.0.last().unwrap();
    assert_eq!(*last, format!("entries debian-{second}.conf"));

    let status = gapboot(&["status", image.to_str().unwrap()]).unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(&current), "{status}");

    let variables = directory.path().join("variables");
    let on_ovmf = ovmf::machine(&image, &variables).unwrap();
    let on_ovmf = on_ovmf.bus(Bus::Virtio).memory(MEMORY);
    let boot = Boot::of(&on_ovmf.writable().timeout(PATIENCE));
    assert_eq!(boot.line("running"), second);
    assert_eq!(boot.line("uefi"), "/sys/firmware/efi");
}
