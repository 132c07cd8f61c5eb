//! Files beside a unified kernel image, and how they reach its initrd.

use crate::common::{TestDisk, archive, kernel, pe, random};
use crate::start::{OSREL, disk, extra, fails, padded, start};
use boot::Kind;
use sha2::{Digest, Sha256};

const CREDENTIALS: (&str, [u32; 2]) = ("credentials", [0o500, 0o400]);
const SYSEXT: (&str, [u32; 2]) = ("sysext", [0o555, 0o444]);
const CONFEXT: (&str, [u32; 2]) = ("confext", [0o555, 0o444]);

fn set(prefix: &str, set: (&str, [u32; 2]), files: &[(&str, &[u8])]) -> Vec<u8> {
    archive(&format!(".extra/{prefix}{}", set.0), set.1, files)
}

/// An image with an initrd, and files beside it.
fn with_files(image: &str, files: &[(&str, &[u8])]) -> TestDisk {
    let disk = disk();
    let bytes = pe(&[
        (".osrel", OSREL),
        (".cmdline", b"base"),
        (".uname", b"6.1.0"),
        (".ucode", b"microcode"),
        (".initrd", b"initrd"),
        (".linux", &kernel(39, 3000)),
    ]);
    disk.add_tree(&[files, &[(image, &bytes)]].concat());
    disk
}

/// The archives that the tests compare with are those of systemd-stub.
#[test]
fn the_yardstick() {
    let sha256 = |bytes: Vec<u8>| -> String {
        let digest = Sha256::digest(bytes);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let profile = archive(".extra", [0o555, 0o444], &[("profile", b"ID=regular\n")]);
    assert_eq!(
        sha256(profile),
        "d8d9369934d6d54801ba95a5cc421a62aa520ebcba952bb9e8db54c8dc0533b1"
    );
    let credentials = set("", CREDENTIALS, &[("a.cred", b"hello"), ("b.cred", b"")]);
    assert_eq!(
        sha256(credentials),
        "9b7a6eb03bba49456118ae3cada0019dd2c2ebeabc346f1d37b63083c135b430"
    );
    assert_eq!(
        sha256(set("", SYSEXT, &[("x.sysext.raw", b"RAW!")])),
        "2cb15c06d6483c91095d906a902c96cee3dcc3737546c3d528d22b44cd9230c8"
    );
}

#[test]
fn files_beside_an_image() {
    let large = random(70_001, 6);
    let disk = with_files(
        "EFI/Linux/a+3-0.efi",
        &[
            ("EFI/Linux/a.efi.extra.d/b.cred", b""),
            ("EFI/Linux/a.efi.extra.d/a.CRED", b"hello"),
            ("EFI/Linux/a.efi.extra.d/.c.cred", b"hidden"),
            ("EFI/Linux/a.efi.extra.d/\u{e4}.cred", b"not ASCII"),
            ("EFI/Linux/a.efi.extra.d/d.cred/x", b"in a directory"),
            ("EFI/Linux/a.efi.extra.d/x.sysext.raw", &large),
            ("EFI/Linux/a.efi.extra.d/Y.raw", b"any raw"),
            ("EFI/Linux/a.efi.extra.d/z.confext.raw", b"conf"),
            ("EFI/Linux/a.efi.extra.d/readme.txt", b"x"),
            ("EFI/Linux/b.efi.extra.d/b.cred", b"of another"),
            ("loader/credentials/g.cred", b"global"),
            ("loader/credentials/g.raw", b"no"),
            ("loader/extensions/e.sysext.raw", b"ext"),
            ("loader/extensions/e.confext.raw", b"conf 2"),
            ("loader/extensions/e.cred", b"no"),
        ],
    );
    let started = start(&disk, "").unwrap();
    let expected = padded(&[
        b"microcode",
        b"initrd",
        &set("", CREDENTIALS, &[("a.CRED", b"hello"), ("b.cred", b"")]),
        &set("global_", CREDENTIALS, &[("g.cred", b"global")]),
        &set(
            "",
            SYSEXT,
            &[("Y.raw", b"any raw"), ("x.sysext.raw", &large)],
        ),
        &set("global_", SYSEXT, &[("e.sysext.raw", b"ext")]),
        &set("", CONFEXT, &[("z.confext.raw", b"conf")]),
        &set("global_", CONFEXT, &[("e.confext.raw", b"conf 2")]),
        &extra(&[("os-release", OSREL)]),
    ]);
    assert_eq!(started.initrd().len(), expected.len());
    assert!(started.initrd() == expected);
    assert_eq!(started.cmdline(), "base");
}

#[test]
fn addons() {
    let one = pe(&[
        (".cmdline", b" one=1\n"),
        (".initrd", b"initrd 1"),
        (".ucode", b"ucode 1"),
    ]);
    let two = pe(&[
        (".cmdline", b"two"),
        (".uname", b"6.1.0"),
        (".initrd", b"initrd 2!"),
    ]);
    let other = pe(&[(".cmdline", b"other"), (".uname", b"6.1.1")]);
    let kernel = pe(&[(".cmdline", b"kernel"), (".linux", b"x")]);
    let mut arm = pe(&[(".cmdline", b"arm")]);
    arm[0x84..0x86].copy_from_slice(&0xaa64_u16.to_le_bytes());
    let global = pe(&[(".cmdline", b"global"), (".ucode", b"ucode global")]);
    let disk = with_files(
        "EFI/Linux/c++11+2-0.efi",
        &[
            ("EFI/Linux/c++11.efi.extra.d/2.addon.efi", &two),
            ("EFI/Linux/c++11.efi.extra.d/1.addon.efi", &one),
            ("EFI/Linux/c++11.efi.extra.d/3.addon.efi", &other),
            ("EFI/Linux/c++11.efi.extra.d/4.addon.efi", &kernel),
            ("EFI/Linux/c++11.efi.extra.d/5.addon.efi", &arm),
            ("EFI/Linux/c++11.efi.extra.d/6.addon.efi", b"MZ"),
            ("EFI/Linux/c++11.efi.extra.d/7.efi", &one),
            ("loader/addons/9.addon.efi", &global),
        ],
    );
    // Its id looks like the name of a file with a counter.
    let started = start(&disk, "").unwrap();
    assert_eq!(started.id, "c++11.efi");
    assert_eq!(started.cmdline(), "base global one=1 two");
    let expected = padded(&[
        b"ucode 1",
        b"ucode global",
        b"microcode",
        b"initrd",
        &extra(&[("os-release", OSREL)]),
        b"initrd 1",
        b"initrd 2!",
    ]);
    assert!(started.initrd() == expected);
}

#[test]
fn type_1_entries() {
    let disk = with_files(
        "images/a+2.efi",
        &[
            ("images/a.efi.extra.d/b.cred", b"beside"),
            (
                "images/a.efi.extra.d/b.addon.efi",
                &pe(&[(".cmdline", b"added")]),
            ),
            ("extra/x.cred", b"secret"),
            ("extra/y.sysext.raw", b"sysext"),
            ("extra/z.confext.raw", b"confext"),
            ("extra/later.kind", b"?"),
            (
                "loader/entries/a.conf",
                b"uki /images/a+2.efi\noptions own\nextra /extra/z.confext.raw\n\
                    extra /extra/later.kind\nextra extra/x.cred\nextra /extra/y.sysext.raw\n",
            ),
            (
                "loader/entries/gone.conf",
                b"uki /images/a+2.efi\nextra /extra/gone.cred\n",
            ),
        ],
    );
    let started = start(&disk, "a").unwrap();
    assert_eq!(started.cmdline(), "own added");
    let expected = padded(&[
        b"microcode",
        &set("", CONFEXT, &[("z.confext.raw", b"confext")]),
        &set("", CREDENTIALS, &[("x.cred", b"secret")]),
        &set("", SYSEXT, &[("y.sysext.raw", b"sysext")]),
        b"initrd",
        &set("", CREDENTIALS, &[("b.cred", b"beside")]),
        &extra(&[("os-release", OSREL)]),
    ]);
    assert!(started.initrd() == expected);
    fails(&disk, "gone", Kind::NotFound);
}

/// The sections that the image passes on, by the profile in effect.
#[test]
fn passed_on() {
    let disk = disk();
    let image = pe(&[
        (".osrel", OSREL),
        (".pcrsig", b"{}"),
        (".pcrpkey", b"-----BEGIN"),
        (".linux", &kernel(39, 3000)),
        (".profile", b"ID=main\n"),
        (".profile", b"ID=b\n"),
        (".pcrsig", b"{ }"),
    ]);
    disk.add("EFI/Linux/a.efi", &image);
    for (entry, signature, profile) in [("", "{}", "ID=main\n"), ("a.efi@b", "{ }", "ID=b\n")] {
        let started = start(&disk, entry).unwrap();
        let expected = extra(&[
            ("tpm2-pcr-signature.json", signature.as_bytes()),
            ("tpm2-pcr-public-key.pem", b"-----BEGIN"),
            ("os-release", OSREL),
            ("profile", profile.as_bytes()),
        ]);
        assert!(started.initrd() == expected, "{entry}");
    }
}

#[test]
fn no_more_than_256_files_of_a_kind() {
    let names: Vec<String> = (0..257)
        .map(|number| format!("loader/credentials/{number:03}.cred"))
        .collect();
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let disk = with_files("EFI/Linux/a.efi", &files[1..]);
    assert!(start(&disk, "").is_ok());
    disk.add_tree(&files[..1]);
    fails(&disk, "", Kind::CompanionsMany);
}

/// More files than one walk through a directory finds keep their order, whatever the
/// order in which they lie there.
#[test]
fn many_files_in_their_order() {
    const COUNT: usize = 21;
    // No two of them have the same remainder.
    let numbers: Vec<usize> = (0..COUNT).map(|number| number * 8 % COUNT).collect();
    let credential = |number: usize| format!("{number:02}.cred");
    let ucode = |number: usize| format!("ucode {number:02}");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for &number in &numbers {
        let name = format!("loader/credentials/{}", credential(number));
        files.push((name, credential(number).into()));
        let name = format!("loader/addons/{number:02}.addon.efi");
        files.push((name, pe(&[(".ucode", ucode(number).as_bytes())])));
    }
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let started = start(&with_files("EFI/Linux/a.efi", &files), "").unwrap();

    let ucodes: Vec<String> = (0..COUNT).rev().map(ucode).collect();
    let names: Vec<String> = (0..COUNT).map(credential).collect();
    let credentials: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), name.as_bytes()))
        .collect();
    let mut expected: Vec<&[u8]> = ucodes.iter().map(String::as_bytes).collect();
    let archive = set("global_", CREDENTIALS, &credentials);
    let os_release = extra(&[("os-release", OSREL)]);
    expected.extend([&b"microcode"[..], b"initrd", &archive, &os_release]);
    assert!(started.initrd() == padded(&expected));
}
