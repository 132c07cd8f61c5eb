//! Arguments, exit statuses and the program as it is built.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::process::Command;

use cli::error::Error;
use common::*;

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    let new = stages("0.1.0", 1);
    let wrong: [(&[&str], &str); 29] = [
        (&[], "a command is missing: use install, "),
        (&["--force"], "there is no option --force; `gapboot --help`"),
        (
            &["install"],
            "install: DISK is missing: an image file or a block device such as /dev/sda; \
             `gapboot install --help`",
        ),
        (
            &["install", "a.img", "b.img"],
            "b.img is one argument too many",
        ),
        (&["install", "--undo"], "--undo needs a value"),
        (&["install", "--force=yes", "x"], "--force takes no value"),
        (&["install", "--protective-slot", "5", "x"], "1, 2, 3 or 4"),
        (&["list"], "list: DISK is missing"),
        (&["remove", "--json", "x"], "there is no option --json"),
        (&["set"], "set: KEY and VALUE are missing"),
        (&["set", "default"], "set: VALUE is missing"),
        (
            &["set", "--from-systemd", "x", "y"],
            "takes no KEY and VALUE",
        ),
        (&["kexec"], "kexec: FILE is missing"),
        (&["kexec", "-e", "x"], "kexec: -e starts what was loaded"),
        (
            &["kexec", "--disk", "x", "--initrd", "y"],
            "its own initrds",
        ),
        (
            &["kexec", "--system", "--disk", "x"],
            "--disk and --system exclude each other",
        ),
        (
            &["kexec", "--disk", "x", "--list"],
            "--list goes with --system",
        ),
        (
            &["kexec", "x", "--from", "grub"],
            "--from goes with --disk and --system",
        ),
        (
            &["kexec", "x", "--clear-once"],
            "--clear-once goes with --disk",
        ),
        (
            &["list", "x", "--from", "lilo"],
            "\"lilo\" is not a --from: use bls, grub, syslinux or all",
        ),
        (
            &["bless"],
            "VERDICT is missing: use good, bad, indeterminate or status;",
        ),
        (
            &["bless", "fine"],
            "\"fine\" is not a VERDICT: use good, bad,",
        ),
        (
            &["uki"],
            "a command is missing: use build, convert or inspect;",
        ),
        (&["uki", "build"], "--linux and --output are missing"),
        (
            &[
                "uki", "build", "--linux", "a", "--output", "b", "--output", "c",
            ],
            "--output is given twice; `gapboot uki build --help`",
        ),
        (&["uki", "convert", "a"], "OUT is missing: "),
        (&["uki", "inspect", "a", "b"], "b is one argument too many"),
        (&["find-root"], "find-root: DISK is missing"),
        (&["help", "nothing"], "there is no command nothing;"),
    ];
    for (arguments, word) in wrong {
        let run = gapboot(&new, arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert_eq!(run.out, "");
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
        assert!(run.err.contains(word), "{}", run.err);
    }
}

#[test]
fn what_is_mistyped_is_guessed() {
    let new = stages("0.1.0", 1);
    let mistyped: [(&[&str], &str); 5] = [
        (
            &["isntall"],
            "gapboot: there is no command isntall: did you mean install? `gapboot --help` shows \
             the commands\n",
        ),
        (
            &["install", "--frce", "x"],
            "gapboot: install: there is no option --frce: did you mean --force? \
             `gapboot install --help` explains it\n",
        ),
        (
            &["uki", "biuld"],
            "uki: there is no command biuld: did you mean build? `gapboot uki",
        ),
        (
            &["help", "uki", "biuld"],
            "did you mean build? `gapboot uki --help`",
        ),
        (
            &[
                "uki",
                "build",
                "--linux",
                "a",
                "--output",
                "b",
                "--sectoin",
                "c:d",
            ],
            "did you mean --section?",
        ),
    ];
    for (arguments, words) in mistyped {
        let run = gapboot(&new, arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.err.contains(words), "{}", run.err);
    }
}

/// All commands, those of `uki` too, by the words that name them.
fn commands(of: &clap::Command, before: &[String]) -> Vec<(Vec<String>, clap::Command)> {
    let mut found = Vec::new();
    for command in of.get_subcommands() {
        let name = [before, &[command.get_name().to_owned()]].concat();
        found.extend(commands(command, &name));
        found.push((name, command.clone()));
    }
    found
}

#[test]
fn help_explains_each_command_and_every_option() {
    let new = stages("0.1.0", 1);
    let all = gapboot(&new, &["--help"]).done().out;
    let commands = commands(&cli::command(), &[]);
    assert_eq!(commands.len(), 17);
    for (name, command) in commands {
        let words: Vec<_> = name.iter().map(String::as_str).collect();
        let run = |words: &[&str]| gapboot(&new, words).done().out;
        let help = run(&[&words[..], &["--help"]].concat());
        let usage = format!("Usage: gapboot {}", words.join(" "));
        assert!(help.contains(&usage), "{help}");
        // Whoever asks for help gets it, whatever else is there.
        assert_eq!(run(&[&words[..], &["x", "-h"]].concat()), help);
        assert_eq!(run(&[&["help"], &words[..]].concat()), help);
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
        if words.len() == 1 {
            assert!(all.contains(words[0]));
        }
        for argument in command.get_arguments().filter(|one| !one.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{words:?} {argument}");
        }
    }
}

#[test]
fn values_may_begin_with_a_hyphen_where_they_are_text() {
    let kexec = ["kexec", "/nonexistent", "--cmdline", "-- single"];
    gapboot(&stages("0.1.0", 1), &kexec).refused(&["/nonexistent"]);
}

/// The last of two counts, but for `uki build`, where each has a place.
#[test]
fn options_may_be_repeated() {
    let image = Image::sgdisk();
    let new = stages("0.1.0", 1);
    let twice = [
        "install",
        "--dry-run",
        "--dry-run",
        "--console=vga",
        "--console=serial",
    ];
    gapboot(&new, &[&twice[..], &[image.name()]].concat()).done();
}

#[test]
fn without_the_loader_inside_only_looking_works() {
    let image = Image::sgdisk();
    gapboot(&stages("0.1.0", 1), &["install", image.name()]).done();
    let run = |arguments: &[&str]| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let none = Error::failed("this gapboot was built without the loader");
        let status = cli::run(
            arguments.iter().map(Into::into),
            Err(none),
            &mut out,
            &mut err,
        );
        Run {
            status,
            out: String::from_utf8(out).unwrap(),
            err: String::from_utf8(err).unwrap(),
        }
    };
    run(&["install", image.name()]).refused(&["built without the loader"]);
    let found = run(&["status", "--json", image.name()]).done().out;
    assert!(
        found.contains("\"version\":\"0.1.0\"") && !found.contains("upToDate"),
        "{found}"
    );
    assert!(
        run(&["--version"])
            .done()
            .out
            .contains("(without the loader)")
    );
    run(&["remove", image.name()]).done();
}

/// The loader of `directory`, as `cargo install` and a package leave it.
#[test]
fn the_loader_may_come_from_a_directory() {
    let image = Image::sgdisk();
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().to_str().unwrap();
    let run = |words: &[&str]| gapboot(&stages("0.1.0", 1), words);
    let install = ["install", "--loader", dir, image.name()];
    let before = image.bytes();
    run(&install).refused(&["cannot read", "stage1.bin"]);
    run(&["status", "--loader", dir, image.name()]).refused(&["cannot read", "stage1.bin"]);

    let stage2 = stage2_with("0.1.9", 2, 9000, 20);
    let file = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
    file("stage1.bin", &stage1(2)).unwrap();
    file("stage2.bin", &stage2[..8000]).unwrap();
    file("overlay.bin", &overlay(&stage2, 2, 20)).unwrap();
    run(&install).refused(&[dir, "stage2.bin is damaged"]);
    assert!(image.bytes() == before);
    file("stage2.bin", &stage2).unwrap();
    let done = run(&install).done();
    assert!(done.out.contains("installed gapboot 0.1.9"), "{}", done.out);
    let status = run(&["status", "--loader", dir, image.name()]).done();
    assert!(status.out.contains("up to date"), "{}", status.out);
}

#[test]
fn stages_that_the_build_cannot_have_made_are_refused() {
    let (one, two) = (stage1(1), stage2("0.1.0", 1, 9000));
    let refused = |one: &[u8], two: &[u8], overlay: Option<&[u8]>| {
        cli::install::Stages::new(one, two, overlay)
            .err()
            .unwrap()
            .to_string()
    };
    assert!(refused(&one[..439], &two, None).contains("stage1.bin is too short"));
    assert!(refused(&noise(3, 512), &two, None).contains("stage1.bin does not hold"));
    assert!(refused(&one, &two[..8999], None).contains("stage2.bin is damaged"));
    assert!(refused(&one, &two, Some(b"gap")).contains("overlay.bin is damaged"));
    let mut damaged = overlay(&two, 1, 126);
    damaged[30_000] ^= 1;
    assert!(refused(&one, &two, Some(&damaged)).contains("overlay.bin is damaged"));
    let other = overlay(&stage2("0.1.0", 2, 9000), 1, 126);
    assert!(refused(&one, &two, Some(&other)).contains("belongs to another stage2"));
    // Of another size than the header of stage2 says.
    let shorter = overlay(&two, 1, 125);
    assert!(refused(&one, &two, Some(&shorter)).contains("belongs to another stage2"));
}

#[test]
fn the_program_itself_runs() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_gapboot"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let version = run(&["--version"]);
    assert!(version.status.success());
    assert!(version.stdout.starts_with(b"gapboot "));
    assert_eq!(run(&["remove"]).status.code(), Some(2));
    assert_eq!(run(&["status", "/nonexistent"]).status.code(), Some(1));
    let image = Image::sgdisk();
    let status = run(&["status", "--json", image.name()]);
    assert_eq!(status.status.code(), Some(0));
    assert!(status.stdout.starts_with(b"{\"installed\":false"));
}

/// As `gapboot list disk.img | head -1` does: nothing is wrong, so nothing is said.
#[test]
fn nobody_reads_standard_output() {
    let image = Image::with_files(&[
        ("vmlinuz", "kernel"),
        ("loader/entries/a.conf", "linux /vmlinuz\n"),
    ]);
    for arguments in [
        &["list", image.name()][..],
        &["list", "--json", image.name()],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = Command::new(env!("CARGO_BIN_EXE_gapboot"))
            .args(arguments)
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(141), "{arguments:?}");
        assert_eq!(String::from_utf8(run.stderr).unwrap(), "");
    }
}

/// A note that nobody reads does not keep a command from doing its work.
#[test]
fn nobody_reads_standard_error() {
    let image = Image::with_files(&[("loader/entries.srel", "type1\n")]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = Command::new(env!("CARGO_BIN_EXE_gapboot"))
        .args(["set", "default", "gone", image.name()])
        .stderr(writer)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0));
    let said = format!("{}: default is now gone\n", image.name());
    assert_eq!(String::from_utf8(run.stdout).unwrap(), said);
}

/// An entry that is not there is the fault, not that of another entry.
#[test]
fn kexec_names_the_entries_there_are() {
    let new = stages("0.1.0", 1);
    let image = Image::with_files(&[
        ("vmlinuz", "not a kernel"),
        ("loader/entries/a+2-1.conf", "linux /vmlinuz\n"),
        ("loader/entries/b.conf", "linux /vmlinuz\n"),
    ]);
    let kexec = |id: &str| gapboot(&new, &["kexec", "-l", "--disk", image.name(), id]);
    let name = image.name();
    kexec("nosuch").refused(&[&format!(
        "{name}: no entry nosuch: there are b.conf, a.conf"
    )]);
    // An entry that is there is tried, and its own fault is said.
    for id in ["b", "a+2-1.conf", "A.conf"] {
        let run = kexec(id);
        assert_eq!(run.status, 1);
        assert!(!run.err.contains("no entry"), "{}", run.err);
        assert!(run.err.contains("/vmlinuz"), "{}", run.err);
    }
}
