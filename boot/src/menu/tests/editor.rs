//! The editor.

use super::terminal::keys;
use super::*;

const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const END: &str = "\x1b[F";

/// The result of `line` after the keys `typed` and Enter.
fn edited(line: &'static str, typed: &[&str], limit: usize) -> Run {
    let mut entries = Fake::numbered(2);
    entries.options = line;
    let events = keys(&[&["e"], typed, &["\r"]].concat());
    run_with(Terminal::new(events, false), entries, &FORCED, limit)
}

#[test]
fn every_key() {
    const L: &str = "root=/dev/sda1 ro  quiet";
    for (typed, expected) in [
        (&[][..], L),
        (&["x"], "xroot=/dev/sda1 ro  quiet"),
        (&["a", "b", "c "], "abc root=/dev/sda1 ro  quiet"),
        (&[END, " x"], "root=/dev/sda1 ro  quiet x"),
        (
            &["\x05", " x", "\x01", "y "],
            "y root=/dev/sda1 ro  quiet x",
        ),
        (&[END, "\x1b[H", "y"], "yroot=/dev/sda1 ro  quiet"),
        (&[RIGHT, RIGHT, LEFT, "_"], "r_oot=/dev/sda1 ro  quiet"),
        (&["\x06", "\x06", "\x02", "_"], "r_oot=/dev/sda1 ro  quiet"),
        // Nothing happens at the ends.
        (
            &[LEFT, "\x7f", "\x17", "\x1b\x7f", "_"],
            "_root=/dev/sda1 ro  quiet",
        ),
        (
            &[END, RIGHT, "\x1b[3~", "\x0b", "\x1bd", "_"],
            "root=/dev/sda1 ro  quiet_",
        ),
        (&[RIGHT, "\x7f"], "oot=/dev/sda1 ro  quiet"),
        (&[RIGHT, "\x08"], "oot=/dev/sda1 ro  quiet"),
        (&["\x1b[3~", "\x04"], "ot=/dev/sda1 ro  quiet"),
        // Words: to their ends, forward; to their starts, back.
        (&["\x1bf", "_"], "root=/dev/sda1_ ro  quiet"),
        (
            &["\x1b[1;5C", "\x1b[1;5C", "_"],
            "root=/dev/sda1 ro_  quiet",
        ),
        (
            &["\x1b[B", "\x1b[B", "\x1b[B", "\x1b[B", "_"],
            "root=/dev/sda1 ro  quiet_",
        ),
        (&[END, "\x1bb", "_"], "root=/dev/sda1 ro  _quiet"),
        (&[END, "\x1b[A", "\x1b[A", "_"], "root=/dev/sda1 _ro  quiet"),
        (
            &[END, "\x1b[1;5D", LEFT, "\x1b[1;5D", "_"],
            "root=/dev/sda1 _ro  quiet",
        ),
        (&[END, "\x17"], "root=/dev/sda1 ro  "),
        (&[END, "\x17", "\x17"], "root=/dev/sda1 "),
        (&[END, "\x1b\x7f"], "root=/dev/sda1 ro  "),
        (&["\x1bd"], " ro  quiet"),
        (&["\x1b[3;5~", "\x1bd"], "  quiet"),
        (&["\x1bf", "\x0b"], "root=/dev/sda1"),
        (&["\x0b"], ""),
        (&["\x0b", "é", "ö", LEFT, LEFT, "_"], "_éö"),
        (&["\x0b", "éö", "\x7f"], "é"),
        (&["\x0b", "aéö", "\x01", RIGHT, "\x1b[3~"], "aö"),
        (&["\x0b", "日本", LEFT, "\x7f"], "本"),
        // Keys without a meaning here.
        (&["\t", "\x1b[5~", "\x1bOP", "\x0c", "\x1bx"], L),
    ] {
        let run = edited(L, typed, 2047);
        assert_eq!(run.line, expected, "{typed:?}");
        assert_eq!(
            run.outcome,
            Outcome::Boot {
                entry: 0,
                edited: Some(expected.len())
            }
        );
    }
}

#[test]
fn leaving() {
    for key in ["\x1b", "\x03", "\x07"] {
        let run = typed(Fake::numbered(2), &["e", "\x0b", "x", key, "look", "\r"]);
        assert_eq!(run.outcome, boots(0));
        assert_eq!(run.terminal.line(0, 21), "");
        assert_eq!(
            run.terminal.line(0, 23).trim(),
            "Enter boot   e edit   p details   h help"
        );
        assert!(run.terminal.seen[0].hide_cursor());
    }
}

#[test]
fn not_allowed() {
    let parameters = Parameters {
        editor: false,
        ..FORCED
    };
    let run = run_with(
        Terminal::slow(&["e", "look", "\r"]),
        Fake::numbered(2),
        &parameters,
        0,
    );
    assert_eq!(
        run.terminal.line(0, 21).trim(),
        "Editing is disabled in loader.conf."
    );
    assert_eq!(run.outcome, boots(0));
    // The last entry has nothing to edit, and says so up to the next key.
    let run = typed(Fake::numbered(2), &["2", "E", "look", "x", "look", "\r"]);
    assert_eq!(
        run.terminal.line(0, 21).trim(),
        "This entry has no command line."
    );
    assert_eq!(run.terminal.line(1, 21), "");
    assert_eq!(run.outcome, boots(1));
}

/// The line is as long as it may be: the editor says so, and the rest works.
#[test]
fn limit() {
    let run = edited(
        "12345678",
        &[
            "a", "b", "c", "look", LEFT, "look", "\x7f", "x", "y", "look",
        ],
        10,
    );
    assert_eq!(run.line, "xb12345678");
    let message = |seen| String::from(run.terminal.line(seen, 22).trim());
    assert_eq!(message(0), "No more: the kernel's limit is reached.");
    assert_eq!(run.terminal.line(0, 21), " ab12345678");
    assert_eq!(message(1), "");
    assert_eq!(message(2), message(0));
}

#[test]
fn scrolled() {
    let line = std::format!("{}END", "0123456789".repeat(12)).leak();
    let run = edited(
        line,
        &["look", END, "look", "x", "look", "\x1b[H", "look"],
        2047,
    );
    let screen = |seen: usize| {
        let (_, column) = run.terminal.seen[seen].cursor_position();
        (run.terminal.line(seen, 21), column)
    };
    let digits = "0123456789".repeat(8);
    assert_eq!(screen(0), (std::format!(" {}>", &digits[..77]), 1));
    // Half of the window is in front of the cursor.
    assert_eq!(screen(1), (std::format!("<{}END", &digits[5..40]), 39));
    assert_eq!(screen(2), (std::format!("<{}ENDx", &digits[5..40]), 40));
    assert_eq!(screen(3), screen(0));
    assert!(!run.terminal.seen[0].hide_cursor());
    assert_eq!(run.terminal.line(0, 23).trim(), "Enter boot   Esc back");
}

/// Bytes to the terminal for each key.
#[test]
fn cheap() {
    let run = edited(
        "root=/dev/sda1 ro quiet",
        &[RIGHT, "x", "\x7f", END, "y", "\x7f", "\x17"],
        2047,
    );
    let place = "\x1b[22;2H".len();
    let clear = "\x1b[K".len();
    let rest = "oot=/dev/sda1 ro quiet".len();
    assert_eq!(
        run.terminal.sent_between[2..],
        [
            place,
            2 * place + 1 + rest + clear,
            2 * place + rest + clear,
            place + 1,
            2 * (place + 1) + 1 + clear,
            2 * (place + 1) + clear,
            2 * (place + 1) + clear,
        ]
    );
}
