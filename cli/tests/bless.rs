//! What `gapboot bless` does to the entry's file, through a mount. Its own
//! mount, and the real node, are tested in a guest by the crate `tests`.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use common::system::{Fake, UUIDS};
use common::*;

const ENTRIES: &str = "/boot/loader/entries";

/// A system that was started from this entry of XBOOTLDR, and has these files.
fn booted(name: &str, files: &[&str]) -> Fake {
    let mut fake = Fake::new("/nonexistent".as_ref());
    fake.mount("vda2", "/boot").node(&format!(
        "GapbootNode=1\nLoaderInfo=gapboot 0.1.0\nLoaderDevicePartUUID={}\n\
         LoaderBootCountPath=/loader/entries/{name}\n",
        UUIDS[1]
    ));
    for file in files {
        fake.write(&format!("{ENTRIES}/{file}"), file);
    }
    fake
}

fn bless(fake: &Fake, arguments: &[&str]) -> Run {
    let arguments = [&["bless", "--root", fake.root()], arguments].concat();
    gapboot(&stages("0.1.0", 1), &arguments)
}

fn status(fake: &Fake) -> String {
    let run = bless(fake, &["status"]).done();
    assert_eq!(run.err, "");
    run.out.trim_end().to_owned()
}

#[test]
fn every_verdict_and_back() {
    let fake = booted("foo+2-1.conf", &["foo+2-1.conf", "bar+3-0.conf"]);
    assert_eq!(status(&fake), "indeterminate");
    for (verdict, name, said) in [
        (
            "good",
            "foo.conf",
            "marked good: /loader/entries/foo+2-1.conf is now foo.conf",
        ),
        (
            "good",
            "foo.conf",
            "marked good already: /loader/entries/foo.conf",
        ),
        (
            "bad",
            "foo+0-1.conf",
            "marked bad: /loader/entries/foo.conf is now foo+0-1.conf",
        ),
        (
            "good",
            "foo.conf",
            "marked good: /loader/entries/foo+0-1.conf is now foo.conf",
        ),
        (
            "indeterminate",
            "foo+2-1.conf",
            "marked indeterminate: /loader/entries/foo.conf is now foo+2-1.conf",
        ),
        (
            "bad",
            "foo+0-1.conf",
            "marked bad: /loader/entries/foo+2-1.conf is now foo+0-1.conf",
        ),
        (
            "indeterminate",
            "foo+2-1.conf",
            "marked indeterminate: /loader/entries/foo+0-1.conf is now foo+2-1.conf",
        ),
    ] {
        let run = bless(&fake, &[verdict]).done();
        assert_eq!((run.out.trim_end(), &*run.err), (said, ""));
        assert_eq!(fake.files(ENTRIES), ["bar+3-0.conf", name]);
        assert_eq!(
            std::fs::read(fake.path(ENTRIES).join(name)).unwrap(),
            b"foo+2-1.conf"
        );
        assert_eq!(status(&fake), verdict);
    }
}

#[test]
fn a_dry_run_renames_nothing() {
    let fake = booted("foo+2-1.conf", &["foo+2-1.conf"]);
    let run = bless(&fake, &["good", "--dry-run"]).done();
    assert_eq!(
        run.out,
        "would mark the boot good: /loader/entries/foo+2-1.conf would become foo.conf\n"
    );
    assert_eq!(fake.files(ENTRIES), ["foo+2-1.conf"]);
}

#[test]
fn an_entry_without_attempts_left() {
    let fake = booted("foo+0-3.conf", &["foo+0-3.conf"]);
    assert_eq!(status(&fake), "dirty");
    bless(&fake, &["indeterminate"]).refused(&["no attempts left"]);
    assert!(
        bless(&fake, &["bad"])
            .done()
            .out
            .starts_with("marked bad already")
    );
    bless(&fake, &["good"]).done();
    assert_eq!(fake.files(ENTRIES), ["foo.conf"]);
    assert_eq!(status(&fake), "good");
}

#[test]
fn two_files_of_one_entry_are_named() {
    let files = ["foo+2-1.conf", "foo.conf"];
    let fake = booted("foo+2-1.conf", &files);
    bless(&fake, &["good"]).refused(&["foo+2-1.conf and foo.conf both exist"]);
    assert_eq!(fake.files(ENTRIES), files);
    // This is what the boot came from.
    assert_eq!(status(&fake), "indeterminate");
    bless(&fake, &["bad"]).done();
    assert_eq!(fake.files(ENTRIES), ["foo+0-1.conf", "foo.conf"]);
}

#[test]
fn files_that_are_gone() {
    let fake = booted("foo+2-1.conf", &["other.conf"]);
    for verdict in ["good", "bad", "indeterminate", "status"] {
        bless(&fake, &[verdict]).refused(&["foo+2-1.conf", "foo.conf", "foo+0-1.conf", "removed?"]);
    }
    let fake = booted("foo+2-1.conf", &[]);
    bless(&fake, &["good"]).refused(&["cannot open /loader/entries"]);
}

#[test]
fn boots_that_are_not_counted() {
    for (node, reason) in [
        (None, "another loader did, or kexec"),
        (Some("GapbootNode=1\nLoaderInfo=x\n"), "not counted"),
    ] {
        let fake = Fake::new("/nonexistent".as_ref());
        node.inspect(|node| {
            fake.node(node);
        });
        for verdict in ["good", "bad", "indeterminate", "status"] {
            let run = bless(&fake, &[verdict]).done();
            assert!(run.err.contains(reason), "{}", run.err);
            let word = if verdict == "status" { "clean\n" } else { "" };
            assert_eq!(run.out, word);
        }
    }
    let fake = booted("foo+2-1.conf", &["foo+2-1.conf"]);
    fake.write("sys/firmware/efi/runtime", "");
    for (verdict, out) in [("good", ""), ("status", "uefi\n")] {
        let run = bless(&fake, &[verdict]).done();
        assert!(run.err.contains("systemd-bless-boot"), "{}", run.err);
        assert_eq!(run.out, out);
    }
    assert_eq!(fake.files(ENTRIES), ["foo+2-1.conf"]);
}

#[test]
fn what_a_node_must_not_say() {
    let fake = booted("foo+2-1.conf", &["foo+2-1.conf"]);
    let node = |text: &str| {
        fake.node(text);
        bless(&fake, &["good"])
    };
    node("GapbootNode=2\nLoaderBootCountPath=/x\n").refused(&["newer gapboot"]);
    let uuid = UUIDS[1];
    node(&format!(
        "GapbootNode=1\nLoaderDevicePartUUID={uuid}\nLoaderBootCountPath=/../x+1-0.conf\n"
    ))
    .refused(&["not the path of a counted entry"]);
    node("GapbootNode=1\nLoaderBootCountPath=/loader/entries/foo+2-1.conf\n")
        .refused(&["not its partition"]);
    node(
        "GapbootNode=1\nLoaderDevicePartUUID=../../x\n\
         LoaderBootCountPath=/loader/entries/foo+2-1.conf\n",
    )
    .refused(&["is not a PARTUUID"]);
    node(
        "GapbootNode=1\nLoaderDevicePartUUID=12345678-01\n\
         LoaderBootCountPath=/loader/entries/foo+2-1.conf\n",
    )
    .refused(&["by-partuuid/12345678-01"]);
    assert_eq!(fake.files(ENTRIES), ["foo+2-1.conf"]);
}
