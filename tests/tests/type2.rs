//! gapboot boots unified kernel images that other tools have made, with Debian's
//! kernel, down to an init that says what it got.

use std::path::{Path, PathBuf};
use tests::data::sha256;
use tests::debian::trixie;
use tests::images::{Content, Disk, Fat, Partition};
use tests::loaders::uki::{CMDLINE, OS_RELEASE, OWN, STUB, Workshop, said, stub};
use tests::machines::qemu::{Machine, Outcome};
use tests::tool::{command, run};
use tests::{MIB, gapboot};

/// A disk with gapboot and these files.
fn disk(directory: &Path, size: u64, files: Vec<(&str, Content)>) -> PathBuf {
    let path = directory.join("disk");
    let esp = files
        .into_iter()
        .fold(Partition::esp(Fat::new(32)), |esp, (name, content)| {
            esp.file(name, content)
        });
    Disk::new(size).partition(esp).build(&path).unwrap();
    gapboot::install(&path).unwrap();
    path
}

/// Boots an image from `/EFI/Linux`, and what lies beside it.
fn boots(image: &Path, beside: Vec<(&str, Content)>) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let mut files = vec![("EFI/Linux/image+3.efi", image.to_owned().into())];
    files.extend(beside);
    let disk = disk(directory.path(), 300 * MIB, files);
    Machine::new(&disk).memory(512).run().unwrap()
}

#[track_caller]
fn assert_own(outcome: &Outcome) {
    assert_eq!(said(outcome, "TEST-CMDLINE"), CMDLINE);
    assert_eq!(said(outcome, "TEST-ORDER"), "initrd");
    assert_eq!(said(outcome, "TEST-EXTRA"), sha256(OS_RELEASE.as_bytes()));
}

#[test]
fn a_plain_image_with_this_releases_stub() {
    let workshop = Workshop::new().unwrap();
    assert_own(&boots(
        &workshop.plain(&stub().unwrap()).unwrap(),
        Vec::new(),
    ));
}

#[test]
fn a_plain_image_with_debian_13s_stub() {
    let workshop = Workshop::new().unwrap();
    let stub = trixie::package("systemd-boot-efi").unwrap().join(STUB);
    assert_own(&boots(&workshop.plain(&stub).unwrap(), Vec::new()));
}

/// Of an image that is a bzImage too, the kernel in it is started at once.
#[test]
fn an_image_of_gapboot_uki_build() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    let (image, _) = workshop.sign(&image).unwrap();
    let outcome = boots(&image, Vec::new());
    assert_own(&outcome);
    assert_eq!(said(&outcome, "TEST-CREDENTIAL"), "");
}

#[test]
fn what_lies_beside_it() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.plain(&stub().unwrap()).unwrap();
    let beside = vec![("EFI/Linux/image.efi.extra.d/test.cred", "secret".into())];
    let outcome = boots(&image, beside);
    assert_own(&outcome);
    assert_eq!(said(&outcome, "TEST-CREDENTIAL"), "secret");
}

#[test]
fn a_type_1_entry_with_options_of_its_own() {
    let workshop = Workshop::new().unwrap();
    let image = workshop.plain(&stub().unwrap()).unwrap();
    let entry = format!("uki /image.efi\noptions {OWN}\nextra /x/test.cred\n");
    let directory = tempfile::tempdir().unwrap();
    let files = vec![
        ("image.efi", image.into()),
        ("x/test.cred", "of the entry".into()),
        ("loader/entries/a.conf", entry.into()),
    ];
    let disk = disk(directory.path(), 300 * MIB, files);
    let outcome = Machine::new(&disk).memory(512).run().unwrap();
    assert_eq!(said(&outcome, "TEST-CMDLINE"), OWN);
    assert_eq!(said(&outcome, "TEST-CREDENTIAL"), "of the entry");
}

/// ukify of Debian 13: profiles, each an entry.
#[test]
fn an_image_of_ukify_with_profiles() {
    let workshop = Workshop::new().unwrap();
    let ukify = trixie::package("systemd-ukify").unwrap();
    let ukify = ukify.join("usr/lib/systemd/ukify");
    let pefile = trixie::package("python3-pefile").unwrap();
    let build = |arguments: &[&str], output: &str| {
        let output = workshop.path(output);
        let mut python = command("/usr/bin/python3");
        python
            .env("PYTHONPATH", pefile.join("usr/lib/python3/dist-packages"))
            .arg(&ukify)
            .arg("build")
            .args(arguments)
            .arg("--output")
            .arg(&output);
        run(&mut python).unwrap();
        output
    };
    let stub = trixie::package("systemd-boot-efi").unwrap().join(STUB);
    let addon = stub.with_file_name("addonx64.efi.stub");
    let addon = format!("--stub={}", addon.display());
    let path = |name: &str| workshop.path(name).to_str().unwrap().to_owned();
    let second = build(
        &[
            addon.as_str(),
            "--profile=TITLE=Second\nID=second",
            &format!("--cmdline={OWN}"),
        ],
        "second.efi",
    );
    let image = build(
        &[
            &format!("--stub={}", stub.display()),
            &format!("--linux={}", path("vmlinuz")),
            &format!("--initrd={}", path("initrd")),
            &format!("--os-release=@{}", path("os-release")),
            &format!("--cmdline={CMDLINE}"),
            "--profile=TITLE=First\nID=first",
            &format!("--join-profile={}", second.display()),
        ],
        "profiles.efi",
    );
    assert_own(&boots(&image, Vec::new()));
    let conf = "default image.efi@second\n".into();
    let outcome = boots(&image, vec![("loader/loader.conf", conf)]);
    assert_eq!(said(&outcome, "TEST-CMDLINE"), OWN);
    assert_eq!(said(&outcome, "TEST-EXTRA"), sha256(OS_RELEASE.as_bytes()));
}
