//! What `gapboot status` and `gapboot remove` say and do.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use cli::install::Stages;
use common::system::{self, Fake};
use common::*;
use serde_json::{Value, json};

fn status(image: &Image) -> Value {
    status_by(&stages("0.1.0", 1), image)
}

fn status_by(stages: &Stages, image: &Image) -> Value {
    let run = gapboot(stages, &["status", "--json", image.name()]).done();
    installation(serde_json::from_str(&run.out).unwrap())
}

fn sentence(image: &Image) -> String {
    sentence_by(&stages("0.1.0", 1), image)
}

fn sentence_by(stages: &Stages, image: &Image) -> String {
    gapboot(stages, &["status", image.name()]).done().out
}

#[test]
fn a_disk_without_gapboot() {
    let image = Image::blank();
    let expected = json!({
        "installed": false, "upToDate": false, "stage1": "none", "stage2": "none", "overlay": "none",
    });
    assert_eq!(status(&image), expected);
    assert!(sentence(&image).contains("not installed"));
}

#[test]
fn a_disk_with_this_gapboot() {
    let image = Image::sgdisk();
    let new = with_overlay("0.1.0", 1);
    gapboot(&new, &["install", image.name()]).done();
    let expected = json!({
        "installed": true, "version": "0.1.0", "intact": true, "upToDate": true,
        "stage1": "match", "stage2": "present", "overlay": "present",
        "console": "vga,serial:1@115200",
    });
    assert_eq!(status_by(&new, &image), expected);
    assert!(sentence_by(&new, &image).contains("gapboot 0.1.0, intact, up to date"));
    // What firmware and formatting tools scribble into stage1 is no change.
    image.put(0x0b, &[7; 0x30]).put(0xda, &[7; 6]);
    assert_eq!(status_by(&new, &image), expected);
}

#[test]
fn a_disk_with_another_gapboot() {
    let image = Image::sgdisk();
    gapboot(&stages("0.0.9", 9), &["install", image.name()]).done();
    let expected = json!({
        "installed": true, "version": "0.0.9", "intact": true, "upToDate": false,
        "stage1": "other", "stage2": "present", "overlay": "none",
        "console": "vga,serial:1@115200",
    });
    assert_eq!(status(&image), expected);
    let sentence = sentence(&image);
    assert!(sentence.contains("older than the loader"), "{sentence}");
    assert!(
        sentence.contains("`gapboot install` updates it"),
        "{sentence}"
    );
    let other = gapboot(&stages("0.0.9", 8), &["status", image.name()]).done();
    assert!(other.out.contains("not the build"), "{}", other.out);
}

#[test]
fn other_programs_in_the_overlays_sectors() {
    let image = Image::sgdisk();
    let new = with_overlay_of(40, "0.1.0", 1);
    gapboot(&new, &["install", image.name()]).done();
    // After the overlay, where nothing is gapboot's.
    image.put(overlay_of(40).end, b"precious");
    assert_eq!(status_by(&new, &image).get("foreign"), None);
    let longer = with_overlay_of(41, "0.1.0", 2);
    let owner = "an unknown program";
    let foreign = json!([{ "sector": 106, "owner": owner }]);
    assert_eq!(status_by(&longer, &image)["foreign"], foreign);
    // A partition over an overlay that nobody has harmed yet.
    image.run_sgdisk(&["--set-alignment=1", "--new=2:100:200"]);
    let found = status_by(&new, &image);
    assert_eq!(found["overlay"], json!("present"));
    let foreign = json!([{ "sector": 100, "owner": "a partition" }]);
    assert_eq!(found["foreign"], foreign);
}

#[test]
fn a_disk_with_damage() {
    let image = Image::sgdisk();
    gapboot(&stages("0.1.0", 1), &["install", image.name()]).done();
    image
        .put(45 * 512, b"GREGRegDone.Tag\0")
        .put(34 * 512 + 20, b"\x1b[2J");
    let found = status(&image);
    assert_eq!(found["intact"], json!(false));
    assert_eq!(found["version"], json!("?[2J0"));
    let owner = "the Acer registration utility";
    assert_eq!(found["foreign"], json!([{ "sector": 45, "owner": owner }]));
    assert!(sentence(&image).contains("damaged"));
    image.put(0, &[0; 440]);
    assert_eq!(status(&image)["installed"], json!(false));
    assert!(sentence(&image).contains("without its boot code"));
    image.put(34 * 512, b"gapboot~");
    assert_eq!(status(&image)["stage2"], json!("incomplete"));
    assert!(sentence(&image).contains("interrupted"));
}

#[test]
fn a_header_of_another_format_is_never_called_intact() {
    let image = Image::sgdisk();
    gapboot(&stages("0.1.0", 1), &["install", image.name()]).done();
    image.put(34 * 512 + 8, &[3, 0]);
    assert_eq!(status(&image)["intact"], json!(false));
}

#[test]
fn removing_leaves_the_disk_as_it_was_made() {
    for new in [stages("0.1.0", 1), with_overlay("0.1.0", 1)] {
        let image = Image::sgdisk();
        let before = image.bytes();
        gapboot(&new, &["install", image.name()]).done();
        let installed = image.bytes();
        let run = gapboot(&new, &["remove", "--dry-run", image.name()]).done();
        assert!(run.out.contains("sectors 35-64"), "{}", run.out);
        assert!(image.bytes() == installed);
        let run = gapboot(&new, &["remove", image.name()]).done();
        assert!(run.out.contains("removed gapboot"), "{}", run.out);
        assert!(image.bytes() == before);
        image.assert_sound();
        // Scripts may say it twice.
        let run = gapboot(&new, &["remove", image.name()]).done();
        let nothing = "gapboot is not on this disk, nothing to remove";
        assert_eq!(run.out, format!("{}: {nothing}\n", image.name()));
        assert!(image.bytes() == before);
    }
}

#[test]
fn removing_leaves_what_is_not_gapboots() {
    let new = stages("0.1.0", 1);
    let image = Image::sgdisk();
    gapboot(&new, &["install", image.name()]).done();
    image.put(0, &[0; 440]).put(0x180, b"GRUB \0Geom");
    let before = image.bytes();
    let run = gapboot(&new, &["remove", image.name()]).done();
    assert!(
        run.err.contains("boot code of GRUB in sector 0 stays"),
        "{}",
        run.err
    );
    let after = image.bytes();
    assert_same_outside(&before, &after, &[GAP]);
    assert!(after[GAP].iter().all(|&byte| byte == 0));
    let run = gapboot(&new, &["remove", image.name()]).done();
    assert!(run.out.contains("not on this disk"), "{}", run.out);
    assert!(image.bytes() == after);
}

#[test]
fn what_was_set_and_what_the_loader_said() {
    let new = stages("0.1.0", 1);
    let image = Image::with_files(&[("loader/entries.srel", "type1\n")]);
    gapboot(&new, &["install", image.name()]).done();
    assert_eq!(status(&image).get("state"), None);
    for (key, value) in [
        ("default", "a*"),
        ("one-shot", "b.conf"),
        ("timeout", "menu-force"),
        ("one-shot-timeout", "3"),
    ] {
        gapboot(&new, &["set", key, value, image.name()]).done();
    }
    let set = json!({
        "default": "a*", "oneShot": "b.conf", "timeout": "menu-force", "oneShotTimeout": "3",
    });
    assert_eq!(status(&image)["state"], set);
    assert!(sentence(&image).contains("\n  one-shot              b.conf\n"));

    let fake = system::Fake::new(&image.path());
    fake.node(&format!(
        "GapbootNode=1\nLoaderInfo=gapboot 0.1.0\nLoaderEntrySelected=\x1b[2J\n\
         LoaderDevicePartUUID={}\n",
        system::UUIDS[0]
    ));
    let run = gapboot(&new, &["status", "--json", "--root", fake.root()]).done();
    let running: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(running["installed"], json!(true));
    assert_eq!(running["state"], set);
    assert_eq!(running["loader"]["LoaderInfo"], json!("gapboot 0.1.0"));
    let run = gapboot(&new, &["status", "--root", fake.root()]).done();
    assert!(
        run.out.contains("dev/vda: gapboot 0.1.0, intact"),
        "{}",
        run.out
    );
    assert!(run.out.contains("LoaderInfo            gapboot 0.1.0\n"));
    assert!(run.out.contains("LoaderEntrySelected   ?[2J\n"));
}

#[test]
fn a_damaged_state_file_is_named() {
    let image = Image::with_files(&[("loader/gapboot.state", "gapstate")]);
    assert_eq!(status(&image).get("state"), None);
    assert!(sentence(&image).contains("state file            damaged"));
}

/// Two ways in which the state file cannot be read.
#[test]
fn a_state_file_that_cannot_be_read() {
    let image = Image::with_files(&[("loader/gapboot.state/x", "")]);
    let found = status(&image);
    let problem = found["stateProblem"].as_str().unwrap();
    assert!(problem.contains("/loader/gapboot.state: "), "{problem}");
    let run = gapboot(&stages("0.1.0", 1), &["status", image.name()]).done();
    let row = format!("  state file            {problem}\n");
    assert!(run.out.contains(&row), "{}", run.out);

    // Its directory entry names a cluster that the file system does not have.
    let image = Image::with_files(&[("loader/loader.conf", "")]);
    gapboot(&stages("0.1.0", 1), &["set", "timeout", "7", image.name()]).done();
    assert_eq!(status(&image)["state"]["timeout"], json!("7"));
    let bytes = image.bytes();
    let name = bytes.windows(11).position(|name| name == b"GAPBOO~1STA");
    image.put(name.unwrap() + 26, &[0xff, 0x7f]);
    let found = status(&image);
    let problem = found["stateProblem"].as_str().unwrap();
    assert!(problem.contains("/loader/gapboot.state: "), "{problem}");
    assert_eq!(found.get("state"), None);
    let list = gapboot(&stages("0.1.0", 1), &["list", image.name()]).done();
    assert!(list.err.contains("/loader/gapboot.state: "), "{}", list.err);
}

/// What is public may be reported; what identifies the machine may not.
#[test]
fn a_report_has_no_identifiers() {
    const MACHINE: &str = "0123456789abcdef0123456789abcdef";
    let image = Image::with_files(&[
        ("vmlinuz", "kernel"),
        (
            &format!("loader/entries/{MACHINE}-6.1.conf"),
            "linux /vmlinuz\n",
        ),
    ]);
    let new = with_overlay("0.1.0", 1);
    gapboot(&new, &["install", image.name()]).done();
    let fake = Fake::new(image.name().as_ref());
    fake.node(&format!(
        "GapbootNode=1\nLoaderInfo=gapboot 0.1.0\nLoaderEntrySelected={MACHINE}-6.1.conf\n\
         LoaderDevicePartUUID={}\n",
        system::UUIDS[0]
    ));
    for (file, text) in [
        ("bios_vendor", "SeaBIOS"),
        ("product_name", "Standard PC"),
        ("product_serial", "SECRET"),
        ("board_serial", "SECRET"),
    ] {
        fake.write(&format!("sys/class/dmi/id/{file}"), &format!("{text}\n"));
    }
    let run = gapboot(&new, &["status", "--report", "--root", fake.root()]).done();
    for words in [
        "BIOS: SeaBIOS",
        "Standard PC",
        "intact, up to date",
        "LoaderInfo",
        "8192 sectors",
    ] {
        assert!(run.out.contains(words), "{words:?} is not in {}", run.out);
    }
    for words in [MACHINE, "SECRET", system::UUIDS[0]] {
        assert!(!run.out.contains(words), "{words:?} is in {}", run.out);
    }
}
