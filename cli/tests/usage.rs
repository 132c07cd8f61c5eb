//! Arguments, exit statuses and the program as it is built.

mod common;

use std::process::Command;

use cli::error::Error;
use common::*;

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    let new = stages("0.1.0", 1);
    let wrong: [(&[&str], &str); 15] = [
        (&[], "a command is missing"),
        (&["instal"], "\"instal\" is not a command"),
        (&["--force"], "--force"),
        (&["install"], "install: DISK is missing"),
        (&["install", "--frce", "x"], "--frce"),
        (&["install", "a.img", "b.img"], "two, a.img and b.img"),
        (&["list"], "list: DISK is missing"),
        (&["remove", "--json", "x"], "--json"),
        (&["set"], "set: KEY is missing"),
        (&["set", "default"], "set: VALUE is missing"),
        (&["kexec"], "kexec: FILE is missing"),
        (&["kexec", "-e", "x"], "kexec: -e starts what was loaded"),
        (
            &["kexec", "--disk", "x", "--initrd", "y"],
            "its own initrds",
        ),
        (&["bless"], "bless: say good, bad"),
        (&["bless", "fine"], "\"fine\" is none of good, bad"),
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
fn help_explains_each_command() {
    let new = stages("0.1.0", 1);
    let all = gapboot(&new, &["--help"]).done().out;
    for command in cli::commands::ALL {
        assert!(all.contains(command.summary));
        for help in ["--help", "-h"] {
            let run = gapboot(&new, &[command.name, "x", help]).done();
            assert!(
                run.out
                    .starts_with(&format!("Usage: gapboot {}", command.name)),
                "{}",
                run.out
            );
        }
    }
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
    let mut damaged = overlay(&two, 1);
    damaged[30_000] ^= 1;
    assert!(refused(&one, &two, Some(&damaged)).contains("overlay.bin is damaged"));
    let other = overlay(&stage2("0.1.0", 2, 9000), 1);
    assert!(refused(&one, &two, Some(&other)).contains("belongs to another stage2"));
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
