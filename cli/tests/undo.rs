//! `gapboot install --undo` and `gapboot remove --undo`: the way back.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use common::*;

const GRUB: &[u8] = b"GRUB \0Geom\0Hard Disk\0Read\0 Error\r\n";

/// A disk with another boot loader, in sector 0 and in the whole gap.
fn grub() -> Image {
    let image = Image::sgdisk();
    image.put(0x180, GRUB).put(34 * 512, &noise(8, 32 * 512));
    image
}

/// Where the file of a disk's way back lies.
fn file(image: &Image) -> String {
    format!("{}.undo", image.name())
}

fn install(image: &Image, version: &str, options: &[&str]) -> Run {
    let stages = with_overlay(version, 1);
    gapboot(&stages, &[&["install"], options, &[image.name()]].concat())
}

fn undo(image: &Image) -> Run {
    let file = file(image);
    let arguments = ["remove", "--undo", &file, image.name()];
    gapboot(&with_overlay("0.1.0", 1), &arguments)
}

const ALL: &[&str] = &["--force", "--active", "--protective-slot=2", "--reserve"];

#[test]
fn the_disk_is_as_it_was() {
    for image in [grub(), Image::sgdisk()] {
        let before = image.bytes();
        let file = file(&image);
        install(&image, "0.1.0", &[&["--undo", &file], ALL].concat()).done();
        assert!(image.bytes() != before);
        image.assert_sound();
        let dry = ["remove", "--dry-run", "--undo", &file, image.name()];
        gapboot(&with_overlay("0.1.0", 1), &dry).done();
        undo(&image).done();
        assert!(image.bytes() == before);
        image.assert_sound();
        let run = undo(&image).done();
        assert!(run.out.contains("nothing to remove"), "{}", run.out);
        assert!(image.bytes() == before);
    }
}

#[test]
fn an_update_in_between_is_undone_too() {
    let image = grub();
    let before = image.bytes();
    install(&image, "0.0.9", &["--force", "--undo", &file(&image)]).done();
    install(&image, "0.1.0", &["--console=vga"]).done();
    undo(&image).done();
    assert!(image.bytes() == before);
}

#[test]
fn an_overlay_that_came_later_goes_and_one_that_was_there_stays() {
    let image = grub();
    let before = image.bytes();
    let file = file(&image);
    install(
        &image,
        "0.0.9",
        &["--force", "--no-overlay", "--undo", &file],
    )
    .done();
    install(&image, "0.1.0", &[]).done();
    undo(&image).done();
    assert!(image.bytes() == before);

    std::fs::remove_file(&file).unwrap();
    install(&image, "0.1.0", &["--force"]).done();
    let installed = image.bytes();
    install(&image, "0.1.0", &["--console=vga", "--undo", &file]).done();
    undo(&image).done();
    assert!(image.bytes() == installed);
}

#[test]
fn what_others_wrote_since_stays() {
    let image = grub();
    install(&image, "0.1.0", &[&["--undo", &file(&image)], ALL].concat()).done();
    // Another partition: sector 0 stays as it is, both headers are new.
    image.run_sgdisk(&["--new=2:0:+1M"]);
    image.put(446 + 32, &[7; 16]);
    let before = image.bytes();
    let run = undo(&image).done();
    assert!(run.err.contains("sector 1 has changed"), "{}", run.err);
    let after = image.bytes();
    assert_same_outside(&before, &after, &[CODE, GAP, OVERLAY]);
    assert_eq!(&after[0x180..][..GRUB.len()], GRUB);
    assert!(after[GAP] == noise(8, 32 * 512));

    // Another boot loader.
    let image = grub();
    install(&image, "0.1.0", &["--force", "--undo", &file(&image)]).done();
    image
        .put(0, &[0x90; 440])
        .put(34 * 512, &noise(9, 32 * 512));
    let before = image.bytes();
    let run = undo(&image);
    assert!(run.status == 0 || run.status == 1);
    assert_same_outside(&before, &image.bytes(), &[OVERLAY]);
}

#[test]
fn a_partition_made_there_since_stays() {
    for first in [34_usize, 40, 66, 100] {
        let image = grub();
        install(&image, "0.1.0", &["--force", "--undo", &file(&image)]).done();
        image.run_sgdisk(&["--set-alignment=1", &format!("--new=2:{first}:200")]);
        // Some of its sectors hold something, some nothing, some still the loader.
        image.put(first * 512, &[7; 512]).put(120 * 512, &[0; 512]);
        let before = image.bytes();
        let stays = |run: Run| {
            let after = image.bytes();
            assert!(after[512..34 * 512] == before[512..34 * 512], "{}", run.out);
            assert!(after[first * 512..] == before[first * 512..], "{}", run.out);
            image.set(&before);
        };
        stays(undo(&image).done());
        let run = gapboot(&stages("0.1.0", 1), &["remove", image.name()]).done();
        assert!(run.err.contains("of a partition in sector"), "{}", run.err);
        stays(run);
        // Where stage2 has its room still, the overlay alone is to go.
        let run = install(&image, "0.1.0", &["--no-overlay"]);
        assert_eq!(run.status, u8::from(first < 66), "{}", run.err);
        stays(run);
    }
}

#[test]
fn files_that_are_refused() {
    let image = grub();
    let name = file(&image);
    std::fs::write(&name, "precious").unwrap();
    let before = image.bytes();
    let run = install(&image, "0.1.0", &["--force", "--undo", &name]);
    assert_eq!(run.status, 1);
    for words in ["File exists", "name another"] {
        assert!(run.err.contains(words), "{}", run.err);
    }
    assert_eq!(std::fs::read(&name).unwrap(), b"precious");
    assert!(image.bytes() == before);
    undo(&image).refused(&["is no file of"]);
    std::fs::remove_file(&name).unwrap();
    undo(&image).refused(&["cannot read it"]);

    install(&image, "0.1.0", &["--force", "--undo", &name]).done();
    let sound = std::fs::read(&name).unwrap();
    // An install that was interrupted, and is repeated word for word.
    image.put(34 * 512, b"gapboot~");
    let half = image.bytes();
    let again = install(&image, "0.1.0", &["--force", "--undo", &name]);
    assert_eq!(again.status, 1);
    for words in ["way back from an earlier install", "install without --undo"] {
        assert!(again.err.contains(words), "{}", again.err);
    }
    assert!(image.bytes() == half && std::fs::read(&name).unwrap() == sound);
    for at in [0, 7, 8, 13, 17, 30, 100, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        std::fs::write(&name, damaged).unwrap();
        undo(&image).refused(&["is no file of", "damaged"]);
    }
    for length in [0, 39, 40, sound.len() - 1] {
        std::fs::write(&name, &sound[..length]).unwrap();
        undo(&image).refused(&["is no file of", "damaged"]);
    }
    let other = Image::sgdisk();
    std::fs::write(file(&other), &sound).unwrap();
    undo(&other).refused(&["for another disk"]);
    std::fs::write(&name, sound).unwrap();
    image.set(&[image.bytes(), vec![0; 512]].concat());
    undo(&image).refused(&["had 8192 sectors, it has 8193 now", "without --undo"]);
}
