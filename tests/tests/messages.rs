//! What goes wrong is said on screen and serial line: the entry, the file, the
//! cause. The emulator says the same on standard error and fails.

use anyhow::Context;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::MIB;
use tests::gapboot;
use tests::images::{Disk, Fat, Partition, SECTOR, Volume};
use tests::kernels::probe::Kernel;
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;

fn small() -> Scenario {
    Scenario::small().unwrap()
}

fn installed(scenario: &Scenario) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    (directory, image)
}

/// Boots the image, and fails unless one message holds all of `parts`.
fn says(image: &Path, parts: &[&str]) {
    let holds = |message: &String| parts.iter().all(|part| message.contains(&squeezed(part)));
    let output = gapboot::emulate(image, 512, &[]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = squeezed(&String::from_utf8_lossy(&output.stderr));
    let error = error.strip_prefix("bootloader_emu:").unwrap();
    let error = error.trim_start_matches("gapboot:").to_owned();

    let mut guest = Machine::new(image).start().unwrap();
    let result = guest.wait_for(|guest| {
        let serial = messages(&guest.serial());
        // There it may be what the menu says below the entries.
        let screen = guest.screen().map(|screen| squeezed(&screen.text()));
        serial.iter().any(holds)
            && serial.iter().any(|message| message.starts_with(&error))
            && screen.is_ok_and(|screen| holds(&screen))
    });
    result
        .with_context(|| format!("not said by serial line and screen: {parts:?} and {error:?}"))
        .unwrap();
}

/// Everything that gapboot says, message by message, [`squeezed`].
fn messages(text: &str) -> Vec<String> {
    let text = squeezed(text);
    text.split("gapboot:").skip(1).map(str::to_owned).collect()
}

/// Text in lower case without any white space: the screen breaks lines
/// anywhere, and a blank at the end of one is not seen.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

#[test]
fn a_missing_kernel() {
    let (_directory, image) = installed(&small());
    Volume::open(&image, 1)
        .unwrap()
        .remove("probe/kernel")
        .unwrap();
    says(&image, &["probe.conf", "/probe/kernel", "not found"]);
}

#[test]
fn a_missing_initrd() {
    let (_directory, image) = installed(&small().initrd(vec![1; 1000]));
    Volume::open(&image, 1)
        .unwrap()
        .remove("probe/initrd-0.img")
        .unwrap();
    says(&image, &["probe.conf", "/probe/initrd-0.img", "not found"]);
}

#[test]
fn kernels_that_are_cut_short() {
    let (_directory, image) = installed(&small());
    let volume = Volume::open(&image, 1).unwrap();
    let kernel = Kernel::load().unwrap().bytes();
    // syssize counts sixteen bytes: up to fifteen may be missing.
    for length in [0, 100, 0x26c, 2000, kernel.len() - 16] {
        volume
            .write("probe/kernel", kernel[..length].to_vec())
            .unwrap();
        says(&image, &["probe.conf", "/probe/kernel"]);
    }
}

#[test]
fn kernels_that_are_none_or_too_old() {
    let (_directory, image) = installed(&small());
    let volume = Volume::open(&image, 1).unwrap();
    let kernel = Kernel::load().unwrap();
    let broken = [
        (kernel.clone().set("loadflags", 0), "zImage"),
        (kernel.clone().version(0x201), "2.02"),
        (kernel.set("header", 0), "not a Linux kernel"),
    ];
    for (kernel, cause) in broken {
        volume.write("probe/kernel", kernel.bytes()).unwrap();
        says(&image, &["probe.conf", "/probe/kernel", cause]);
    }
}

#[test]
fn a_command_line_that_is_too_long() {
    let options = "y".repeat(2048);
    let (_directory, image) = installed(&Scenario { options, ..small() });
    says(&image, &["probe.conf", "2047"]);
    let options = "y".repeat(301);
    let kernel = Kernel::load().unwrap().set("cmdline_size", 300);
    let (_directory, image) = installed(&Scenario { options, ..small() }.kernel(kernel));
    says(&image, &["probe.conf", "300"]);
}

#[test]
fn memory_that_is_too_small() {
    let kernel = Kernel::load().unwrap().set("init_size", 0x7000_0000);
    let (_directory, image) = installed(&small().kernel(kernel));
    says(&image, &["probe.conf", "the kernel needs", "memory"]);
    let kernel = Kernel::load().unwrap().set("initrd_addr_max", 0x1f_ffff);
    let (_directory, image) = installed(&small().kernel(kernel).initrd(vec![1; 2_000_000]));
    says(&image, &["probe.conf", "initrd", "2 MiB"]);
}

#[test]
fn no_efi_system_partition() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    Disk::new(24 * MIB)
        .partition(Partition::linux())
        .build(&image)
        .unwrap();
    gapboot::install(&image).unwrap();
    says(&image, &["EFI System Partition"]);
}

#[test]
fn no_entries() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let esp = Partition::esp(Fat::new(16).cluster(2048)).file("readme", "no entries here");
    Disk::new(24 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    says(&image, &["/loader/entries"]);
}

#[test]
fn both_partition_tables_damaged() {
    let (_directory, image) = installed(&small());
    let file = OpenOptions::new().write(true).open(&image).unwrap();
    let last = file.metadata().unwrap().len() - SECTOR;
    file.write_all_at(&[0xff; 100], SECTOR + 20).unwrap();
    file.write_all_at(&[0xff; 100], last + 20).unwrap();
    says(&image, &["GPT"]);
}

#[test]
fn an_esp_that_is_no_fat() {
    let (_directory, image) = installed(&small());
    let start = Volume::open(&image, 1).unwrap().start();
    let file = OpenOptions::new().write(true).open(&image).unwrap();
    file.write_all_at(&[0; SECTOR as usize], start * SECTOR)
        .unwrap();
    says(&image, &["FAT"]);
}

#[test]
fn a_chain_that_leads_into_free_clusters() {
    let (_directory, image) = installed(&small().kernel(Kernel::load().unwrap().size(500_000)));
    let volume = Volume::open(&image, 1).unwrap();
    // FAT16: the chain's second half is cut out of both tables.
    let mut table = vec![0; 512];
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&image)
        .unwrap();
    let mut boot = [0; 512];
    file.read_exact_at(&mut boot, volume.start() * SECTOR)
        .unwrap();
    let word = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
    let (reserved, sectors) = (word(14), word(22));
    for copy in 0..2 {
        let at = (volume.start() + reserved + copy * sectors) * SECTOR;
        file.read_exact_at(&mut table, at).unwrap();
        table[200..].fill(0);
        file.write_all_at(&table, at).unwrap();
    }
    says(&image, &["probe.conf", "/probe/kernel", "cluster"]);
}

#[test]
fn sectors_that_cannot_be_read() {
    let (directory, image) = installed(&small());
    let esp = Volume::open(&image, 1).unwrap().start();
    let rules = directory.path().join("rules");
    let rule = format!(
        "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"{esp}\"\nonce = \"off\"\n"
    );
    std::fs::write(&rules, rule).unwrap();
    let drive = format!(
        "if=none,id=bad,format=raw,rerror=report,file=blkdebug:{}:{}",
        rules.display(),
        image.display()
    );
    let machine = Machine::without_disk()
        .arguments(&["-drive", &drive, "-device", "virtio-blk-pci,drive=bad"])
        .timeout(Duration::from_secs(30));
    let mut guest = machine.start().unwrap();
    guest
        .wait_for_serial(&format!("cannot read LBA {esp}: BIOS error"))
        .unwrap();
}
