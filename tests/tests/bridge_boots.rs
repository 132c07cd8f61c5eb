//! The bridge, started by several loaders, starts systems on disks that the BIOS cannot see
//! or that no loader of a BIOS can read.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use tests::MIB;
use tests::gapboot;
use tests::guests::bridge::{MENU, Target, build};
use tests::images::{Disk, Fat, Partition};
use tests::loaders::all::{By, HandedIn, Loader};
use tests::machines::qemu::{Exit, Machine};

/// TCG, two machines at a time, on a machine that has other work.
const TIME: Duration = Duration::from_secs(300);

/// The file of the bridge, made once.
fn bridge() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, image) = MADE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let image = build(directory.path(), &[]).unwrap();
        (directory, image)
    });
    image
}

/// Runs a machine until its end, after the keys that are typed on the serial line as soon
/// as the menu shows these titles.
fn run(machine: &Machine, titles: &[&str], keys: &str) -> Result<String> {
    let mut guest = machine.start()?;
    for title in titles {
        guest.wait_for_serial(title)?;
    }
    if !keys.is_empty() {
        guest.wait_for_serial(MENU)?;
        guest.type_on_serial(keys.as_bytes())?;
    }
    let outcome = guest.finish()?;
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    Ok(outcome.serial)
}

/// One menu with the entries of three disks, each of another kind, answered on the serial
/// line: the one on virtio with sectors of 4096 bytes is started.
#[test]
fn by_qemu_three_disks() -> Result<()> {
    let directory = tests::scratch()?;
    let targets = [
        Target::bls(directory.path())?,
        Target::grub(directory.path())?,
        Target::extlinux(directory.path())?,
    ];
    let mut machine = Loader::Qemu.machine(bridge(), HandedIn::default(), directory.path())?;
    for target in &targets {
        machine = target.attach(machine);
    }
    let titles = [
        "nvme0n1: Debian by GRUB",
        "sda: Debian by EXTLINUX",
        "vda: Debian by BLS",
    ];
    let serial = run(&machine.memory(1024).timeout(TIME), &titles, "\x1b[F\r")?;
    targets[0].check(&serial)?;
    targets[1].check_unchanged()?;
    targets[2].check_unchanged()
}

/// Started by an entry `linux` of gapboot on SeaBIOS, the bridge finds its options on the
/// medium that it came from, and starts the default of the disk that they name.
#[test]
fn by_gapboot_with_options_on_the_medium() -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::grub(directory.path())?;
    let medium = directory.path().join("medium.img");
    let esp = Partition::esp(Fat::new(32))
        .file("bridge.efi", bridge().to_owned())
        .file(
            "loader/entries/bridge.conf",
            "title Bridge\nlinux /bridge.efi\n",
        )
        .file(
            "gapboot/bridge.conf",
            "# options\r\ntimeout = 1\r\ndevice LABEL=TARGET\r\n",
        );
    Disk::new(300 * MIB).partition(esp).build(&medium)?;
    gapboot::install(&medium)?;
    let machine = target.attach(Machine::new(&medium).memory(1024).timeout(TIME));
    target.check(&run(&machine, &[], "")?)
}

/// Started as a unified kernel image of gapboot's, it starts a system on a stick.
#[test]
fn by_gapboot_type_2() -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::extlinux(directory.path())?;
    let loader = Loader::Gapboot(By::Type2);
    let machine = loader.machine(bridge(), HandedIn::default(), directory.path())?;
    let machine = target.attach(machine).memory(1024).timeout(TIME);
    let titles = ["sda: Debian by EXTLINUX"];
    let serial = run(&machine, &titles, "\r")?;
    target.check(&serial)
}

/// Started by GRUB, with options on the command line.
#[test]
fn by_grub_with_options() -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::bls(directory.path())?;
    let handed_in = HandedIn {
        cmdline: Some("quiet gapboot.timeout=1 gapboot.device=vda gapboot.default=debian"),
        ..HandedIn::default()
    };
    let machine = Loader::Grub("linux").machine(bridge(), handed_in, directory.path())?;
    let machine = target.attach(machine).memory(1024).timeout(TIME);
    target.check(&run(&machine, &[], "")?)
}

/// Without a disk there is the shell.
#[test]
fn the_shell() -> Result<()> {
    let directory = tests::scratch()?;
    let machine = Loader::Qemu.machine(bridge(), HandedIn::default(), directory.path())?;
    let mut guest = machine.timeout(TIME).start()?;
    guest.wait_for_serial("There is nothing to boot")?;
    guest.wait_for_serial("gapboot> ")?;
    guest.type_on_serial(b"nonsense\r")?;
    guest.wait_for_serial("nonsense is no command: `help` shows them")?;
    guest.type_on_serial(b"hel\t\r")?;
    guest.wait_for_serial("turn the machine off")?;
    guest.type_on_serial(b"poweroff\r")?;
    let outcome = guest.finish()?;
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    Ok(())
}
