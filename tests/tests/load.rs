//! The load keeps to its plan, on machines: what was checked may differ when it is
//! loaded, and there may be nothing to load.

use std::fs;
use std::path::{Path, PathBuf};
use tests::MIB;
use tests::data::random;
use tests::debian::trixie;
use tests::gapboot::{self, differences, emulate, handoff};
use tests::hostile::Patient;
use tests::images::{Disk, Fat, Partition};
use tests::kernels::probe::{Kernel, Report};
use tests::machines::qemu::Machine;

/// MiB of the machine: the initrd lies near the end.
const MEMORY: u32 = 72;
/// The file that appears between check and load. A text of the state file says its
/// size, so no byte of that may be 0.
const APPEARING: usize = 0x0101_0101;
const CHANGED: &str = "victim.efi: the initrd changed after it was checked.";

/// A disk whose state file is the directory `/loader/extensions` as well. When the state
/// is saved, its texts move, and a slot that they held appears at the place of one: an
/// extension of 16 MiB.
fn cross_linked(path: &Path) {
    let kernel = Kernel::load().unwrap();
    let image = fuzz::pe::image(
        fuzz::pe::AMD64,
        &[
            (".osrel", b"ID=victim\nPRETTY_NAME=victim\nVERSION_ID=1\n"),
            (".initrd", &random(3, 5000)),
            (".linux", &kernel.bytes()),
        ],
    );
    let esp = Partition::esp(Fat::new(16).cluster(1024))
        .size(40 * MIB)
        .file("loader/loader.conf", "timeout 0\nreboot-on-error no\n")
        .file("loader/gapboot.state", vec![0; 512])
        .file("loader/extensions/x.txt", "not an extension")
        .file("EFI/Linux/victim.efi", image)
        .file("big", random(4, APPEARING + 600 * 1024));
    Disk::new(43 * MIB).partition(esp).build(path).unwrap();
    gapboot::install(path).unwrap();

    let mut patient = Patient::new(fs::read(path).unwrap());
    let state = patient.first(patient.slot(b"GAPBOO~1STA"));
    let extensions = patient.slot(b"EXTENS~1   ");
    patient.set_first(extensions, state);
    // Part of a file whose first cluster's number has no byte that is 0 either.
    let big = patient.slot(b"BIG        ");
    let mut clusters = (0..).map(|index| patient.nth(big, index));
    let whole = |cluster: &u32| cluster.to_le_bytes()[..2].iter().all(|byte| *byte != 0);
    let cluster = clusters.find(whole).unwrap();
    let mut slot = *b"APPEARS RAW\x20________xx____xx\x01\x01\x01\x01";
    slot[20..22].copy_from_slice(b"\x01\x01");
    slot[26..28].copy_from_slice(&cluster.to_le_bytes()[..2]);

    // Slot 1 is free, because of E5. Slot 2 begins after the three NULs, once the wish
    // for one boot is gone.
    let default = [&b"\xe5"[..], &[b'x'; 28]].concat();
    let texts = [&default[..], b"\0\0", b"victim.efi", b"\0", &slot, b"\0"].concat();
    let mut sector = [0; 512];
    sector[..10].copy_from_slice(b"gapstate\x01\0");
    sector[32..32 + texts.len()].copy_from_slice(&texts);
    let sum = crc32fast::hash(&sector[16..]);
    sector[12..16].copy_from_slice(&sum.to_le_bytes());
    let place = patient.cluster(state).start;
    patient.put(place, &sector);
    fs::write(path, &patient.bytes).unwrap();
}

/// The texts of the state file, with what a boot has left of them.
fn wishes(path: &Path) -> Vec<u8> {
    let patient = Patient::new(fs::read(path).unwrap());
    let state = patient.first(patient.slot(b"GAPBOO~1STA"));
    let texts = &patient.bytes[patient.cluster(state).start..][32..512];
    let one_shot = texts.split(|byte| *byte == 0).nth(2);
    one_shot.unwrap().to_vec()
}

#[test]
fn a_file_that_appears_between_check_and_load() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk");
    cross_linked(&disk);
    assert_eq!(wishes(&disk), b"victim.efi");

    let output = emulate(&disk, MEMORY, &[]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(CHANGED), "{output:?}");

    let machine = Machine::new(&disk).memory(MEMORY).writable();
    let mut guest = machine.start().unwrap();
    guest.wait_for_serial("Enter boot").unwrap();
    let outcome = guest.stop().unwrap();
    let said = outcome.serial.replace(['\r', '\n'], "");
    assert!(said.contains(CHANGED), "{}", outcome.serial);
    assert_eq!(
        wishes(&disk),
        b"",
        "the wish was gone before the load began"
    );
}

/// A disk with one entry and these files.
fn disk(directory: &Path, files: &[(&str, Vec<u8>)]) -> PathBuf {
    let path = directory.join("disk");
    let esp = Partition::esp(Fat::new(16).cluster(512)).size(3 * MIB);
    let esp = files
        .iter()
        .fold(esp, |esp, (name, bytes)| esp.file(name, bytes.clone()));
    Disk::new(6 * MIB).partition(esp).build(&path).unwrap();
    gapboot::install(&path).unwrap();
    path
}

#[test]
fn nothing_for_an_initrd() {
    let mut kernel = Kernel::load().unwrap().bytes();
    // Its EFI program is the whole file.
    let headers = fuzz::pe::headers(fuzz::pe::AMD64, 0);
    kernel[..headers.len()].copy_from_slice(&headers);
    let image = fuzz::pe::image(
        fuzz::pe::AMD64,
        &[(".cmdline", b"own"), (".linux", &kernel)],
    );
    for entry in [
        "linux /vmlinuz\ninitrd /empty\n",
        "linux /vmlinuz\ninitrd $tuned_initrd\n",
        "efi /vmlinuz\n",
        "uki /image.efi\n",
        "efi /image.efi\n",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let disk = disk(
            directory.path(),
            &[
                ("vmlinuz", kernel.clone()),
                ("image.efi", image.clone()),
                ("empty", Vec::new()),
                ("loader/entries/a.conf", entry.into()),
            ],
        );
        let outcome = Machine::new(&disk).memory(64).run().unwrap();
        let report = Report::parse(&outcome.serial);
        let report = report.unwrap_or_else(|error| panic!("{entry}{error:#}\n{}", outcome.serial));
        assert_eq!(
            (report.get("ramdisk_image"), report.get("ramdisk_size")),
            (0, 0)
        );
        assert_eq!(differences(&handoff(&disk, 64).unwrap(), &report), [""; 0]);
    }
}

#[test]
fn memtest() {
    let package = trixie::package("memtest86+").unwrap();
    let program = fs::read(package.join("boot/memtest86+x64.efi")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let entry = "title Memory test\nefi /memtest.bin\n";
    let files = [
        ("memtest.bin", program),
        ("loader/entries/a.conf", entry.into()),
    ];
    let disk = disk(directory.path(), &files);
    let mut guest = Machine::new(&disk).memory(64).start().unwrap();
    guest.wait_for_screen("Memtest86+").unwrap();
}
