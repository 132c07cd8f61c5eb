//! Installations by version 0.1.0, with its own files: said to be what they are,
//! updated, removed and undone.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use common::old::Installed;
use common::*;
use serde_json::{Value, json};

/// Sizes of overlays: smaller than 0.1.0's, equal, larger, as large as can be.
const SIZES: [usize; 4] = [20, 64, 100, 126];

fn status(image: &Image) -> Value {
    let new = with_overlay("0.1.1", 1);
    let run = gapboot(&new, &["status", "--json", image.name()]).done();
    installation(serde_json::from_str(&run.out).unwrap())
}

fn sentence(image: &Image) -> String {
    let new = with_overlay("0.1.1", 1);
    gapboot(&new, &["status", image.name()]).done().out
}

#[test]
fn status_says_what_it_is() {
    let Installed { image, .. } = Installed::gpt();
    let sound = json!({
        "installed": true, "version": "0.1.0", "intact": true, "upToDate": false,
        "stage1": "other", "stage2": "present", "overlay": "present",
        "console": "vga,serial:1@115200",
    });
    assert_eq!(status(&image), sound);
    let said = sentence(&image);
    assert!(said.contains("gapboot 0.1.0, intact, older than"), "{said}");
    assert!(said.contains("`gapboot install` updates it"), "{said}");
    assert!(said.contains("overlay: intact"), "{said}");
    // A loader of the same version is older, if its format is.
    let same = gapboot(&with_overlay("0.1.0", 1), &["status", image.name()]).done();
    assert!(same.out.contains("older than"), "{}", same.out);
    let dry = ["install", "--dry-run", image.name()];
    let run = gapboot(&with_overlay("0.1.0", 1), &dry).done();
    assert!(
        run.out.contains("updated gapboot 0.1.0 to a newer build"),
        "{}",
        run.out
    );

    let whole = image.bytes();
    image.put(129 * 512 + 511, b"?");
    assert_eq!(status(&image)["overlay"], json!("damaged"));
    assert!(sentence(&image).contains("overlay: damaged"));
    image.set(&whole);
    image.put(66 * 512, &[0; 512]);
    assert_eq!(status(&image)["overlay"], json!("none"));
    image.set(&whole);
    image.put(40 * 512, b"?");
    assert_eq!(status(&image)["intact"], json!(false));
    assert!(sentence(&image).contains("gapboot 0.1.0, damaged"));
    image.set(&whole);
    image.put(34 * 512, b"gapboot~");
    assert!(sentence(&image).contains("interrupted"));

    assert_eq!(
        status(&Installed::reserved().image)["overlay"],
        json!("none")
    );
    assert_eq!(status(&Installed::mbr().image)["version"], json!("0.1.0"));
}

#[test]
fn an_update_leaves_nothing_of_it() {
    for size in SIZES {
        let new = with_overlay_of(size, "0.1.1", 1);
        let image = Image::sgdisk();
        let before = image.bytes();
        old::install(&image);
        let installed = image.bytes();
        let dry = ["install", "--dry-run", image.name()];
        let run = gapboot(&new, &dry).done();
        assert!(
            run.out.contains("updated gapboot 0.1.0 to 0.1.1"),
            "{}",
            run.out
        );
        let shrinks = run
            .out
            .contains("sectors 86-129: the rest of the former overlay, zeros");
        assert_eq!(shrinks, size == 20, "{}", run.out);
        assert!(image.bytes() == installed);

        gapboot(&new, &["install", image.name()]).done();
        let updated = image.bytes();
        let fresh = Image::sgdisk();
        fresh.set(&before);
        gapboot(&new, &["install", fresh.name()]).done();
        assert!(updated == fresh.bytes(), "an overlay of {size} sectors");
        gapboot(&new, &["remove", image.name()]).done();
        assert!(image.bytes() == before);
    }
}

#[test]
fn an_update_keeps_the_console_and_may_leave_the_overlay_out() {
    let image = Image::sgdisk();
    let old = old::stages();
    gapboot(&old, &["install", "--console=serial:2@9600", image.name()]).done();
    assert!(image.bytes()[CODE] == old.code);
    let run = gapboot(
        &stages("0.1.1", 1),
        &["install", "--no-overlay", image.name()],
    )
    .done();
    assert!(run.out.contains("updated gapboot 0.1.0"), "{}", run.out);
    assert_eq!(status(&image)["console"], json!("serial:2@9600"));
    assert!(image.bytes()[OVERLAY].iter().all(|&byte| byte == 0));
}

#[test]
fn an_update_that_would_lose_the_overlay_is_refused() {
    // 0.1.0 needed the sectors up to 129 only.
    let new = with_overlay_of(100, "0.1.1", 1);
    let tight = Image::with(&["-a1", "--new=1:130:+1M", "--typecode=1:ef00"]);
    let foreign = Image::sgdisk();
    foreign.put(130 * 512, b"LABELONE");
    for (image, words) in [
        (tight, "partition 1 lies in sectors 130-"),
        (foreign, "there is data of LVM in sector 130"),
    ] {
        old::install(&image);
        let before = image.bytes();
        gapboot(&new, &["install", image.name()]).refused(&[
            words,
            "sectors 66-165",
            "--no-overlay",
        ]);
        assert!(image.bytes() == before);
        // One that is smaller has room.
        gapboot(&with_overlay_of(64, "0.1.1", 1), &["install", image.name()]).done();
        assert_same_outside(&before, &image.bytes(), &[CODE, GAP, old::overlay()]);
    }
}

#[test]
fn it_is_removed() {
    let image = Image::sgdisk();
    let before = image.bytes();
    old::install(&image);
    // After its overlay nothing is gapboot's.
    image.put(130 * 512, b"precious");
    let run = gapboot(&with_overlay("0.1.1", 1), &["remove", image.name()]).done();
    assert!(
        run.out.contains("sectors 67-129: the overlay"),
        "{}",
        run.out
    );
    assert_eq!(&image.bytes()[130 * 512..][..8], b"precious");
    image.put(130 * 512, &[0; 8]);
    assert!(image.bytes() == before);
}

#[test]
fn its_undo_files_bring_back_what_was_there() {
    for new in [Installed::gpt, Installed::reserved, Installed::mbr] {
        let Installed {
            image,
            before,
            undo,
        } = new();
        let installed = image.bytes();
        let back = ["remove", "--undo", &undo, image.name()];
        let stages = with_overlay("0.1.1", 1);
        let run = gapboot(&stages, &back).done();
        assert!(run.notes().is_empty(), "{}", run.err);
        assert!(image.bytes() == before);
        for size in SIZES {
            image.set(&installed);
            let stages = with_overlay_of(size, "0.1.1", 1);
            gapboot(&stages, &["install", image.name()]).done();
            assert!(image.bytes()[overlay_of(size)] == stages.overlay.clone().unwrap()[..]);
            let run = gapboot(&stages, &back).done();
            assert!(run.notes().is_empty(), "{}", run.err);
            assert!(image.bytes() == before, "an overlay of {size} sectors");
        }
    }
}

#[test]
fn an_update_is_undone() {
    for size in SIZES {
        let Installed { image, .. } = Installed::gpt();
        let installed = image.bytes();
        let undo = format!("{}.update", image.name());
        let new = with_overlay_of(size, "0.1.1", 1);
        gapboot(&new, &["install", "--undo", &undo, image.name()]).done();
        assert!(image.bytes() != installed);
        gapboot(&new, &["remove", "--undo", &undo, image.name()]).done();
        assert!(image.bytes() == installed, "an overlay of {size} sectors");
    }
}

#[test]
fn what_it_has_reserved_stays_reserved() {
    let Installed { image, .. } = Installed::reserved();
    let before = image.bytes();
    let new = with_overlay("0.1.1", 1);
    let run = gapboot(&new, &["install", "--reserve", image.name()]).done();
    assert!(run.notes().is_empty(), "{}", run.err);
    assert_same_outside(&before, &image.bytes(), &[CODE, GAP, OVERLAY]);
    image.assert_sound();
}
