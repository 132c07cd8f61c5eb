//! What `gapboot list` says. That order and values are bootctl's is tested in
//! the crate `tests`.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use boot::{Error, Kind, report};
use common::*;
use serde_json::{Value, json};

/// Kernels and initrds for the entries.
const FILES: [(&str, &str); 2] = [("vmlinuz", "kernel"), ("d/initrd.img", "initrd")];

/// What is said of options without `root=`.
const NO_ROOT: &str = "no root= in the options. Leave it so if the initrd finds the root file \
    system on a BIOS too (docs/root.md), or needs none; else add root=.";

/// What the loader says of an error.
fn says(kind: Kind, at: u64) -> String {
    let mut text = Vec::new();
    report::describe(Error::new(kind, at), &mut |piece| {
        text.extend_from_slice(piece)
    });
    String::from_utf8(text).unwrap()
}

fn disk(files: &[(&str, &str)]) -> Image {
    let entries = files.iter().map(|(name, text)| {
        let path: &str = Box::leak(format!("loader/entries/{name}").into_boxed_str());
        (path, *text)
    });
    Image::with_files(&FILES.into_iter().chain(entries).collect::<Vec<_>>())
}

fn list(image: &Image, options: &[&str]) -> Run {
    let arguments = [&["list", image.name()], options].concat();
    gapboot(&stages("0.1.0", 1), &arguments).done()
}

fn json(image: &Image, options: &[&str]) -> Vec<Value> {
    let run = list(image, &[&["--json"], options].concat());
    assert_eq!(run.out.lines().count(), 1);
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn all_that_an_entry_says() {
    let title = "Debian GNU/Linux, a title that is far too long for one line of any screen that \
        a machine with a BIOS has and then some more, so that the menu has to cut it off somewhere";
    assert!(title.len() > 160);
    let full = format!(
        "title {title}\nversion 6.1.0-18-amd64\nmachine-id 0123456789abcdef0123456789abcdef\n\
         sort-key debian\narchitecture x64\noptions root=/dev/vda2  ro\noptions quiet\n\
         linux //vmlinuz\ninitrd d//initrd.img\ninitrd /d/initrd.img $tuned_initrd\n"
    );
    let image = disk(&[
        ("Debian+2-01.conf", &full),
        ("bare.conf", "linux vmlinuz\n"),
        ("bad+0.conf", "linux vmlinuz\ntitle Bad"),
    ]);
    let expected = json!([
        {
            "type": "type1", "source": "esp", "id": "debian.conf",
            "path": "/loader/entries/Debian+2-01.conf",
            "title": title, "showTitle": &title[..160],
            "sortKey": "debian", "version": "6.1.0-18-amd64",
            "machineId": "0123456789abcdef0123456789abcdef", "architecture": "x64",
            "options": "root=/dev/vda2  ro quiet", "linux": "/vmlinuz",
            "initrd": ["/d/initrd.img", "/d/initrd.img"],
            "triesLeft": 2, "triesDone": 1, "isDefault": true,
        },
        {
            "type": "type1", "source": "esp", "id": "bare.conf",
            "path": "/loader/entries/bare.conf", "showTitle": "bare.conf",
            "linux": "/vmlinuz", "isDefault": false, "warnings": [NO_ROOT],
        },
        {
            "type": "type1", "source": "esp", "id": "bad.conf",
            "path": "/loader/entries/bad+0.conf", "title": "Bad", "showTitle": "Bad",
            "linux": "/vmlinuz", "triesLeft": 0, "isDefault": false, "warnings": [NO_ROOT],
        },
    ]);
    assert_eq!(Value::from(json(&image, &[])), expected);
    assert_eq!(Value::from(json(&image, &["--all"])), expected);
}

#[test]
fn for_a_person() {
    let entry = "linux /vmlinuz\noptions root=/dev/vda2\n";
    let image = disk(&[
        (
            "a+3.conf",
            &format!("title Same\nversion 2\nsort-key s\n{entry}"),
        ),
        (
            "b.conf",
            &format!("title Same\nversion 1\nsort-key s\n{entry}"),
        ),
        (
            "c+0-3.conf",
            "title Old\x1b[2J\u{9b}\nsort-key s\nlinux /vmlinuz\ninitrd /gone\n",
        ),
    ]);
    let run = list(&image, &[]);
    assert_eq!(run.err, "");
    let missing = says(Kind::NotFound, 0);
    let expected = format!(
        "  1  Same (2) (default)\n     \
            id       a.conf\n     \
            version  2\n     \
            state    indeterminate, 3 tries left\n     \
            kernel   /vmlinuz\n  \
          2  Same (1)\n     \
            id       b.conf\n     \
            version  1\n     \
            state    good\n     \
            kernel   /vmlinuz\n  \
          3  Old?[2J?\n     \
            id       c.conf\n     \
            state    bad, 0 tries left, 3 done\n     \
            kernel   /vmlinuz\n     \
            warning  /gone: {missing}\n     \
            warning  {NO_ROOT}\n"
    );
    assert_eq!(run.out, expected);
}

#[test]
fn warnings_about_the_command_line() {
    let warning = |options: &str| {
        let image = disk(&[("a.conf", &format!("linux /vmlinuz\n{options}"))]);
        let out = list(&image, &[]).out;
        let warnings = out
            .lines()
            .filter_map(|line| line.strip_prefix("     warning  "));
        warnings.collect::<Vec<_>>().join("\n")
    };
    let long = "x".repeat(2048);
    for (options, expected) in [
        ("options root=UUID=1", ""),
        ("options quiet\noptions \"root=PARTLABEL=my\" ro", ""),
        ("options root=gpt-auto\noptions root=/dev/vda", ""),
        ("options rootflags=x", "no root="),
        ("options root=gpt-auto rw", "root=gpt-auto needs UEFI"),
        ("options roothash=0123 quiet", ""),
        ("options boot=live", ""),
        (
            "options root=/dev/vda $kernelopts $tuned_params",
            "options: $kernelopts $tuned_params is for GRUB and left out",
        ),
        (
            "options root=/dev/vda initrd=\\initrd.img",
            "initrd= in the options loads nothing",
        ),
        (
            "options root=/dev/gpt-auto-root",
            "root=/dev/gpt-auto-root needs UEFI",
        ),
        (
            &format!("options root=/dev/vda {long}"),
            &says(Kind::CommandLineLong, 2047),
        ),
    ] {
        let warning = warning(options);
        assert_eq!(warning.is_empty(), expected.is_empty(), "{options}");
        assert!(warning.contains(expected), "{options}: {warning}");
    }
}

/// What commands a terminal does not reach it, by whatever way it comes from the disk.
#[test]
fn control_characters_in_problems() {
    let image = Image::with_files(&[
        ("loader/loader.conf", "default a\u{1b}[2Jb\u{7}.conf\r\n"),
        ("loader/entries/x.conf", "linux /\u{1b}[1m\n"),
    ]);
    let run = list(&image, &["--all"]);
    assert!(
        run.err.contains("selects no entry a?[2Jb?.conf"),
        "{}",
        run.err
    );
    assert!(run.out.contains("/?[1m"), "{}", run.out);
    for text in [run.out, run.err] {
        let control = text.chars().filter(|character| character.is_control());
        assert!(control.eq(text.lines().map(|_| '\n')), "{text:?}");
    }
}

/// Entries that boot without `root=`, as far as can be seen from here.
#[test]
fn no_false_alarm() {
    // Numbers of boot protocol 2.12, and where the version string lies.
    let kernel = |version: &str| {
        let mut kernel = vec![0; 0x400];
        kernel[0x202..0x208].copy_from_slice(b"HdrS\x0c\x02");
        kernel[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
        kernel[0x300..][..version.len()].copy_from_slice(version.as_bytes());
        String::from_utf8(kernel).unwrap()
    };
    let archive = |name: &str| String::from_utf8(cli::uki::cpio::extra(name, b"x")).unwrap();
    // After microcode, and zeros.
    let ours = archive("GenuineIntel.bin") + &"\0".repeat(512) + &archive("61-gapboot.rules");
    let image = Image::with_files(&[
        (
            "linux",
            &kernel("6.1.0-18-amd64 (builder@host) #1 SMP PREEMPT"),
        ),
        ("ipxe.lkrn", &kernel("1.0.0+git-20190125.36a4c85-5.1")),
        ("memtest", &kernel("Memtest86+ v6.10")),
        ("ours", &ours),
        ("others", &archive("60-block.rules")),
        ("damaged", &ours[..300]),
        ("loader/entries/linux.conf", "linux /linux\n"),
        (
            "loader/entries/others.conf",
            "linux /linux\ninitrd /others\n",
        ),
        (
            "loader/entries/damaged.conf",
            "linux /linux\ninitrd /damaged\n",
        ),
        (
            "loader/entries/ours.conf",
            "linux /linux\ninitrd /others\ninitrd /ours\n",
        ),
        (
            "loader/entries/auto.conf",
            "linux /linux\ninitrd /ours\noptions root=gpt-auto\n",
        ),
        ("loader/entries/ipxe.conf", "linux /ipxe.lkrn\n"),
        ("loader/entries/memtest.conf", "linux /memtest\n"),
    ]);
    let entries = json(&image, &[]);
    let warned = entries
        .iter()
        .filter(|entry| entry.get("warnings").is_some());
    let mut warned: Vec<_> = warned.map(|entry| entry["id"].as_str().unwrap()).collect();
    warned.sort_unstable();
    assert_eq!(warned, ["damaged.conf", "linux.conf", "others.conf"]);
    assert_eq!(entries.len(), 7);
}

#[test]
fn files_that_are_no_entries() {
    let image = disk(&[
        ("good.conf", "linux /vmlinuz\n"),
        ("README", "x"),
        (".hidden.conf", "linux /vmlinuz\n"),
        ("AUTO-x.conf", "linux /vmlinuz\n"),
        ("folder.conf/a.conf", "linux /vmlinuz\n"),
        ("missing.conf", "linux /gone\n"),
        ("none.conf", "title x\n"),
        ("two.conf", "linux /vmlinuz\nefi /vmlinuz\n"),
        ("arm.conf", "linux /vmlinuz\narchitecture aa64\n"),
        ("huge.conf", &"#\n".repeat(33 << 10)),
        (
            "line.conf",
            &format!("linux /vmlinuz\nversion {}", "x".repeat(5000)),
        ),
    ]);
    let run = list(&image, &["--json"]);
    assert_eq!(
        run.err,
        "gapboot: files that should give an entry, and do not: 6; `gapboot list --all` says why\n"
    );
    let all = json(&image, &["--all"]);
    assert_eq!(all[0]["id"], "good.conf");
    let mut found: Vec<(&str, &str)> = Vec::new();
    for other in &all[1..] {
        assert_eq!(other.as_object().unwrap().len(), 4, "{other}");
        assert_eq!(
            (&other["type"], &other["source"]),
            (&json!("type1"), &json!("esp"))
        );
        let path = other["path"].as_str().unwrap();
        let name = path.strip_prefix("/loader/entries/").unwrap();
        found.push((name, other["problem"].as_str().unwrap()));
    }
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (".hidden.conf", "its name begins with a dot."),
            (
                "AUTO-x.conf",
                "its name begins with auto-, which is kept for entries that loaders make."
            ),
            ("README", "its name does not end in .conf."),
            ("arm.conf", &says(Kind::EntryArchitecture, 0)),
            ("folder.conf", "a directory."),
            ("huge.conf", &says(Kind::EntryTooLarge, 67584)),
            ("line.conf", &says(Kind::EntryTooLong, 0)),
            (
                "missing.conf",
                &format!("/gone: {}", says(Kind::NotFound, 0))
            ),
            ("none.conf", &says(Kind::EntryWithoutKernel, 0)),
            ("two.conf", &says(Kind::EntryAmbiguous, 0)),
        ]
    );
    let text = list(&image, &["--all"]).out;
    let missing = format!(
        "  -  /loader/entries/missing.conf\n     problem  /gone: {}\n",
        says(Kind::NotFound, 0)
    );
    assert!(text.contains(&missing), "{text}");
}

#[test]
fn an_entry_that_is_there_twice() {
    let twice = |files: &[&str]| {
        let files: Vec<_> = files
            .iter()
            .map(|name| (*name, "linux /vmlinuz\noptions root=/dev/vda2\n"))
            .collect();
        let out = list(&disk(&files), &[]).out;
        out.matches("there twice: /loader/entries/").count()
    };
    assert_eq!(twice(&["a+3-0.conf", "a+2-0.conf"]), 2);
    assert_eq!(twice(&["a+3.conf", "a.conf", "b.conf"]), 2);
    assert_eq!(twice(&["a+3.conf", "b+3.conf"]), 0);
}

/// As systemd-boot and the firmware below it understand them.
#[test]
fn paths_with_backslashes_and_dots() {
    let entry = "linux \\loader\\entries\\..\\..\\vmlinuz\n\
        initrd loader/./loader.conf\noptions root=/dev/vda2\n";
    let image = disk(&[("a.conf", entry)]);
    let all = json(&image, &[]);
    assert_eq!(all[0]["linux"], "/vmlinuz");
    assert_eq!(all[0]["initrd"], json!(["/loader/loader.conf"]));
    let above = "linux /../vmlinuz\n";
    let all = json(&disk(&[("a.conf", above)]), &["--all"]);
    let problem = all[0]["problem"].as_str().unwrap();
    assert_eq!(problem, format!("/../vmlinuz: {}", says(Kind::NotFound, 0)));
}

#[test]
fn more_entries_than_the_menu_holds() {
    let names: Vec<_> = (0..130).map(|number| format!("{number}.conf")).collect();
    let entries: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "linux /vmlinuz\n"))
        .collect();
    let image = disk(&entries);
    let all = json(&image, &["--all"]);
    assert_eq!(all.len(), 130);
    assert_eq!(all[0]["id"], "129.conf");
    assert_eq!(all[127]["id"], "2.conf");
    for other in &all[128..] {
        let problem = other["problem"].as_str().unwrap();
        assert!(problem.contains("holds 128 entries"), "{problem}");
    }
}

#[test]
fn a_disk_without_entries() {
    for image in [Image::with_files(&[]), Image::with_files(&FILES)] {
        assert_eq!(json(&image, &["--all"]), [] as [Value; 0]);
        let run = list(&image, &[]);
        assert_eq!(
            run.out,
            format!(
                "{}: no entry in /loader/entries or /EFI/Linux\n",
                image.name()
            )
        );
        assert_eq!(run.err, "");
    }
}

#[test]
fn both_partitions_and_loader_conf() {
    let image = Image::with_both(
        &[
            ("vmlinuz", "kernel"),
            ("loader/loader.conf", "default b*\npreferred x.conf\n"),
            ("loader/entries/a.conf", "linux /vmlinuz\n"),
            ("loader/entries/b.conf", "linux /vmlinuz\n"),
            ("loader/entries/gone.conf", "linux /gone\n"),
        ],
        &[
            ("linux", "kernel"),
            // Only the ESP's counts.
            ("loader/loader.conf", "default a*\n"),
            ("loader/entries/c.conf", "linux /linux\n"),
            ("loader/entries/gone.conf", "linux /vmlinuz\n"),
        ],
    );
    let found = json(&image, &["--all"]);
    let summary: Vec<_> = found
        .iter()
        .map(|entry| json!([entry["source"], entry["path"], entry["isDefault"]]))
        .collect();
    assert_eq!(
        summary,
        [
            json!(["xbootldr", "/loader/entries/c.conf", false]),
            json!(["esp", "/loader/entries/b.conf", true]),
            json!(["esp", "/loader/entries/a.conf", false]),
            json!(["esp", "/loader/entries/gone.conf", null]),
            json!(["xbootldr", "/loader/entries/gone.conf", null]),
        ]
    );
    let missing = says(Kind::NotFound, 0);
    assert_eq!(found[3]["problem"], format!("/gone: {missing}"));
    assert_eq!(found[4]["problem"], format!("/vmlinuz: {missing}"));
    let text = list(&image, &[]).out;
    assert!(text.contains("     id       c.conf (xbootldr)\n"), "{text}");
    assert!(text.contains("  2  b.conf (default)\n"), "{text}");

    // A file system that can't be read costs what is on it.
    image.put(6144 * 512, &[0; 512]);
    let run = list(&image, &["--json"]);
    let errors: Vec<_> = run.err.lines().collect();
    let damaged = says(Kind::FatMissing, 6144);
    assert_eq!(errors[0], format!("gapboot: {}: {damaged}", image.name()));
    let preferred = "preferred of /loader/loader.conf selects no entry x.conf: there are";
    assert!(errors[1].contains(preferred), "{}", run.err);
    assert_eq!(errors.len(), 3);
    let entries: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    assert_eq!(entries.len(), 2);
}

#[test]
fn disks_that_give_no_menu() {
    let new = stages("0.1.0", 1);
    let refused = |image: &Image, word: &str| {
        for option in ["--json", "--all"] {
            let run = gapboot(&new, &["list", option, image.name()]);
            assert_eq!((run.status, &*run.out), (1, ""));
            assert!(run.err.contains(word), "{}", run.err);
            // Each thing that is wrong has a line, which says where.
            let start = format!("gapboot: {}: ", image.name());
            assert!(
                run.err.lines().all(|line| line.starts_with(&start)),
                "{}",
                run.err
            );
        }
    };
    refused(
        &Image::blank(),
        "it has no partition table: gapboot needs a GPT",
    );
    refused(&Image::sgdisk(), &says(Kind::FatMissing, 2048));
    refused(
        &Image::sfdisk("label: gpt\nstart=2048, type=L\n"),
        &says(Kind::NoEsp, 0),
    );
    // A copy that broke off: nobody should set the type of a partition for it.
    let image = Image::sgdisk();
    image.cut((1 << 20) + 512);
    refused(&image, "the disk with sector 2048: is the image complete?");
    let image = Image::blank();
    let nothing = format!("{}.gone", image.name());
    gapboot(&new, &["list", &nothing]).refused(&[&nothing, "cannot open"]);
}

#[test]
fn looking_changes_nothing() {
    let image = disk(&[("a+3.conf", "linux /vmlinuz\n")]);
    let before = image.bytes();
    let mut permissions = std::fs::metadata(image.path()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(image.path(), permissions).unwrap();
    list(&image, &[]);
    assert!(image.bytes() == before);
}
