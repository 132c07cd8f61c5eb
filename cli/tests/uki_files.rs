//! The files that `gapboot uki` reads and writes: pipes, empty ones, links, devices.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use common::noise;
use common::uki::Place;

/// Makes a pipe with a name that gives these bytes once.
fn pipe(place: &Place, name: &str, bytes: Vec<u8>) -> String {
    let path = place.path(name);
    common::tool("coreutils", "mkfifo", &[&path], "");
    let to = path.clone();
    // It waits until somebody reads. Where nobody does, the pipe is gone with its place.
    thread::spawn(move || fs::write(to, bytes));
    path
}

/// The same bytes as from files, larger than a pipe holds.
#[test]
fn pipes_are_read_to_their_end() {
    let place = Place::new();
    let (linux, initrd) = (place.read("linux"), noise(3, 300_003));
    place.write("initrd", &initrd);
    let file = place.path("initrd");
    place
        .build(&["--initrd", &file, "--cmdline", "quiet"])
        .unwrap();
    let expected = place.read("image");

    fs::remove_file(place.path("linux")).unwrap();
    pipe(&place, "linux", linux);
    let initrd = pipe(&place, "pipe", initrd);
    let cmdline = format!("@{}", pipe(&place, "line", b"quiet".to_vec()));
    place
        .build(&["--initrd", &initrd, "--cmdline", &cmdline])
        .unwrap();
    assert!(place.read("image") == expected);

    let image = pipe(&place, "image-pipe", expected.clone());
    place.convert_from(&image, "converted").unwrap();
    assert!(place.read("converted") == expected);
}

/// Files of /proc say that they have no bytes.
#[test]
fn files_that_do_not_tell_their_size() {
    let place = Place::new();
    place.build(&["--section", ".test:@/proc/version"]).unwrap();
    let report = place.report("image").unwrap();
    let mut sections = report.sections.iter();
    let section = sections.find(|section| section.name == ".test").unwrap();
    let version = fs::read("/proc/version").unwrap();
    assert_eq!(section.size, version.len() as u64);
    assert!(
        place
            .read("image")
            .windows(version.len())
            .any(|bytes| bytes == version)
    );
}

#[test]
fn what_no_image_is_made_of() {
    let place = Place::new();
    place.write("empty", b"");
    place.write("splash.png", b"\x89PNG\r\n\x1a\n");
    let empty = place.path("empty");
    let png = place.path("splash.png");
    let nothing = pipe(&place, "nothing", Vec::new());
    for (option, file, word) in [
        ("--initrd", &empty, "is empty: name another file"),
        ("--initrd", &nothing, "is empty: name another file"),
        ("--microcode", &empty, "is empty: name another file"),
        ("--splash", &empty, "is not a BMP picture"),
        ("--splash", &png, "is not a BMP picture"),
    ] {
        let error = place.build(&[option, file]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{file} {word}")), "{error}");
        assert!(!Path::new(&place.path("image")).exists());
    }
    place.write("linux", b"");
    let error = place.build(&[]).unwrap_err().to_string();
    assert!(error.contains("linux is empty"), "{error}");
    place.write("linux", b"text");
    let error = place.build(&[]).unwrap_err().to_string();
    let name = place.path("linux");
    assert!(
        error.starts_with(&format!("{name}: the kernel is not an x86 bzImage")),
        "{error}"
    );
}

/// It hides what the base has, so that one profile boots without an initrd.
#[test]
fn an_empty_file_in_a_profile() {
    let place = Place::new();
    let initrd = place.path("initrd");
    place
        .build(&[
            "--initrd",
            &initrd,
            "--profile",
            "ID=a",
            "--initrd",
            "/dev/null",
        ])
        .unwrap();
    let report = place.report("image").unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    let initrds = report
        .sections
        .iter()
        .filter(|section| section.name == ".initrd");
    let sizes: Vec<_> = initrds.map(|section| section.size).collect();
    assert_eq!(sizes, [70_003, 0]);
}

#[test]
fn a_kernel_is_not_converted() {
    let place = Place::new();
    place.build(&[]).unwrap();
    // A kernel that is a PE file, as distributions' are: the image without sections.
    let mut kernel = place.read("image");
    let sections = 0x400 + 6;
    kernel[sections..sections + 2].fill(0);
    place.write("vmlinuz", &kernel);
    let error = place.convert("vmlinuz", "out").unwrap_err().to_string();
    assert!(
        error.contains("vmlinuz is a kernel, not a unified kernel image"),
        "{error}"
    );
    assert!(error.contains("`gapboot uki build --linux`"), "{error}");
    assert!(!Path::new(&place.path("out")).exists());
}

#[test]
fn the_output_is_written_knowingly() {
    let place = Place::new();
    let build = |output: &str| {
        place
            .build_as(output, &[])
            .map_err(|error| error.to_string())
    };
    let missing = place.path("missing/x.efi");
    let directory = place.path("missing");
    assert_eq!(
        build(&missing).unwrap_err(),
        format!("cannot write {missing}: there is no directory {directory}")
    );
    let (_reader, writer) = std::io::pipe().unwrap();
    let pipe = format!("/dev/fd/{}", writer.as_raw_fd());
    for device in ["/dev/null", "/dev/full", &pipe] {
        let error = build(device).unwrap_err();
        assert!(
            error.starts_with(&format!("cannot write {device}: it is ")),
            "{error}"
        );
    }
    // The file that the link leads to is replaced, not the link.
    symlink("real.efi", place.path("link.efi")).unwrap();
    place.write("real.efi", b"old");
    build(&place.path("link.efi")).unwrap();
    assert!(
        fs::symlink_metadata(place.path("link.efi"))
            .unwrap()
            .is_symlink()
    );
    build(&place.path("image")).unwrap();
    assert!(place.read("real.efi") == place.read("image"));
}

/// As ukify does, but it is said.
#[test]
fn an_image_without_a_name_of_its_own() {
    let place = Place::new();
    let said = place.build(&[]).unwrap();
    match Path::new("/etc/os-release").exists() {
        true => assert!(
            said.contains("after this system (/etc/os-release)"),
            "{said}"
        ),
        false => assert!(said.contains("os-release"), "{said}"),
    }
    let said = place.build(&["--os-release", "ID=t\n"]).unwrap();
    assert!(!said.contains("os-release"), "{said}");
}
