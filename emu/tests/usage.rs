//! `bootloader_emu` as a command.

use std::process::{Command, Output};

fn emu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bootloader_emu"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        &[][..],
        &["--json"],
        &["a", "b"],
        &["--memory", "3", "a"],
        &["--memory", "x", "a"],
        &["--entry"],
        &["--what", "a"],
    ] {
        let output = emu(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(
            output.stderr.iter().filter(|&&byte| byte == b'\n').count(),
            1
        );
        assert!(output.stdout.is_empty());
    }
    assert!(emu(&["--help"]).status.success());
}

#[test]
fn failure_is_1_and_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let empty = directory.path().join("empty");
    std::fs::write(&empty, [0; 1 << 20]).unwrap();
    for disk in [missing, empty] {
        let output = emu(&["--json", disk.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            output.stderr.iter().filter(|&&byte| byte == b'\n').count(),
            1
        );
        assert!(output.stdout.is_empty());
    }
}
