//! One file for every loader: the table that the README shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::loaders::all::{By, HandedIn, Loader, carries};
use tests::loaders::uki::{CMDLINE, OS_RELEASE, OWN, STUB, Workshop, said, stub};
use tests::machines::qemu::{Exit, Machine, Outcome};

use tests::data::sha256;
use tests::debian::trixie;
use tests::{gapboot, tool};

/// The image came up with its own command line and initrds.
#[track_caller]
fn assert_own(outcome: &Outcome) {
    assert_eq!(said(outcome, "TEST-CMDLINE"), CMDLINE);
    assert_eq!(said(outcome, "TEST-ORDER"), "initrd");
    assert_eq!(said(outcome, "TEST-HANDED-IN"), "");
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
}

/// An image of everything is started with nothing handed in, and with an
/// initrd and a command line.
fn starts(loader: Loader) {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let (image, _) = workshop.sign(&image).unwrap();
    let extra = sha256(OS_RELEASE.as_bytes());

    let outcome = loader.start(&image, HandedIn::default(), 512).unwrap();
    assert_own(&outcome);
    assert_eq!(said(&outcome, "TEST-EXTRA"), extra);

    let initrd = workshop.path("handed-in");
    let handed_in = HandedIn {
        initrd: Some(&initrd),
        cmdline: Some(OWN),
    };
    let outcome = loader.start(&image, handed_in, 512).unwrap();
    let cmdline = said(&outcome, "TEST-CMDLINE");
    // Loaders put their own words around it.
    assert!(cmdline.contains(OWN), "{cmdline}");
    assert!(!cmdline.contains("built.in"), "{cmdline}");
    assert_eq!(said(&outcome, "TEST-HANDED-IN"), "yes");
    assert_eq!(
        said(&outcome, "TEST-ORDER"),
        "initrd",
        "it comes before .initrd"
    );
    assert_eq!(said(&outcome, "TEST-EXTRA"), extra);
}

#[test]
fn qemu_starts_it_in_16_bits() {
    starts(Loader::Qemu);
}

#[test]
fn grub_starts_it_in_32_bits() {
    starts(Loader::Grub("linux"));
}

#[test]
fn grub_starts_it_in_16_bits() {
    starts(Loader::Grub("linux16"));
}

#[test]
fn syslinux_starts_it() {
    starts(Loader::Syslinux);
}

#[test]
fn kexec_load_starts_it() {
    starts(Loader::Kexec(&["-l"], 1024));
}

#[test]
fn kexec_file_load_starts_it() {
    starts(Loader::Kexec(&["-l", "-s"], 1024));
}

#[test]
fn kexec_starts_it_in_32_bits() {
    starts(Loader::Kexec(&["-l", "--type=bzImage"], 1024));
}

/// Signed without a gap, and started by OVMF.
fn starts_on_uefi(stub: &Path) {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(stub).unwrap();
    let (signed, tools) = workshop.sign(&image).unwrap();
    assert!(
        !tools.contains("warning") && !tools.contains("gap"),
        "{tools}"
    );
    let outcome = Loader::Ovmf
        .start(&signed, HandedIn::default(), 512)
        .unwrap();
    assert_own(&outcome);
    assert!(
        !outcome.serial.contains("Overlapping"),
        "{}",
        outcome.serial
    );
    // What UEFI starts, any other loader does too.
    assert_own(
        &Loader::Qemu
            .start(&signed, HandedIn::default(), 512)
            .unwrap(),
    );
}

#[test]
fn ovmf_starts_it_by_this_releases_stub() {
    starts_on_uefi(&stub().unwrap());
}

#[test]
fn ovmf_starts_it_by_debian_13s_stub() {
    starts_on_uefi(&trixie::package("systemd-boot-efi").unwrap().join(STUB));
}

/// By an entry of a menu, and with nothing handed in.
fn starts_by_menu(loader: Loader, image: impl Fn(&Workshop) -> PathBuf) {
    let workshop = Workshop::new().unwrap();
    let image = image(&workshop);
    assert_own(&loader.start(&image, HandedIn::default(), 512).unwrap());
}

fn both_in_one(workshop: &Workshop) -> PathBuf {
    let image = workshop.build(&stub().unwrap()).unwrap();
    workshop.sign(&image).unwrap().0
}

fn plain(workshop: &Workshop) -> PathBuf {
    workshop.plain(&stub().unwrap()).unwrap()
}

#[test]
fn systemd_boot_starts_it_by_a_type_1_entry() {
    starts_by_menu(Loader::SystemdBoot(By::Key("efi")), both_in_one);
}

#[test]
fn systemd_boot_starts_it_by_a_type_2_entry() {
    starts_by_menu(Loader::SystemdBoot(By::Type2), both_in_one);
}

#[test]
fn gapboot_starts_it_as_a_kernel() {
    starts_by_menu(Loader::Gapboot(By::Key("linux")), both_in_one);
}

#[test]
fn gapboot_starts_it_by_a_type_1_entry() {
    starts_by_menu(Loader::Gapboot(By::Key("efi")), both_in_one);
}

#[test]
fn ovmf_starts_a_plain_one() {
    starts_by_menu(Loader::Ovmf, plain);
}

#[test]
fn systemd_boot_starts_a_plain_one_by_a_type_1_entry() {
    starts_by_menu(Loader::SystemdBoot(By::Key("efi")), plain);
}

#[test]
fn systemd_boot_starts_a_plain_one_by_a_type_2_entry() {
    starts_by_menu(Loader::SystemdBoot(By::Type2), plain);
}

/// What the format is for: these take no plain image.
#[test]
fn other_loaders_refuse_a_plain_one() {
    let workshop = Workshop::new().unwrap();
    let image = plain(&workshop);
    for (loader, refusal) in [
        (Loader::Grub("linux"), "GRUB refuses it"),
        (Loader::Grub("linux16"), "GRUB refuses it"),
        (Loader::Syslinux, "Booting kernel failed"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let machine = loader.machine(&image, HandedIn::default(), directory.path());
        let mut guest = machine.unwrap().start().unwrap();
        guest.wait_for_screen(refusal).unwrap();
    }
    // gapboot as well, where an entry says that it is a kernel.
    let directory = tempfile::tempdir().unwrap();
    let loader = Loader::Gapboot(By::Key("linux"));
    let made = loader.machine(&image, HandedIn::default(), directory.path());
    made.unwrap();
    let output = gapboot::emulate(&directory.path().join("disk"), 512, &[]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not a Linux kernel"), "{said}");
    for arguments in [&["-l"][..], &["-l", "-s"]] {
        let loader = Loader::Kexec(arguments, 1024);
        let outcome = loader.start(&image, HandedIn::default(), 1024).unwrap();
        assert!(
            outcome.serial.contains("TEST-KEXEC-FAILED"),
            "{}",
            outcome.serial
        );
    }
}

#[test]
fn a_plain_uki_is_converted() {
    let workshop = Workshop::new().unwrap();
    let plain = workshop.plain(&stub().unwrap()).unwrap();
    let converted = workshop.path("converted.efi");
    let mut convert = Command::new(gapboot::built("gapboot").unwrap());
    tool::run(convert.args(["uki", "convert"]).arg(&plain).arg(&converted)).unwrap();
    for loader in [Loader::Qemu, Loader::Ovmf, Loader::Grub("linux")] {
        assert_own(&loader.start(&converted, HandedIn::default(), 512).unwrap());
    }
}

#[test]
fn an_initrd_of_64_mib_by_gapboot() {
    carries(64, Loader::Gapboot(By::Type2), 1024);
}

/// One byte, a NUL, is the smallest initrd; the real one is handed in.
#[test]
fn an_initrd_of_1_byte() {
    let workshop = Workshop::new().unwrap();
    let initrd = workshop.path("real");
    fs::rename(workshop.path("initrd"), &initrd).unwrap();
    fs::write(workshop.path("initrd"), [0]).unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let handed_in = HandedIn {
        initrd: Some(&initrd),
        cmdline: None,
    };
    for loader in [Loader::Qemu, Loader::Kexec(&["-l", "-s"], 1024)] {
        assert_own(&loader.start(&image, handed_in, 512).unwrap());
    }
}

/// Memory does not grow with the initrd: 256 MiB of it in 32 MiB of address space.
#[test]
fn large_files_take_little_memory() {
    let workshop = Workshop::new().unwrap();
    let initrd = fs::File::options()
        .write(true)
        .open(workshop.path("initrd"));
    initrd.unwrap().set_len(256 << 20).unwrap();
    let path = |name: &str| workshop.path(name).display().to_string();
    let gapboot = gapboot::built("gapboot").unwrap();
    let limited = |arguments: &[&str]| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -v 32768 && exec \"$@\"", "sh"]);
        tool::run(shell.arg(&gapboot).arg("uki").args(arguments)).unwrap()
    };
    let (linux, initrd, image, copy) = (path("vmlinuz"), path("initrd"), path("a"), path("b"));
    let stub = stub().unwrap().display().to_string();
    let files = ["--linux", &linux, "--initrd", &initrd, "--stub", &stub];
    limited(&[&["build", "--output", &image], &files[..]].concat());
    limited(&["convert", &image, &copy]);
    assert!(limited(&["inspect", &copy]).contains("268435456"));
}

/// Other programs read what is made, and find what was put in.
#[test]
fn other_tools_read_it() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let printed = tool::run(tool::command("objdump").arg("-h").arg(&image)).unwrap();
    for section in [
        ".bzload", ".bzentry", ".osrel", ".linux", ".ucode", ".initrd",
    ] {
        assert!(printed.contains(section), "{printed}");
    }
    let package = |name| trixie::package(name).unwrap();
    let pefile = package("python3-pefile").join("usr/lib/python3/dist-packages");
    let mut inspect = tool::command("/usr/bin/python3");
    inspect
        .env("PYTHONPATH", pefile)
        .arg(package("systemd-ukify").join("usr/lib/systemd/ukify"))
        .arg("inspect")
        .arg(&image)
        .args(["--all", "--json=short"]);
    let printed = tool::run(&mut inspect).unwrap();
    let found: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let initrd = fs::read(workshop.path("initrd")).unwrap();
    assert_eq!(found[".cmdline"]["text"], CMDLINE);
    assert_eq!(found[".osrel"]["text"], OS_RELEASE);
    assert_eq!(found[".initrd"]["sha256"], sha256(&initrd));
}

/// What goes wrong is said, on screen and serial line.
#[test]
fn messages() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let says = |memory: u32, cmdline: &str, text: &str| {
        let machine = Machine::without_disk().memory(memory).arguments(&[
            "-kernel",
            image.to_str().unwrap(),
            "-append",
            cmdline,
        ]);
        let mut guest = machine.start().unwrap();
        guest.wait_for_serial("Press a key to restart.").unwrap();
        assert!(guest.serial().contains(text), "{}", guest.serial());
        let screen = guest.screen().unwrap().text().replace('\n', "");
        assert!(screen.contains(text), "{screen}");
    };
    says(64, "", "no free memory is large enough for its kernel");
    says(512, "@1 quiet", "it has no such profile");
}

/// In real mode by the BIOS, whatever that does with INT 10h; in 32 bits by itself.
#[test]
fn messages_are_said_once() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let handed_in = HandedIn {
        initrd: None,
        cmdline: Some("@1 quiet"),
    };
    let problem = "This kernel image cannot start: it has no such profile";
    for (loader, arguments) in [
        // SeaBIOS shows its screen on COM1 too.
        (Loader::Qemu, &["-machine", "graphics=off"][..]),
        // No video BIOS, so that nothing is shown by INT 10h.
        (Loader::Qemu, &["-global", "VGA.romfile="]),
        // The 32-bit entry, on a screen that shows text.
        (Loader::Grub("linux"), &[]),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let machine = loader.machine(&image, handed_in, directory.path());
        let machine = machine.unwrap().arguments(arguments);
        let mut guest = machine.start().unwrap();
        guest.wait_for_serial(problem).unwrap();
        if matches!(loader, Loader::Grub(_)) {
            guest.wait_for_screen(problem).unwrap();
        }
        let serial = guest.serial();
        assert_eq!(serial.matches(problem).count(), 1, "{loader:?}: {serial}");
    }
}
