//! Disks as mkosi and systemd-repart of Debian 13 make them, with default settings: they
//! boot by gapboot on SeaBIOS, and by their own systemd-boot on OVMF.
//!
//! `./x heavy`, because the images take minutes.

use std::path::Path;
use std::time::Duration;
use tests::data::sha256;
use tests::debian::system::{self, System};
use tests::gapboot::{self, gapboot, handoff, type1};
use tests::guests::mkosi::{self, COMMAND_LINE, Form, Initrd, Payload};
use tests::loaders::systemd_boot::Release;
use tests::machines::ovmf;
use tests::machines::qemu::{Bus, Exit, Guest, Machine};

/// The machines' memory in MiB: mkosi's initrds have more than 100 MiB.
const MEMORY: u32 = 2048;
const PATIENCE: Duration = Duration::from_secs(1200);

const PAGE: u64 = 4096;
/// An image's initrd has fewer bytes than this after the section `.initrd`: systemd's stub
/// and gapboot pass the image's os-release on.
const MORE: u64 = 4096;

/// How systemd says on the serial line that it starts.
const INITRD_RUNS: &str = "Running in initrd.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Firmware {
    SeaBios,
    Ovmf,
}

/// Boots a disk and checks the first thing that systemd does, and what was loaded.
fn boot(firmware: Firmware, disk: &Path, directory: &Path, payload: &Payload) -> Guest {
    let machine = match firmware {
        Firmware::SeaBios => Machine::new(disk),
        Firmware::Ovmf => ovmf::machine(disk, &directory.join("variables")).unwrap(),
    };
    let machine = machine.bus(Bus::Virtio).memory(MEMORY).timeout(PATIENCE);
    let mut guest = machine.start().unwrap();
    guest.wait_for_serial(INITRD_RUNS).unwrap();
    let serial = guest.serial();
    // "RAMDISK: [mem 0x4c0a9000-0x53e0efff]": whole pages.
    let place = after(&serial, "RAMDISK: [mem ");
    let (start, end) = place.split_once('-').unwrap();
    let (start, end) = (address(start), address(end.trim_end_matches(']')));
    let loaded = guest.memory(start, payload.initrd.len()).unwrap();
    assert_eq!(sha256(&loaded), sha256(&payload.initrd), "{firmware:?}");
    let more = end + 1 - start - payload.initrd.len() as u64;
    assert!(more < MORE + PAGE, "{firmware:?}: {more} bytes more");
    assert_eq!(
        own_words(after(&serial, "Command line: ")),
        COMMAND_LINE,
        "{firmware:?}"
    );
    guest
}

/// The rest of the line after `text`.
fn after<'a>(serial: &'a str, text: &str) -> &'a str {
    let (_, rest) = serial
        .split_once(text)
        .unwrap_or_else(|| panic!("no {text:?} in {serial}"));
    rest.lines().next().unwrap_or_default().trim_end()
}

fn address(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// A command line without the words that systemd-boot adds for the kernel's own stub.
fn own_words(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.starts_with("initrd="));
    words.collect::<Vec<_>>().join(" ")
}

/// Waits until the system has come up and gone; what it said.
fn system(guest: Guest) -> Vec<String> {
    let outcome = guest.finish().unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    let lines = outcome.serial.lines();
    let lines = lines.filter_map(|line| line.split_once("TEST "));
    lines.map(|(_, said)| own_words(said.trim_end())).collect()
}

/// What a system says that came up from its own root partition.
fn assert_up(said: &[String]) {
    let line = |start: &str| {
        let found = said.iter().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("{start}: {said:?}"))
    };
    assert_eq!(line("cmdline "), COMMAND_LINE);
    assert_eq!(line("root "), "root-x86-64");
    assert_eq!(line("target "), "active");
    line("kernel ");
}

/// Installs gapboot. The disk's only entry, by the loader's own account, has this kernel,
/// initrd and command line.
fn assert_installed(disk: &Path, form: Form, payload: &Payload) {
    gapboot::install(disk).unwrap();
    assert_eq!(gapboot::list(disk).unwrap().len(), 1);
    let status = gapboot(&["status", disk.to_str().unwrap()]).unwrap();
    assert!(status.status.success(), "{status:?}");
    let handoff = handoff(disk, MEMORY).unwrap();
    assert_eq!(handoff.cmdline, COMMAND_LINE);
    let initrd = handoff.initrd.unwrap();
    match form {
        Form::Type1 => assert_eq!(initrd.sha256, sha256(&payload.initrd)),
        // The machine's memory shows the bytes.
        Form::Uki => {
            let more = initrd.size.checked_sub(payload.initrd.len() as u64);
            assert!(more.is_some_and(|more| more < MORE), "{more:?}");
        }
    }
    // Linux, Documentation/arch/x86/boot.rst: the part in protected mode comes after the
    // sectors of the setup.
    let setup = (1 + usize::from(payload.kernel[0x1f1])) * 512;
    let protected = &payload.kernel[setup..][..handoff.kernel.size as usize];
    assert_eq!(handoff.kernel.sha256, sha256(protected));
    assert!(payload.kernel.len() - setup - protected.len() < 4096);
}

/// An image of mkosi, whole or with the initrd files of `docs/root.md`.
fn mkosi(form: Form, initrd: Initrd) {
    let directory = tests::scratch().unwrap();
    let disk = directory.path().join("disk.raw");
    system::copy(&mkosi::image(form, initrd).unwrap(), &disk).unwrap();
    let payload = Payload::read(&disk, form).unwrap();

    let status = gapboot(&["status", "--check", disk.to_str().unwrap()]).unwrap();
    assert!(status.status.success(), "mkosi.postoutput: {status:?}");
    let up = system(boot(Firmware::Ovmf, &disk, directory.path(), &payload));
    assert_up(&up);
    assert_installed(&disk, form, &payload);
    let guest = boot(Firmware::SeaBios, &disk, directory.path(), &payload);
    if initrd == Initrd::WithGapboot {
        assert_eq!(system(guest), up);
    }
}

/// What systemd-repart is told about a disk.
const ESP: &str = "[Partition]
Type=esp
Format=vfat
CopyFiles=/build/repart/files:/
";

#[test]
fn systemd_repart_by_itself() {
    let directory = tests::scratch().unwrap();
    let disk = directory.path().join("disk.raw");
    let source = mkosi::image(Form::Type1, Initrd::Default).unwrap();
    let payload = Payload::read(&source, Form::Type1).unwrap();
    let system = System::open().unwrap();
    let program = std::fs::read(Release::Trixie.program().unwrap()).unwrap();
    let entry = type1("Linux", "/vmlinuz", &["/initrd"], COMMAND_LINE);
    for (path, content) in [
        ("repart.d/esp.conf", ESP.as_bytes()),
        ("files/EFI/BOOT/BOOTX64.EFI", &program),
        ("files/loader/entries/linux.conf", entry.as_bytes()),
        ("files/vmlinuz", &payload.kernel),
        ("files/initrd", &payload.initrd),
    ] {
        system
            .file(&format!("/build/repart/{path}"), content)
            .unwrap();
    }
    let made = "disk.raw";
    let options = [
        "--empty=force",
        "--size=400M",
        "--offline=yes",
        "--dry-run=no",
    ];
    let definitions = "--definitions=/build/repart/repart.d";
    let words = [&["systemd-repart", definitions], &options[..], &[made]].concat();
    std::fs::File::create(system.path("/build/repart/disk.raw")).unwrap();
    system.run("/build/repart", &words).unwrap();
    system::copy(&system.path("/build/repart/disk.raw"), &disk).unwrap();
    std::fs::remove_dir_all(system.path("/build/repart")).unwrap();

    assert_eq!(Payload::read(&disk, Form::Type1).unwrap(), payload);
    boot(Firmware::Ovmf, &disk, directory.path(), &payload);
    assert_installed(&disk, Form::Type1, &payload);
    boot(Firmware::SeaBios, &disk, directory.path(), &payload);
}

#[test]
fn mkosi_with_type_1_entries() {
    mkosi(Form::Type1, Initrd::Default);
}

#[test]
fn mkosi_with_unified_kernel_images() {
    mkosi(Form::Uki, Initrd::Default);
}

#[test]
fn mkosi_with_type_1_entries_and_our_initrd_files() {
    mkosi(Form::Type1, Initrd::WithGapboot);
}

#[test]
fn mkosi_with_unified_kernel_images_and_our_initrd_files() {
    mkosi(Form::Uki, Initrd::WithGapboot);
}
