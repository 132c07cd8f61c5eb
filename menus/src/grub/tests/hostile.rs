//! Limits: whatever a script is, reading ends soon, and says so.

use alloc::string::String;

use super::{lines, menu};
use crate::limits;

#[test]
fn loops_end() {
    for script in [
        "while true; do true; done",
        "while true; do x=$x$x$x.; done",
        "until false; do for a in 1 2 3; do true; done; done",
        "function f { f; }; f",
        "function f { f; f; }; f",
        "source $config_file",
        "configfile $config_file",
        "normal",
        "x=aaaaaaaaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5; do x=$x$x; done; for i in 1 2 3 4 5 6 7 8 9; do echo $x$x$x$x; done",
        "eval \"$x\"; x='eval \"$x\"'; eval \"$x\"",
        "while true; do menuentry x { true }; done",
        "while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
        "while true; do source /xen.gz; done",
    ] {
        let menu = menu(&alloc::format!(
            "menuentry first {{ halt }}\n{script}\nmenuentry last {{ halt }}"
        ));
        assert!(!menu.notes.is_empty(), "{script}");
        assert_eq!(menu.entries[0].title, "first", "{script}");
    }
}

#[test]
fn an_entry_without_end_costs_itself() {
    let menu = menu(
        "menuentry a { while true; do true; done }\nmenuentry b { function; }\nmenuentry c { halt }\nsubmenu d { while true; do menuentry x { true }; done }\nmenuentry e { halt }",
    );
    assert_eq!(
        lines(&menu),
        [
            "a = nothing: it takes too many steps: what comes after is left out",
            "c = PowerOff",
            "d = nothing: it takes too many steps: what comes after is left out",
            "e = PowerOff",
        ]
    );
}

/// The stack of a thread of Rust's.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn nesting_fits_the_stack() {
    on_a_small_stack(|| {
        let deep = usize::try_from(limits::DEPTH).unwrap();
        for depth in [deep, deep + 1, 4 * deep, 20_000] {
            for (open, close) in [
                ("if true; then ", "true; fi"),
                ("while true; do ", "true; done"),
                ("menuentry x { ", "true; }"),
                ("submenu x { ", "true; }"),
                ("for x in a; do ", "true; done"),
                ("[ ", "]"),
                ("test ( ", ") "),
                ("eval \"", "\""),
            ] {
                let script = alloc::format!(
                    "{}true; {}",
                    open.repeat(depth),
                    alloc::format!("{close}; ").repeat(depth)
                );
                let _ = super::super::check(&script);
                drop(menu(&script));
            }
        }
    });
}

#[test]
fn the_deepest_run_fits_the_stack() {
    on_a_small_stack(|| {
        let half = usize::try_from(limits::DEPTH / 2).unwrap();
        // Functions that call each other from inside of blocks.
        let nest = alloc::format!(
            "{}f{}",
            "if true; then for x in a; do ".repeat(half),
            "; done; fi".repeat(half)
        );
        drop(menu(&alloc::format!("function f {{ {nest}; }}\nf\n")));
        // Files in files.
        drop(menu("if true; then source $config_file; fi"));
        drop(menu(
            "submenu x { if true; then configfile $config_file; fi; }",
        ));
        let mut nested = String::from("true");
        for _ in 0..limits::DEPTH {
            nested = alloc::format!("submenu x {{ {nested} }}");
        }
        drop(menu(&nested));
    });
}

#[test]
fn any_bytes() {
    for text in [
        "\0",
        "\u{fffd}",
        "é",
        "'",
        "\"",
        "\\",
        "$",
        "${",
        "{",
        "}",
        "a\\",
        "\\\n",
        "$\"",
        "echo é\\é",
        "#",
        "a#",
        "\r\n",
    ] {
        let _ = super::super::check(text);
        drop(menu(text));
    }
}
