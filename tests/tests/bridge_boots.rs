//! The bridge, started by every loader, starts systems on disks that the BIOS cannot see or
//! that no loader of a BIOS can read. Each loader and each kind of menu occurs here; every
//! pair of them, behind the feature `heavy`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use tests::MIB;
use tests::debian::Flavour;
use tests::gapboot;
use tests::guests::bridge::target::counted;
use tests::guests::bridge::{Menu, Target, build, menu};
use tests::guests::running::{self, START};
use tests::images::large_sectors::{make_journal_dirty, names};
use tests::images::{Disk, Fat, Partition};
use tests::loaders::all::{By, HandedIn, Loader};
use tests::machines::ovmf;
use tests::machines::qemu::{Exit, Guest, Machine};

/// TCG, two machines at a time, on a machine that has other work.
const TIME: Duration = Duration::from_secs(600);

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

/// The machine on which a loader starts the bridge.
fn machine(loader: Loader, cmdline: Option<&str>, directory: &Path) -> Result<Machine> {
    let handed_in = HandedIn {
        cmdline,
        ..HandedIn::default()
    };
    let machine = loader.machine(bridge(), handed_in, directory)?;
    Ok(machine.memory(1024).timeout(TIME))
}

/// The serial line of a machine, once its system has turned it off.
fn end(guest: Guest) -> Result<String> {
    let outcome = guest.finish()?;
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    Ok(outcome.serial)
}

/// A loader starts the bridge, whose menu is answered on the serial line.
fn chosen(loader: Loader, kind: Menu) -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::new(kind, directory.path())?;
    let machine = machine(loader, None, directory.path())?;
    let mut guest = target.attach(machine).start()?;
    menu::choose(&mut guest, &[kind.title()])?;
    target.check(&end(guest)?)
}

/// A loader hands the bridge options, by which it starts a system without a question.
fn by_options(loader: Loader, kind: Menu, options: &str) -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::new(kind, directory.path())?;
    let machine = machine(loader, Some(options), directory.path())?;
    target.check(&end(target.attach(machine).start()?)?)
}

/// One menu with the entries of three disks, each of another kind, on the serial line and
/// on the screen: an entry is selected on the one, and started on the other.
#[test]
fn by_qemu_three_disks() -> Result<()> {
    let directory = tests::scratch()?;
    let kinds = [Menu::Grub, Menu::Extlinux, Menu::Bls];
    let targets = kinds.map(|kind| Target::new(kind, directory.path()));
    let mut machine = machine(Loader::Qemu, None, directory.path())?;
    for target in &targets {
        machine = target.as_ref().unwrap().attach(machine);
    }
    let titles = kinds.map(|kind| format!("{}: {}", kind.disk(), kind.title()));
    let titles = titles.each_ref().map(String::as_str);
    let mut guest = machine.start()?;
    let key = menu::key(&mut guest, &titles)?;
    guest.wait_for_linux_screen("Enter boot")?;
    guest.type_on_serial(&[key])?;
    guest.wait_for_serial("\x1b[7m   vda: ")?;
    guest.press_in_linux(&["ret"])?;
    let serial = end(guest)?;
    for target in &targets[..2] {
        target.as_ref().unwrap().check_unchanged()?;
    }
    targets[2].as_ref().unwrap().check(&serial)
}

/// Started by an entry `linux` of gapboot on SeaBIOS, the bridge finds its options on the
/// medium that it came from, and starts the default of the disk that they name.
#[test]
fn by_gapboot_with_options_on_the_medium() -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::new(Menu::Grub, directory.path())?;
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
    target.check(&end(machine.start()?)?)
}

/// Started by OVMF itself, the bridge finds the same by what systemd's stub leaves.
#[test]
fn by_ovmf_with_options_on_the_medium() -> Result<()> {
    let directory = tests::scratch()?;
    let target = Target::new(Menu::Uki, directory.path())?;
    let medium = directory.path().join("medium.img");
    let esp = Partition::esp(Fat::new(32))
        .file(ovmf::PROGRAM, bridge().to_owned())
        .file("gapboot/bridge.conf", "timeout 1\ndevice nvme0n1p1\n");
    Disk::new(300 * MIB).partition(esp).build(&medium)?;
    let machine = ovmf::machine(&medium, &directory.path().join("variables"))?;
    let machine = target.attach(machine.memory(1024).timeout(TIME));
    target.check(&end(machine.start()?)?)
}

/// Started as a Unified Kernel Image of gapboot's, it starts a system on a stick, which is
/// chosen on the screen.
#[test]
fn by_gapboot_type_2() -> Result<()> {
    let directory = tests::scratch()?;
    let kind = Menu::Extlinux;
    let target = Target::new(kind, directory.path())?;
    let machine = machine(Loader::Gapboot(By::Type2), None, directory.path())?;
    let mut guest = target.attach(machine).start()?;
    let key = menu::key(&mut guest, &[kind.title()])?;
    guest.wait_for_linux_screen(kind.title())?;
    guest.press_in_linux(&[&char::from(key).to_string(), "ret"])?;
    target.check(&end(guest)?)
}

#[test]
fn by_systemd_boot() -> Result<()> {
    chosen(Loader::SystemdBoot(By::Type2), Menu::Grub)
}

#[test]
fn by_grub_with_options() -> Result<()> {
    let options =
        "quiet no_timer_check gapboot.timeout=1 gapboot.device=vda gapboot.default=debian";
    by_options(Loader::Grub("linux"), Menu::Bls, options)
}

#[test]
fn by_syslinux_with_options() -> Result<()> {
    let options = "quiet no_timer_check gapboot.timeout=0 gapboot.device=PARTLABEL=system";
    by_options(Loader::Syslinux, Menu::Uki, options)
}

#[test]
fn by_isolinux() -> Result<()> {
    chosen(Loader::Isolinux, Menu::Extlinux)
}

#[test]
fn by_gapboot_kexec() -> Result<()> {
    chosen(Loader::GapbootKexec(&[], 1024), Menu::Bls)
}

/// Without a disk there is the shell; a stick that comes later brings the menu.
#[test]
fn the_shell_and_a_late_stick() -> Result<()> {
    let directory = tests::scratch()?;
    let kind = Menu::Extlinux;
    let target = Target::new(kind, directory.path())?;
    let machine = machine(Loader::Qemu, None, directory.path())?;
    let mut guest = target.attach_later(machine).start()?;
    guest.wait_for_serial("There is nothing to boot")?;
    guest.wait_for_serial("gapboot> ")?;
    guest.type_on_serial(b"nonsense\r")?;
    guest.wait_for_serial("nonsense is no command: `help` shows them")?;
    guest.type_on_serial(b"hel\t\r")?;
    guest.wait_for_serial("turn the machine off")?;
    guest.type_on_serial(b"modprobe loop max_loop=1\rls /\r")?;
    guest.wait_for_serial("which device?")?;
    target.plug(&mut guest)?;
    let key = menu::key(&mut guest, &[kind.title()])?;
    // By a script: files that the menu names too.
    guest.type_on_serial(b"c")?;
    guest.wait_for_serial("goes back to the menu")?;
    guest.type_on_serial(b"root sda1\rfind /vmlinuz\r")?;
    guest.wait_for_serial("(sda1)/vmlinuz")?;
    guest.type_on_serial(b"kernel /vmlinuz\rexit\r")?;
    guest.wait_for_serial(menu::KEYS)?;
    guest.type_on_serial(&[key, b'\r'])?;
    target.check(&end(guest)?)
}

/// Forty disks. Two are called alike, so that an option that names them starts neither. One
/// cannot be read everywhere: its system does not start, and the menu says why. The journal of
/// one would have to be replayed: its system starts, and the journal stays as it is.
#[test]
fn forty_disks() -> Result<()> {
    let directory = tests::scratch()?;
    let place = directory.path();
    let one = Target::new(Menu::Grub, place)?;
    let other = place.join("other.img");
    std::fs::copy(one.image(), &other)?;
    make_journal_dirty(&other)?;
    let other = Target::of(Menu::Grub, other)?;
    let bad = Target::new(Menu::Extlinux, place)?;
    let initrd = std::fs::read(place.join("extlinux/initrd"))?;
    let bad = bad.with_read_error(&initrd[initrd.len() - 512..])?;

    let options = "quiet no_timer_check gapboot.device=LABEL=TARGET gapboot.timeout=1";
    let mut machine = machine(Loader::Qemu, Some(options), place)?;
    machine = machine.arguments(&["-device", "virtio-scsi-pci,id=scsi"]);
    for number in 0..37 {
        let drive = format!("if=none,id=empty{number},driver=null-co,size=1M,read-zeroes=on");
        let device = format!("scsi-hd,drive=empty{number},bus=scsi.0,scsi-id={number}");
        machine = machine.arguments(&["-drive", &drive, "-device", &device]);
    }
    for target in [&one, &other, &bad] {
        machine = target.attach(machine);
    }
    let mut guest = machine.start()?;
    let titles = [
        "nvme0n1: Debian GNU/Linux",
        "nvme1n1: Debian GNU/Linux",
        Menu::Extlinux.title(),
    ];
    let last = menu::key(&mut guest, &titles)?;
    guest.wait_for_serial("LABEL=TARGET is not clear: nvme0n1p1 and nvme1n1p1")?;
    guest.type_on_serial(&[last, b'\r'])?;
    guest.wait_for_serial("cannot be read")?;
    let second = menu::key(&mut guest, &titles[..2])?;
    guest.type_on_serial(&[second, b'\r'])?;
    other.check(&end(guest)?)?;
    one.check_unchanged()?;
    bad.check_unchanged()
}

/// An entry with a counter is counted before it starts, and the system that it starts marks
/// itself good.
#[test]
fn counting() -> Result<()> {
    let directory = tests::scratch()?;
    let script = START.to_owned() + BLESS;
    let initrd = running::initrd(&script, Flavour::Cloud)?;
    let target = counted(&initrd, directory.path())?;
    let options = "quiet no_timer_check gapboot.device=vda gapboot.timeout=1 gapboot.save";
    let machine = machine(Loader::Qemu, Some(options), directory.path())?;
    let serial = end(target.attach(machine).start()?)?;
    for said in [
        "GapbootNode=1",
        "LoaderEntrySelected=debian.conf",
        "LoaderEntryDefault=debian.conf",
        "LoaderBootCountPath=/loader/entries/debian+2.conf",
        "TEST indeterminate",
        "TEST marked good: /loader/entries/debian+2.conf is now debian.conf",
    ] {
        assert!(serial.contains(said), "{said}: {serial}");
    }
    assert_eq!(names(target.image(), "/loader/entries")?, ["debian.conf"]);
    Ok(())
}

/// What the system says of its start and of itself.
const BLESS: &str = r#"
cat /sys/kernel/boot_params/setup_data/*/data
uuid=$(sed -n s/LoaderDevicePartUUID=//p /sys/kernel/boot_params/setup_data/*/data)
mkdir -p /dev/disk/by-partuuid
ln -s ../../vda1 /dev/disk/by-partuuid/$uuid
say $(gapboot bless status 2>&1)
say $(gapboot bless good 2>&1)
sync
"#;

/// All pairs of loaders and menus.
#[cfg(feature = "heavy")]
#[test]
fn all_loaders_and_menus() -> Result<()> {
    let loaders = [
        Loader::Qemu,
        Loader::Gapboot(By::Key("linux")),
        Loader::Gapboot(By::Type2),
        Loader::Ovmf,
        Loader::SystemdBoot(By::Type2),
        Loader::Grub("linux"),
        Loader::Syslinux,
        Loader::Isolinux,
        Loader::GapbootKexec(&[], 1024),
    ];
    for loader in loaders {
        for kind in Menu::ALL {
            chosen(loader, kind).map_err(|error| error.context(format!("{loader:?}, {kind:?}")))?;
        }
    }
    Ok(())
}
