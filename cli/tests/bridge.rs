//! `gapboot bridge build` with a kernel and modules of the tests' own.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::{Args, FromArgMatches};
use cli::bridge::build::{Request, build};
use cli::commands::bridge::BuildArguments;
use cli::error::Error;
use cli::uki::pe::{self, Pe};
use cli::uki::report::Report;
use cli::uki::stub::Stub;
use common::uki::{kernel, stub};
use tempfile::TempDir;

const VERSION: &str = "6.1.0-99-test";
const CONFIG: &str = "\
CONFIG_KEXEC_FILE=y\nCONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_ZSTD=y\nCONFIG_BINFMT_ELF=y\n\
CONFIG_DEVTMPFS=y\nCONFIG_PROC_FS=y\nCONFIG_SYSFS=y\nCONFIG_TTY=y\n";

/// ext4 needs jbd2, and jbd2 softly needs what crypto-crc32c means, and `late` after it.
const DEP: &str = "\
kernel/drivers/sd_mod.ko: kernel/drivers/scsi_mod.ko.xz
kernel/drivers/scsi_mod.ko.xz:
kernel/drivers/ahci.ko: kernel/drivers/libahci.ko
kernel/drivers/libahci.ko:
kernel/drivers/other.ko:
kernel/fs/ext4.ko: kernel/fs/jbd2.ko kernel/fs/mbcache.ko
kernel/fs/mbcache.ko:
kernel/fs/jbd2.ko:
kernel/crypto/crc32c-intel.ko:
kernel/crypto/crc32c_generic.ko.gz:
kernel/late.ko.zst:
";
const SOFTDEP: &str = "\
# Soft dependencies extracted from modules themselves.
softdep ext4 pre: nothing-has-this-name
softdep jbd2 other pre: crypto-crc32c post: late
softdep other pre: late
softdep late pre: ext4
";
const ALIAS: &str = "\
# Aliases extracted from modules themselves.
alias pci:v*d*sv*sd*bc01sc06i01* ahci
alias pci:v00000001d00000002sv*sd*bc*sc*i* other
alias crypto-crc32c crc32c_intel
alias crypto-crc32c crc32c_generic
alias scsi:t-0x00* sd_mod
";
/// What `--set small` takes of them.
const SMALL: [&str; 10] = [
    "kernel/crypto/crc32c-intel.ko",
    "kernel/crypto/crc32c_generic.ko.gz",
    "kernel/drivers/ahci.ko",
    "kernel/drivers/libahci.ko",
    "kernel/drivers/scsi_mod.ko.xz",
    "kernel/drivers/sd_mod.ko",
    "kernel/fs/ext4.ko",
    "kernel/fs/jbd2.ko",
    "kernel/fs/mbcache.ko",
    "kernel/late.ko.zst",
];

/// A system with a kernel and its modules.
struct Place(TempDir);

/// What a build left.
#[derive(Debug)]
struct Built {
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write("boot/vmlinuz", &bootable());
        place.write(&format!("boot/config-{VERSION}"), CONFIG.as_bytes());
        for line in DEP.lines() {
            let path = line.split(':').next().unwrap();
            place.write(&module_path(path), &module(path));
        }
        place.write(&module_path("modules.dep"), DEP.as_bytes());
        place.write(&module_path("modules.softdep"), SOFTDEP.as_bytes());
        place.write(&module_path("modules.alias"), ALIAS.as_bytes());
        place.write(
            &module_path("modules.builtin"),
            b"kernel/drivers/i8042.ko\nkernel/drivers/usb-storage.ko\n",
        );
        place.write("init", &program());
        place
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// What the arguments ask for, in this system and around no EFI stub.
    fn request(&self, arguments: &[&str]) -> Result<Request, Error> {
        let (root, init, output) = (self.path(""), self.path("init"), self.path("bridge.efi"));
        let mut all = vec!["--root", &root, "--init", &init, "--output", &output];
        all.extend(arguments);
        let mut request = parse(&all)?;
        request.efi_stub = None;
        Ok(request)
    }

    /// Builds with the kernel of the place.
    fn build(&self, arguments: &[&str]) -> Result<Built, Error> {
        let kernel = self.path("boot/vmlinuz");
        self.run(&self.request(&[&["--kernel", &kernel], arguments].concat())?)
    }

    fn run(&self, request: &Request) -> Result<Built, Error> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        build(Stub::new(stub())?, request, &mut out, &mut err)?;
        let text = |bytes| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&self.path(""), "")
        };
        Ok(Built {
            out: text(out),
            err: text(err),
        })
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], words: &str) {
        let error = self.build(arguments).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!Path::new(&self.path("bridge.efi")).exists());
    }

    fn image(&self) -> Vec<u8> {
        fs::read(self.path("bridge.efi")).unwrap()
    }

    fn report(&self) -> Report {
        let (source, pe) = Pe::open(Path::new(&self.path("bridge.efi"))).unwrap();
        Report::of(&source, &pe).unwrap()
    }

    fn section(&self, name: &str) -> Vec<u8> {
        let (source, pe) = Pe::open(Path::new(&self.path("bridge.efi"))).unwrap();
        let section = pe.sections.iter().find(|one| one.name() == name).unwrap();
        let content = pe::content(&source, section).unwrap();
        content.head(u64::MAX).unwrap()
    }

    /// The files of the initrd by their paths, with their modes.
    fn files(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        unpack(&zstd::decode_all(&*self.section(".initrd")).unwrap())
    }
}

fn parse(arguments: &[&str]) -> Result<Request, Error> {
    let command = clap::Command::new("build").no_binary_name(true);
    let matches = BuildArguments::augment_args(command).try_get_matches_from(arguments);
    let arguments = matches.and_then(|matches| BuildArguments::from_arg_matches(&matches));
    arguments.map_err(Error::usage)?.request()
}

fn module_path(path: &str) -> String {
    format!("lib/modules/{VERSION}/{path}")
}

/// Something with the version where a module has it.
fn module(path: &str) -> Vec<u8> {
    format!("name={path}\0vermagic={VERSION} SMP mod_unload\0").into_bytes()
}

/// The kernel of the UKIs' tests with the PE headers of an EFI stub.
fn bootable() -> Vec<u8> {
    let mut kernel = kernel(100_001);
    let mut put = |at: usize, bytes: &[u8]| kernel[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x40]);
    put(0x40, b"PE\0\0\x64\x86");
    put(0x40 + 20, &240_u16.to_le_bytes());
    put(0x40 + 24, &[0x0b, 0x02]);
    put(0x40 + 24 + 108, &[16]);
    kernel
}

/// The header of a program that needs no libraries.
fn program() -> Vec<u8> {
    let mut program = vec![0; 64];
    program[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    program[16..24].copy_from_slice(&[3, 0, 62, 0, 1, 0, 0, 0]);
    program[52] = 64;
    program[54] = 56;
    program
}

/// Reads a cpio archive, and checks what makes it the same at each build.
fn unpack(archive: &[u8]) -> BTreeMap<String, (u32, Vec<u8>)> {
    let (mut files, mut at, mut last) = (BTreeMap::new(), 0, String::new());
    loop {
        let field = |index: usize| {
            let digits = &archive[at + 6 + 8 * index..][..8];
            u32::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
        };
        assert_eq!(&archive[at..at + 6], b"070701");
        let (mode, size, name_size) = (field(1), field(6) as usize, field(11) as usize);
        let name = &archive[at + 110..][..name_size - 1];
        let name = String::from_utf8(name.to_vec()).unwrap();
        if name == "TRAILER!!!" {
            return files;
        }
        // inode; owner, group, links, time
        assert_eq!(field(0) as usize, files.len() + 1);
        assert_eq!([2, 3, 4, 5].map(field), [0, 0, 1, 0], "{name}");
        assert!(last < name, "{last} {name}");
        at = (at + 110 + name_size).next_multiple_of(4);
        files.insert(name.clone(), (mode, archive[at..at + size].to_vec()));
        at = (at + size).next_multiple_of(4);
        last = name;
    }
}

/// Paths of modules in the initrd.
fn modules(files: &BTreeMap<String, (u32, Vec<u8>)>) -> Vec<&str> {
    let directory = module_path("");
    let paths = files.keys().filter(|path| path.contains(".ko"));
    paths
        .map(|path| path.strip_prefix(&directory).unwrap())
        .collect()
}

#[test]
fn a_small_bridge() {
    let place = Place::new();
    let built = place
        .build(&[
            "--set",
            "small",
            "--option",
            "timeout=5",
            "--option",
            "debug=yes",
            "--cmdline",
            "quiet console=ttyS1",
        ])
        .unwrap();
    let size = place.image().len();
    let line = format!("bridge.efi: {size} bytes, 10 modules of Linux {VERSION}\n");
    assert_eq!(built.out, line);
    let note = built.err.lines().next().unwrap();
    assert!(
        note.starts_with("gapboot: note: Linux 6.1.0-99-test has no modules for USB (xhci-pci, "),
        "{note}"
    );
    // What is built in is not missing.
    assert!(
        !note.contains("usb-storage") && !note.contains("i8042"),
        "{note}"
    );
    assert!(
        !note.contains("ahci") && note.contains("NVMe (nvme)"),
        "{note}"
    );

    let report = place.report();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.cmdline.as_deref(), Some("quiet console=ttyS1"));
    let release = String::from_utf8(place.section(".osrel")).unwrap();
    assert!(
        release.starts_with("NAME=\"gapboot bridge\"\n"),
        "{release}"
    );
    assert!(release.contains(env!("CARGO_PKG_VERSION")), "{release}");
    assert!(release.contains(VERSION), "{release}");

    let files = place.files();
    assert_eq!(modules(&files), SMALL);
    for path in SMALL {
        let packed = &files[&module_path(path)];
        assert_eq!(*packed, (0o100_644, module(path)));
    }
    assert_eq!(files["init"], (0o100_755, program()));
    let options = (0o100_644, b"timeout 5\ndebug yes\n".to_vec());
    assert_eq!(files["etc/gapboot/bridge.conf"], options);
    for directory in ["dev", "proc", "run", "sys", "tmp", "lib/modules", "etc"] {
        assert_eq!(files[directory], (0o040_755, Vec::new()));
    }
}

/// The indexes speak of what is packed, in the order of depmod.
#[test]
fn indexes_are_reduced() {
    let place = Place::new();
    place.build(&["--set", "small"]).unwrap();
    let files = place.files();
    let index = |name: &str| String::from_utf8(files[&module_path(name)].1.clone()).unwrap();
    let without = |text: &str, word: &str| -> String {
        let lines = text.lines();
        let kept = lines.filter(|line| !line.starts_with('#') && !line.contains(word));
        kept.flat_map(|line| [line, "\n"]).collect()
    };
    assert_eq!(index("modules.dep"), without(DEP, "other.ko"));
    assert_eq!(index("modules.softdep"), without(SOFTDEP, "softdep other"));
    assert_eq!(index("modules.alias"), without(ALIAS, " other"));
}

#[test]
fn modules_by_name() {
    let place = Place::new();
    // With a hyphen, as an alias, built in, and by an option of the bridge.
    for (arguments, expected) in [
        (["--module", "sd-mod"], &SMALL[..]),
        (["--module", "crypto-crc32c"], &SMALL),
        (["--module", "usb_storage"], &SMALL),
        (
            ["--option", "module=other debug=1"],
            &[&SMALL[..], &["kernel/drivers/other.ko"]].concat(),
        ),
    ] {
        place
            .build(&[&["--set", "small"], &arguments[..]].concat())
            .unwrap();
        let (files, mut expected) = (place.files(), expected.to_vec());
        expected.sort_unstable();
        assert_eq!(modules(&files), expected, "{arguments:?}");
    }
    let all = place.build(&["--set", "all"]).unwrap();
    assert_eq!(modules(&place.files()).len(), DEP.lines().count());
    assert!(!all.err.contains("no modules for"), "{}", all.err);
    let words = "no module xhci in ";
    fs::remove_file(place.path("bridge.efi")).unwrap();
    place.refused(&["--module", "xhci"], words);
    place.refused(&["--option", "module=xhci"], words);
}

#[test]
fn the_same_parts_make_the_same_bytes() {
    let place = Place::new();
    place.build(&[]).unwrap();
    let first = place.image();
    // Another copy, with other times and inodes, in another directory.
    let copy = Place::new();
    copy.build(&[]).unwrap();
    assert!(copy.image() == first);
    // Over itself.
    place.build(&[]).unwrap();
    assert!(place.image() == first);
}

#[test]
fn included_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("busybox", b"program");
    fs::set_permissions(place.path("busybox"), fs::Permissions::from_mode(0o4711)).unwrap();
    place.write("note", b"text");
    let (busybox, note) = (place.path("busybox"), place.path("note"));
    let elsewhere = format!("{note}:/lib/firmware/x.bin");
    place
        .build(&[
            "--include",
            &busybox,
            "--include",
            &note,
            "--include",
            &elsewhere,
        ])
        .unwrap();
    let files = place.files();
    assert_eq!(files["bin/busybox"], (0o100_755, b"program".to_vec()));
    assert_eq!(files["note"], (0o100_644, b"text".to_vec()));
    assert_eq!(files["lib/firmware/x.bin"], (0o100_644, b"text".to_vec()));

    fs::remove_file(place.path("bridge.efi")).unwrap();
    for taken in [
        "/init",
        "/lib/modules",
        "/etc/gapboot/bridge.conf",
        "/init/x",
    ] {
        let words = "is in the bridge already: name another place";
        place.refused(&["--include", &format!("{note}:{taken}")], words);
    }
    place.refused(&["--include", &place.path("boot")], "is a directory");
    place.refused(&["--include", &place.path("none")], "cannot open");
}

/// The kernel of the running system, and modules by the kernel's version.
#[test]
fn defaults() {
    let place = Place::new();
    let error = place
        .run(&place.request(&[]).unwrap())
        .unwrap_err()
        .to_string();
    assert!(error.contains("name a kernel by --kernel"), "{error}");
    let release = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    place.write(&format!("boot/vmlinuz-{release}"), &bootable());
    let built = place.run(&place.request(&[]).unwrap()).unwrap();
    assert!(built.out.contains("10 modules"), "{}", built.out);
}

#[test]
fn kernels_that_are_no_use() {
    let place = Place::new();
    let config = format!("boot/config-{VERSION}");
    let without = |option: &str| CONFIG.replace(&format!("{option}=y\n"), "");
    place.write(&config, without("CONFIG_KEXEC_FILE").as_bytes());
    let words = "was built without CONFIG_KEXEC or CONFIG_KEXEC_FILE, which a bridge needs";
    place.refused(&[], words);
    let module = without("CONFIG_RD_ZSTD").replace("CONFIG_TTY=y", "CONFIG_TTY=m");
    place.write(&config, module.as_bytes());
    place.refused(&[], "without CONFIG_RD_ZSTD, CONFIG_TTY, which");
    // Fedora's place.
    fs::rename(place.path(&config), place.path(&module_path("config"))).unwrap();
    place.refused(&[], "without CONFIG_RD_ZSTD");
    fs::remove_file(place.path(&module_path("config"))).unwrap();
    let built = place.build(&[]).unwrap();
    let note = "gapboot: note: there is no config-6.1.0-99-test beside boot/vmlinuz, so it is not \
                checked whether the kernel has kexec and zstd\n";
    assert!(built.err.starts_with(note), "{}", built.err);

    fs::rename(place.path("bridge.efi"), place.path("boot/vmlinuz")).unwrap();
    place.refused(&[], "is a unified kernel image");
    place.write("boot/vmlinuz", &kernel(100_001));
    place.refused(&[], "was built without CONFIG_EFI_STUB");
    let changed = |at: usize, bytes: &[u8]| {
        let mut kernel = bootable();
        kernel[at..at + bytes.len()].copy_from_slice(bytes);
        place.write("boot/vmlinuz", &kernel);
    };
    changed(0x236, &[0]);
    place.refused(&[], "boot/vmlinuz: the kernel is not a 64-bit one");
    changed(0x20e, &[0, 0]);
    place.refused(&[], "does not say its version");
    changed(0x300, b"../../etc ");
    place.refused(&[], "does not say its version");
    place.write("boot/vmlinuz", b"#!/bin/sh\n");
    place.refused(&[], "not an x86 bzImage");
}

#[test]
fn modules_that_are_no_use() {
    let place = Place::new();
    let dep = module_path("modules.dep");
    place.refused(&["--modules", &place.path("none")], "is not a directory");
    place.refused(
        &["--modules", &place.path("boot")],
        "run depmod (`depmod 6.1.0-99-test`",
    );
    place.write(&dep, b"/abs/x.ko:\n");
    place.refused(&[], "\"/abs/x.ko\", which is not in its directory");
    place.write(&dep, b"../x.ko:\n");
    place.refused(&[], "\"../x.ko\"");
    place.write(&dep, b"kernel/fs/ext4.ko: kernel/fs/gone.ko\n");
    place.refused(&[], "names gone, but does not say where it is");
    place.write(&dep, b"kernel/fs/ext4.ko:\nkernel/drivers/ahci.ko.xz:\n");
    place.refused(&[], "cannot read");
    // Circles end.
    place.write(
        &dep,
        b"kernel/fs/ext4.ko: kernel/fs/jbd2.ko\nkernel/fs/jbd2.ko: kernel/fs/ext4.ko\n",
    );
    let built = place.build(&[]).unwrap();
    assert!(built.out.contains(" 2 modules"), "{}", built.out);
    fs::remove_file(place.path("bridge.efi")).unwrap();
    place.write(
        &module_path("kernel/fs/ext4.ko"),
        b"vermagic=6.1.0-98-test SMP\0",
    );
    place.refused(
        &[],
        "kernel/fs/ext4.ko is for Linux 6.1.0-98-test, and the kernel is 6.1.0-99-test",
    );
}

#[test]
fn what_is_wrong_is_said_before_anything_is_made() {
    let place = Place::new();
    let own = std::env::current_exe().unwrap();
    place.refused(
        &["--init", own.to_str().unwrap()],
        "this gapboot needs libraries",
    );
    place.refused(&["--init", &place.path("boot/vmlinuz")], "is not a program");
    place.refused(
        &["--output", &place.path("none/bridge.efi")],
        "there is no directory",
    );
    // The image may not replace what it is made of.
    let before = fs::read(place.path("boot/vmlinuz")).unwrap();
    place.refused(
        &["--output", &place.path("boot/vmlinuz")],
        "name another file by --output",
    );
    assert!(fs::read(place.path("boot/vmlinuz")).unwrap() == before);
}

#[test]
fn usage() {
    let output = ["--output", "x"];
    assert!(parse(&output).is_ok());
    for wrong in [
        &["--kernel", "x"][..],
        &["--set", "large"],
        &["--option", "timout=5"],
        &["--option", "timeout"],
        &["--include", "x:/"],
        &["y"],
    ] {
        let arguments = match wrong {
            ["--kernel", _] => wrong.to_vec(),
            _ => [&output, wrong].concat(),
        };
        assert!(
            matches!(parse(&arguments), Err(Error::Usage(_))),
            "{wrong:?}"
        );
    }
}

/// The messages of the whole program.
#[test]
fn usage_is_explained() {
    for (arguments, words) in [
        (&["bridge"][..], "bridge: a command is missing: use build;"),
        (
            &["bridge", "build"],
            "bridge build: --output is missing: the file to be made;",
        ),
        (
            &["bridge", "build", "-o", "x", "--set", "large"],
            "\"large\" is not a --set: use small, standard or all;",
        ),
        (
            &["bridge", "build", "-o", "x", "--option", "timout=5"],
            "\"timout\" is not an option of the bridge: use timeout, default, device, medium, \
             config, grub-path, module, console, debug, unbind-xhci, wait, save, text-mode, grub-map;",
        ),
        (
            &["bridge", "build", "-o", "x", "--include", "f:/"],
            "is not the path of a file",
        ),
    ] {
        let run = common::gapboot(&common::stages("0.1.0", 1), arguments);
        assert_eq!(run.status, 2, "{}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        assert!(run.err.contains(words), "{}", run.err);
    }
}
