//! Kernels and initrds on real FAT volumes, loaded into the model of memory.

use crate::common::{
    Boot, Culprit, Piece, TestDisk, boot, boot_changed, header, kernel, kernel_with, random,
};
use boot::Kind;
use boot::handoff::Handoff;
use boot::load::bzimage::SetupHeader;
use emu::memory::ModelMemory;
use emu::report;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

const MIB: u32 = 1 << 20;

fn failure(boot: Boot) -> (Kind, u64, Culprit) {
    let (error, culprit) = boot.result.expect_err("this does not boot");
    let (kind, at) = (error.kind(), error.at());
    (kind, at, culprit)
}

/// How often each sector of these files was read. Their bytes repeat nowhere.
fn times_read(disk: &TestDisk, reads: &[(u64, u32)], files: &[&[u8]]) -> Vec<u32> {
    let mut times: HashMap<Vec<u8>, u32> = HashMap::new();
    for sector in files.iter().flat_map(|file| file.chunks(512)) {
        let mut whole = sector.to_vec();
        whole.resize(512, 0);
        times.insert(whole, 0);
    }
    let image = File::open(disk.image()).unwrap();
    for &(at, count) in reads {
        for sector in at..at + u64::from(count) {
            let mut bytes = vec![0; 512];
            image.read_exact_at(&mut bytes, sector * 512).unwrap();
            times.entry(bytes).and_modify(|times| *times += 1);
        }
    }
    times.into_values().collect()
}

#[test]
fn everything_in_its_place() {
    let disk = TestDisk::fat32();
    let kernel = kernel(39, 3_000_000);
    let initrds = [
        random(5, 2),
        random(2_000_003, 3),
        random(4096, 4),
        random(70_001, 5),
    ];
    disk.add("vmlinuz", &kernel);
    for (initrd, name) in initrds.iter().zip(["a", "b", "c", "d"]) {
        disk.add(name, initrd);
    }
    disk.add("empty", b"");
    let mut memory = ModelMemory::new(128);
    let pieces = ["a", "b", "empty", "c", "d", "empty"].map(Piece::All);
    let boot = boot(
        &disk,
        &mut memory,
        Piece::All("vmlinuz"),
        &pieces,
        "vga=0x317 quiet",
    );
    let handoff = boot.result.unwrap();

    let mut initrd = Vec::new();
    for piece in &initrds {
        initrd.resize(initrd.len().next_multiple_of(4), 0);
        initrd.extend_from_slice(piece);
    }
    let expected = Handoff {
        has_node: true,
        setup_size: 0x5000,
        kernel_size: 3_000_000,
        initrd_address: 0x400_0000,
        initrd_size: initrd.len() as u32,
        command_line_size: 15,
    };
    assert_eq!(handoff, expected);
    assert_eq!(memory.loaded(0x1_f000, 16).unwrap(), b"vga=0x317 quiet\0");
    assert!(memory.loaded(0x10_0000, 3_000_000).unwrap() == kernel[0x5000..]);
    assert!(memory.loaded(0x400_0000, handoff.initrd_size).unwrap() == initrd);
    assert_eq!(memory.loaded(0x400_0000, handoff.initrd_size + 1), None);

    // The real-mode part is the file's, but for the fields that are ours.
    let mut setup = kernel[..0x5000].to_vec();
    setup[0x1fa..0x1fc].copy_from_slice(&0x317_u16.to_le_bytes());
    setup[0x210] = 0xff;
    setup[0x211] = 0x81;
    setup[0x218..0x21c].copy_from_slice(&0x400_0000_u32.to_le_bytes());
    setup[0x21c..0x220].copy_from_slice(&handoff.initrd_size.to_le_bytes());
    setup[0x224..0x226].copy_from_slice(&0xee00_u16.to_le_bytes());
    setup[0x228..0x22c].copy_from_slice(&0x1_f000_u32.to_le_bytes());
    setup[0x250..0x258].copy_from_slice(&0x1_f800_u64.to_le_bytes());
    assert!(memory.loaded(0x1_0000, 0x5000).unwrap() == setup);

    let report = report::report("id", &handoff, &memory).unwrap();
    let sha256: String = Sha256::digest(&initrd)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(report["initrd"]["sha256"], sha256);
    assert_eq!(report["cmdline"], "vga=0x317 quiet");
    assert_eq!(report["header"]["vid_mode"], 0x317);
    assert_eq!(report["header"]["ramdisk_image"], 0x400_0000);

    // The report is no friend of handoffs that memory doesn't bear out.
    for wrong in [
        Handoff {
            kernel_size: 3_000_001,
            ..handoff
        },
        Handoff {
            initrd_address: 0x400_1000,
            ..handoff
        },
        Handoff {
            initrd_size: handoff.initrd_size + 1,
            ..handoff
        },
        Handoff {
            command_line_size: 14,
            ..handoff
        },
        Handoff {
            command_line_size: 16,
            ..handoff
        },
    ] {
        report::report("id", &wrong, &memory).unwrap_err();
    }

    let mut files: Vec<&[u8]> = initrds.iter().map(Vec::as_slice).collect();
    files.push(&kernel);
    let times = times_read(&disk, &boot.reads, &files);
    assert!(times.iter().all(|&times| times == 1), "each sector once");
    // In requests: the pieces of 127 sectors, what is left of each file, the
    // header, the two parts of the kernel and the file allocation table.
    let whole = files
        .iter()
        .map(|file| file.len() / (127 * 512))
        .sum::<usize>();
    assert!(
        boot.reads.len() <= whole + files.len() + 2 + 4,
        "{:?}",
        boot.reads
    );
}

#[test]
fn neither_initrd_nor_command_line() {
    let disk = TestDisk::fat16();
    disk.add("vmlinuz", &kernel(0, 100));
    let mut memory = ModelMemory::new(64);
    let boot = boot(&disk, &mut memory, Piece::All("vmlinuz"), &[], "");
    let handoff = boot.result.unwrap();
    assert_eq!(handoff.setup_size, 0xa00);
    assert_eq!((handoff.initrd_address, handoff.initrd_size), (0, 0));
    assert_eq!(memory.loaded(0x1_f000, 1).unwrap(), b"\0");
    let header = report::header(&memory).unwrap();
    assert_eq!(header.vid_mode.get(), 0xffff, "as the file has it");
    assert_eq!(header.cmd_line_ptr.get(), 0x1_f000);
    assert_eq!(
        (header.ramdisk_image.get(), header.ramdisk_size.get()),
        (0, 0)
    );
    report::report("id", &handoff, &memory).unwrap();
}

#[test]
fn fragments() {
    let disk = TestDisk::fat16();
    // Every second cluster of the volume's first ones is taken.
    let names: Vec<String> = (0..120).map(|number| format!("F{number}")).collect();
    for name in &names {
        disk.add(name, &[1]);
    }
    for name in names.iter().step_by(2) {
        disk.remove(name);
    }
    let kernel = kernel(39, 20_000);
    let initrd = random(70_000, 9);
    disk.add("vmlinuz", &kernel);
    disk.add("initrd", &initrd);
    let mut memory = ModelMemory::new(128);
    let boot = boot(
        &disk,
        &mut memory,
        Piece::All("vmlinuz"),
        &[Piece::All("initrd")],
        "",
    );
    let handoff = boot.result.unwrap();
    assert!(boot.reads.len() > 60, "the files are in pieces");
    assert!(memory.loaded(0x10_0000, 20_000).unwrap() == kernel[0x5000..]);
    assert!(memory.loaded(0x400_0000, 70_000).unwrap() == initrd);
    report::report("id", &handoff, &memory).unwrap();
    let times = times_read(&disk, &boot.reads, &[&kernel, &initrd]);
    assert!(times.iter().all(|&times| times == 1), "each sector once");
}

#[test]
fn sections_and_bytes() {
    let disk = TestDisk::fat32();
    let kernel = kernel(39, 100_001);
    let initrd = random(33_333, 7);
    for (before, between) in [(512, 511), (1000, 1)] {
        let gap = random(before, 8);
        let all = [&gap, kernel.as_slice(), &gap[..between], &initrd, &gap].concat();
        disk.add("uki.efi", &all);
        let mut memory = ModelMemory::new(128);
        let boot = boot(
            &disk,
            &mut memory,
            Piece::Section("uki.efi", before as u32, kernel.len() as u32),
            &[
                Piece::Bytes(b"microcode"),
                Piece::Section("uki.efi", (before + kernel.len() + between) as u32, 33_333),
                Piece::Bytes(b""),
                Piece::Bytes(b"tail"),
            ],
            "",
        );
        let handoff = boot.result.unwrap();
        let expected = [b"microcode\0\0\0", initrd.as_slice(), b"\0\0\0tail"].concat();
        assert!(memory.loaded(0x10_0000, 100_001).unwrap() == kernel[0x5000..]);
        assert!(memory.loaded(0x400_0000, handoff.initrd_size).unwrap() == expected);
        assert_eq!(handoff.initrd_size as usize, expected.len());
        report::report("id", &handoff, &memory).unwrap();
    }
}

#[test]
fn old_headers_stay_short() {
    let disk = TestDisk::fat32();
    for (version, end) in [
        (0x202, 0x22c),
        (0x204, 0x230),
        (0x206, 0x23c),
        (0x209, 0x258),
    ] {
        let mut header: SetupHeader = header(9, 50_000);
        header.version = version.into();
        header.jump[1] = (end - 0x202) as u8;
        let kernel = kernel_with(&header, end, 50_000);
        disk.add("vmlinuz", &kernel);
        let mut memory = ModelMemory::new(64);
        let boot = boot(
            &disk,
            &mut memory,
            Piece::All("vmlinuz"),
            &[Piece::All("vmlinuz")],
            "",
        );
        let handoff = boot.result.unwrap();
        let setup = memory.loaded(0x1_0000, 0x1400).unwrap();
        assert!(setup[end..] == kernel[end..0x1400], "code after the header");
        report::report("id", &handoff, &memory).unwrap();
    }
}

#[test]
fn signed_and_truncated() {
    let disk = TestDisk::fat32();
    let kernel = kernel(39, 50_000);
    let signed = [kernel.as_slice(), &[0xcc; 1472]].concat();
    disk.add("signed", &signed);
    disk.add("short", &kernel[..kernel.len() - 16]);
    disk.add("head", &kernel[..700]);
    disk.add("empty", b"");
    let mut memory = ModelMemory::new(64);
    let booted = boot(&disk, &mut memory, Piece::All("signed"), &[], "");
    assert_eq!(booted.result.unwrap().kernel_size, 50_000);
    assert!(memory.loaded(0x10_0000, 50_000).unwrap() == kernel[0x5000..]);
    for (name, kind, at) in [
        ("short", Kind::KernelTruncated, 16),
        ("head", Kind::KernelTruncated, 50_000),
        ("empty", Kind::KernelUnknown, 0),
    ] {
        let boot = boot(&disk, &mut memory, Piece::All(name), &[], "");
        assert_eq!(failure(boot), (kind, at, Culprit::Kernel), "{name}");
    }
}

#[test]
fn the_culprit_is_named() {
    let disk = TestDisk::fat32();
    disk.add("vmlinuz", &kernel(39, 50_000));
    disk.add("text", &random(5000, 3));
    disk.add_directory("directory");
    let big = vec![1; 40 << 20];
    disk.add("big", &big);
    let mut memory = ModelMemory::new(64);
    let mut fails = |kernel, initrds: &[Piece], command_line: &str| {
        failure(boot(&disk, &mut memory, kernel, initrds, command_line))
    };
    let (vmlinuz, text, directory) = (
        Piece::All("vmlinuz"),
        Piece::All("text"),
        Piece::All("directory"),
    );
    assert_eq!(
        fails(text, &[], ""),
        (Kind::KernelUnknown, 0, Culprit::Kernel)
    );
    assert_eq!(
        fails(directory, &[], ""),
        (Kind::IsDirectory, 0, Culprit::Kernel)
    );
    let initrds = [text, directory];
    assert_eq!(
        fails(vmlinuz, &initrds, ""),
        (Kind::IsDirectory, 0, Culprit::Initrd(1))
    );
    let section = Piece::Section("text", 4000, 1001);
    assert_eq!(
        fails(vmlinuz, &[section], ""),
        (Kind::FileShort, 5000, Culprit::Initrd(0))
    );
    let section = Piece::Section("text", u32::MAX, u32::MAX);
    assert_eq!(
        fails(section, &[], ""),
        (Kind::FileShort, 5000, Culprit::Kernel)
    );
    let long = "x".repeat(2048);
    assert_eq!(
        fails(vmlinuz, &[], &long),
        (Kind::CommandLineLong, 2047, Culprit::Kernel)
    );
    let big = Piece::All("big");
    assert_eq!(
        fails(vmlinuz, &[big], ""),
        (Kind::InitrdMemory, 72, Culprit::Kernel)
    );
    let many = [big; 120];
    assert_eq!(
        fails(vmlinuz, &many, ""),
        (Kind::InitrdLarge, 0, Culprit::Initrd(102))
    );
    // None of it is in the way of the next try.
    boot(&disk, &mut memory, vmlinuz, &[text], "")
        .result
        .unwrap();
    boot(&disk, &mut memory, vmlinuz, &[text], "")
        .result
        .unwrap();
}

#[test]
fn a_broken_chain_is_found_before_anything_is_loaded() {
    let disk = TestDisk::fat32();
    let kernel = kernel(39, 200_000);
    disk.add("vmlinuz", &kernel);
    disk.add("initrd", &random(100_000, 2));
    // The chain of the initrd, which follows the kernel's, ends after its
    // third cluster, in both copies of the table.
    let image = File::options()
        .read(true)
        .write(true)
        .open(disk.image())
        .unwrap();
    let mut boot_sector = [0; 512];
    image.read_exact_at(&mut boot_sector, MIB.into()).unwrap();
    let reserved = u64::from(u16::from_le_bytes([boot_sector[14], boot_sector[15]]));
    let cluster = 2 + 1 + kernel.len().div_ceil(4096) as u64 + 2;
    image
        .write_all_at(
            &0x0fff_ffff_u32.to_le_bytes(),
            u64::from(MIB) + reserved * 512 + cluster * 4,
        )
        .unwrap();
    let mut memory = ModelMemory::new(128);
    let boot = boot(
        &disk,
        &mut memory,
        Piece::All("vmlinuz"),
        &[Piece::All("initrd")],
        "",
    );
    assert_eq!(
        failure(boot),
        (Kind::ChainShort, cluster, Culprit::Initrd(0))
    );
    assert_eq!(memory.loaded(0x10_0000, 1), None);
}

/// What was checked is not what is there when it is loaded.
#[test]
fn initrds_that_change_after_the_check() {
    let disk = TestDisk::fat16();
    disk.add("vmlinuz", &kernel(39, 50_000));
    disk.add("short", &random(70_000, 2));
    disk.add("long", &random(70_001, 3));
    disk.add("empty", b"");
    let [short, long, empty] = ["short", "long", "empty"].map(Piece::All);
    let bytes = Piece::Bytes(b"tail");
    let second = Culprit::Initrd(1);
    for (checked, loaded, culprit) in [
        (&[short][..], &[long][..], Culprit::Initrd(0)),
        (&[short, short], &[short, long], second),
        (&[short], &[short, bytes], second),
        (&[empty], &[empty, short], second),
        (&[], &[bytes], Culprit::Initrd(0)),
        // They may also be too short, which shows at the end.
        (&[long], &[short], Culprit::Kernel),
        (&[short, bytes], &[short], Culprit::Kernel),
        (&[bytes], &[], Culprit::Kernel),
    ] {
        let mut memory = ModelMemory::new(128);
        let vmlinuz = Piece::All("vmlinuz");
        let boot = boot_changed(&disk, &mut memory, vmlinuz, [checked, loaded], "");
        assert_eq!(failure(boot), (Kind::InitrdChanged, 0, culprit));
        assert_eq!(memory.fault, None, "not a byte is beyond the plan");
    }
    // As many bytes as before are what a disk may change unseen.
    let mut memory = ModelMemory::new(128);
    let pieces = [&[short, long][..], &[short, empty, long]];
    let boot = boot_changed(&disk, &mut memory, Piece::All("vmlinuz"), pieces, "");
    report::report("id", &boot.result.unwrap(), &memory).unwrap();
}

#[test]
fn large_files() {
    let disk = TestDisk::fat32();
    let kernel = kernel(39, 12 * MIB as usize);
    let initrd = random(45 * MIB as usize, 6);
    disk.add("vmlinuz", &kernel);
    disk.add("initrd", &initrd);
    for memory in [512, 3072, 6144] {
        let mut memory = ModelMemory::new(memory);
        let boot = boot(
            &disk,
            &mut memory,
            Piece::All("vmlinuz"),
            &[Piece::All("initrd")],
            "",
        );
        let handoff = boot.result.unwrap();
        assert!(memory.loaded(0x400_0000, handoff.initrd_size).unwrap() == initrd);
        report::report("id", &handoff, &memory).unwrap();
        let sectors: u32 = boot.reads.iter().map(|(_, count)| count).sum();
        let floor = (kernel.len() + initrd.len()).div_ceil(512) as f64;
        assert!(
            f64::from(sectors) <= floor * 1.01,
            "{sectors} sectors for {floor}"
        );
        let requests = boot.reads.len() as f64;
        assert!(requests <= floor / 127.0 * 1.02, "{requests} requests");
    }
}
