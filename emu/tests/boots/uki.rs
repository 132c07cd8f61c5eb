//! Unified kernel images, from `/EFI/Linux` and from Type 1 entries.

use crate::common::{kernel, pe, random};
use crate::start::{OSREL, disk, extra, fails, padded, says, start};
use boot::Kind;

#[test]
fn everything_in_its_place() {
    let disk = disk();
    let kernel = kernel(39, 300_000);
    let (ucode, initrd) = (random(1001, 2), random(70_003, 3));
    let image = pe(&[
        (".text", &random(5000, 9)),
        (".osrel", OSREL),
        (".cmdline", b"\n root=/dev/vda2\tro  quiet \x7f\n\0\0"),
        (".initrd", &initrd),
        (".linux", &kernel),
        (".ucode", &ucode),
    ]);
    disk.add("EFI/Linux/Test_1+3.efi", &image);
    let started = start(&disk, "").unwrap();
    assert_eq!(started.id, "test_1.efi");
    assert_eq!(started.cmdline(), "root=/dev/vda2 ro  quiet");
    assert_eq!(started.handoff.setup_size, 0x5000);
    assert!(started.kernel() == kernel[0x5000..]);
    let passed_on = extra(&[("os-release", OSREL)]);
    assert!(started.initrd() == padded(&[&ucode, &initrd, &passed_on]));
}

#[test]
fn profiles() {
    let disk = disk();
    let kernels = [kernel(39, 30_000), kernel(4, 20_000)];
    let initrds = [random(3000, 4), random(2000, 5)];
    let image = pe(&[
        (".osrel", OSREL),
        (".cmdline", b"base"),
        (".initrd", &initrds[0]),
        (".initrd", b"never"),
        (".linux", &kernels[0]),
        (".profile", b"ID=main\nTITLE=Main\n"),
        (".profile", b"TITLE='Factory reset'\nID=factory"),
        (".cmdline", b"reset"),
        (".cmdline", b"never"),
        (".profile", b""),
        (".linux", &kernels[1]),
        (".initrd", b""),
        (".profile", b"ID=hidden"),
        (".osrel", b""),
    ]);
    disk.add("EFI/Linux/a.efi", &image);
    // An empty section has no place in the file, and hides that of the base.
    let profile = |entry, id: &str, cmdline, kernel: &[u8], initrd: &[u8], own: &[u8]| {
        let started = start(&disk, entry).unwrap();
        assert_eq!(
            (started.id.as_str(), started.cmdline().as_str()),
            (id, cmdline)
        );
        let setup = started.handoff.setup_size as usize;
        assert!(started.kernel() == kernel[setup..], "{id}");
        let passed_on = extra(&[("os-release", OSREL), ("profile", own)]);
        let passed_on = if own.is_empty() {
            extra(&[("os-release", OSREL)])
        } else {
            passed_on
        };
        assert!(started.initrd() == padded(&[initrd, &passed_on]), "{id}");
    };
    let main = b"ID=main\nTITLE=Main\n";
    profile("", "a.efi", "base", &kernels[0], &initrds[0], main);
    profile(
        "a.efi@factory",
        "a.efi@factory",
        "reset",
        &kernels[0],
        &initrds[0],
        b"TITLE=\'Factory reset\'\nID=factory",
    );
    profile("a.efi@2", "a.efi@2", "base", &kernels[1], b"", b"");
    // None is called so: the default one boots.
    profile(
        "a.efi@hidden",
        "a.efi",
        "base",
        &kernels[0],
        &initrds[0],
        main,
    );
}

/// A kernel that is a PE file without `.linux`.
fn with_efi_stub(kernel: &[u8]) -> Vec<u8> {
    let mut kernel = kernel.to_vec();
    let header = pe(&[]);
    kernel[..2].copy_from_slice(b"MZ");
    kernel[0x3c..0x40].copy_from_slice(&0x40_u32.to_le_bytes());
    kernel[0x40..0x40 + 24].copy_from_slice(&header[0x80..0x80 + 24]);
    kernel
}

#[test]
fn type_1_entries() {
    let disk = disk();
    let kernel = kernel(39, 30_000);
    let initrd = random(999, 4);
    let image = pe(&[
        (".osrel", OSREL),
        (".cmdline", b"built-in"),
        (".initrd", &initrd),
        (".linux", &kernel),
        (".profile", b"ID=main"),
        (".profile", b"ID=other"),
        (".cmdline", b"other"),
    ]);
    disk.add("image.efi", &image);
    disk.add("vmlinuz.efi", &with_efi_stub(&kernel));
    disk.add("shell.efi", &pe(&[(".text", b"shell")]));
    disk.add("x", &random(77, 8));
    for (name, text) in [
        ("uki", "uki /image.efi"),
        (
            "options",
            "options a\ninitrd /x\nuki /image.efi\noptions b  c",
        ),
        ("other", "profile 1\nuki /image.efi\nsort-key z"),
        ("missing", "profile 2\nuki /image.efi"),
        ("efi", "efi /image.efi"),
        ("kernel", "efi /vmlinuz.efi\ninitrd /x\noptions k"),
        ("shell", "efi /shell.efi"),
        ("text", "uki /loader/entries/uki.conf"),
    ] {
        disk.add(&format!("loader/entries/{name}.conf"), text.as_bytes());
    }
    let boots = |entry, cmdline, initrd: &[u8]| {
        let started = start(&disk, entry).unwrap();
        assert_eq!(started.cmdline(), cmdline, "{entry}");
        assert!(started.kernel() == kernel[0x5000..], "{entry}");
        assert!(started.initrd() == initrd, "{entry}");
    };
    let osrel = ("os-release", OSREL);
    let own = padded(&[&initrd, &extra(&[osrel, ("profile", b"ID=main")])]);
    boots("uki", "built-in", &own);
    boots("options", "a b  c", &own);
    let other = padded(&[&initrd, &extra(&[osrel, ("profile", b"ID=other")])]);
    boots("other", "other", &other);
    boots("efi", "built-in", &own);
    // There is nothing to pass on.
    boots("kernel", "k", b"");
    fails(&disk, "missing", Kind::UkiProfile);
    fails(&disk, "text", Kind::UkiDamaged);
    let screen = start(&disk, "text").err().unwrap();
    assert!(
        screen.contains("shell.conf: /shell.efi: this is an EFI program"),
        "{screen}"
    );
}

/// An image for 32-bit firmware may have a 64-bit kernel: it boots.
#[test]
fn mixed_mode() {
    let mut image = pe(&[(".osrel", OSREL), (".linux", &kernel(39, 3000))]);
    image[0x84..0x86].copy_from_slice(&0x14c_u16.to_le_bytes());
    let disk = disk();
    disk.add("EFI/Linux/mixed.efi", &image);
    assert_eq!(start(&disk, "").unwrap().id, "mixed.efi");
}

/// Whatever is wrong with an image costs that image.
#[test]
fn images_that_are_none() {
    let good = pe(&[(".osrel", OSREL), (".linux", &kernel(39, 3000))]);
    let with = |offset: usize, bytes: &[u8]| {
        let mut image = good.clone();
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
        image
    };
    const COFF: usize = 0x80;
    const TABLE: usize = COFF + 24 + 240;
    let thousands: Vec<(&str, &[u8])> = vec![(".initrd", b"x"); 3000];
    let cases: Vec<(Vec<u8>, Kind)> = vec![
        (Vec::new(), Kind::UkiDamaged),
        (b"MZ".to_vec(), Kind::UkiDamaged),
        (good[..0x90].to_vec(), Kind::UkiDamaged),
        (good[..TABLE + 79].to_vec(), Kind::UkiDamaged),
        (good[..good.len() - 1024].to_vec(), Kind::UkiTruncated),
        (with(0, b"ZM"), Kind::UkiUnknown),
        (with(0x3c, &[0xff; 4]), Kind::UkiDamaged),
        (with(0x3c, &0_u32.to_le_bytes()), Kind::UkiUnknown),
        (with(COFF, b"NE"), Kind::UkiUnknown),
        (
            with(COFF + 4, &0xaa64_u16.to_le_bytes()),
            Kind::EntryArchitecture,
        ),
        (with(COFF + 6, &[0, 0]), Kind::UkiUnknown),
        (with(COFF + 6, &[0xff, 0xff]), Kind::UkiDamaged),
        (with(COFF + 20, &[0xff, 0xff]), Kind::UkiDamaged),
        // Of .osrel: its size, its place, both.
        (with(TABLE + 8, &[0xff; 12]), Kind::UkiTruncated),
        (with(TABLE + 20, &[0xff; 4]), Kind::UkiTruncated),
        (with(TABLE + 8, &[0; 4]), Kind::UkiUnknown),
        (with(TABLE, b".nsrel"), Kind::UkiUnknown),
        (with(TABLE + 40, b".ninux"), Kind::UkiUnknown),
        (pe(&thousands), Kind::UkiDamaged),
        (
            pe(&[(".linux", &kernel(39, 3000)), (".osrel", b"VERSION=1")]),
            Kind::UkiUnknown,
        ),
        (
            pe(&[(".linux", &kernel(39, 3000)), (".osrel", &[b'x'; 10_000])]),
            Kind::UkiUnknown,
        ),
    ];
    for (image, kind) in cases {
        let disk = disk();
        disk.add("EFI/Linux/a.efi", &good);
        disk.add("EFI/Linux/b.efi", &image);
        let started = start(&disk, "").unwrap();
        assert_eq!(started.id, "a.efi", "{kind:?}");
        let screen = started.machine.console.to_string();
        assert!(
            screen.contains(&format!("b.efi: {}", says(kind))),
            "{kind:?}: {screen}"
        );
    }
}

/// Sections may lie on one another: each is read from where it says.
#[test]
fn overlapping_sections() {
    let kernel = kernel(39, 3000);
    let mut image = pe(&[
        (".osrel", OSREL),
        (".linux", &kernel),
        (".initrd", b"12345678"),
    ]);
    const TABLE: usize = 0x80 + 24 + 240;
    let (linux, initrd) = (TABLE + 40, TABLE + 80);
    let fields: [u8; 16] = image[linux + 8..linux + 24].try_into().unwrap();
    image[initrd + 8..initrd + 24].copy_from_slice(&fields);
    let disk = disk();
    disk.add("EFI/Linux/a.efi", &image);
    let started = start(&disk, "").unwrap();
    let passed_on = extra(&[("os-release", OSREL)]);
    assert!(started.initrd() == padded(&[&kernel, &passed_on]));
}

#[test]
fn errors_before_the_jump() {
    let long = "x".repeat(2048);
    for (sections, kind) in [
        (
            vec![
                (".linux", kernel(39, 3000)),
                (".cmdline", long.into_bytes()),
            ],
            Kind::CommandLineLong,
        ),
        (
            vec![(".linux", kernel(39, 3000)), (".cmdline", vec![b' '; 5000])],
            Kind::CommandLineLong,
        ),
        (vec![(".linux", random(3000, 1))], Kind::KernelUnknown),
        (
            vec![(".linux", kernel(39, 3000)[..2000].to_vec())],
            Kind::KernelTruncated,
        ),
    ] {
        let disk = disk();
        let mut all = vec![(".osrel", OSREL)];
        all.extend(
            sections
                .iter()
                .map(|(name, bytes)| (*name, bytes.as_slice())),
        );
        disk.add("EFI/Linux/a.efi", &pe(&all));
        fails(&disk, "", kind);
    }
}

/// The menu reads a few blocks of each image, whatever its size.
#[test]
fn the_menu_costs_little() {
    let disk = disk();
    disk.add("loader/entries/a.conf", b"linux /vmlinuz\nsort-key a");
    disk.add("vmlinuz", &kernel(39, 3000));
    let reads = || start(&disk, "").unwrap().reads();
    let without = reads();
    let initrd = random(20_000_000, 4);
    let kernel = kernel(39, 300_000);
    let base: Vec<(&str, &[u8])> =
        vec![(".osrel", OSREL), (".initrd", &initrd), (".linux", &kernel)];
    disk.add("EFI/Linux/a.efi", &pe(&base));
    let one = reads() - without;
    assert!(one <= 4, "{one}");
    let mut more = base.clone();
    for id in [&b"ID=a"[..], b"ID=b", b"ID=c", b"ID=d", b"ID=e"] {
        more.extend([
            (".profile", id),
            (".cmdline", b"quiet"),
            (".initrd", &initrd[..70_000]),
        ]);
    }
    disk.add("EFI/Linux/a.efi", &pe(&more));
    let five = reads() - without;
    assert!(five <= 4 + 2 * 4, "{five}");
    println!("{one} requests for one image, {five} for one of five profiles");
    let names: Vec<String> = (0..12).map(|n| format!("EFI/Linux/b{n}.efi")).collect();
    for name in &names {
        disk.add(name, &pe(&base[..1]));
    }
    let further = reads() - without - five;
    assert!(further <= 4 * names.len(), "{further} for {names:?}");
}

/// An entry without a byte of an initrd is no error: that may be all that it needs.
#[test]
fn nothing_for_an_initrd() {
    let disk = disk();
    let mut kernel = kernel(39, 3000);
    // Its EFI program is the whole file.
    let headers = fuzz::pe::headers(fuzz::pe::AMD64, 0);
    kernel[..headers.len()].copy_from_slice(&headers);
    let image = pe(&[(".cmdline", b"own"), (".linux", &kernel)]);
    disk.add_tree(&[
        ("vmlinuz", &kernel),
        ("image.efi", &image),
        ("empty", b""),
        ("loader/entries/none.conf", b"linux /vmlinuz\noptions own\n"),
        (
            "loader/entries/empty.conf",
            b"linux /vmlinuz\ninitrd /empty\noptions own\n",
        ),
        (
            "loader/entries/tuned.conf",
            b"linux /vmlinuz\ninitrd $tuned_initrd\noptions own\n",
        ),
        ("loader/entries/efi.conf", b"efi /vmlinuz\noptions own\n"),
        ("loader/entries/image.conf", b"uki /image.efi\n"),
        ("loader/entries/image-efi.conf", b"efi /image.efi\n"),
    ]);
    for entry in ["none", "empty", "tuned", "efi", "image", "image-efi"] {
        let started = start(&disk, entry).unwrap_or_else(|said| panic!("{entry}: {said}"));
        assert_eq!(started.id, format!("{entry}.conf"));
        assert_eq!(started.cmdline(), "own", "{entry}");
        assert_eq!(started.handoff.initrd_size, 0, "{entry}");
        assert_eq!(started.handoff.initrd_address, 0, "{entry}");
    }
}
