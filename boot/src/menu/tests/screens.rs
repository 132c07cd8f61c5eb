//! The screen and the bytes that are sent, key by key.

use super::terminal::keys;
use super::*;

const DOWN: &str = "\x1b[B";
const UP: &str = "\x1b[A";

fn three() -> Fake {
    Fake::new(&["Debian GNU/Linux 13 (trixie)", "Arch Linux", "Power off"])
}

const HINT: &str = "                   Enter boot   e edit   p details   h help";

#[test]
fn first_screen() {
    let run = typed(three(), &["look", "\r"]);
    assert_eq!(run.outcome, boots(0));
    assert_eq!(
        run.terminal.lines(0),
        (
            9,
            std::vec![
                "                     1    Debian GNU/Linux 13 (trixie)".into(),
                "                     2    Arch Linux".into(),
                "                     3    Power off".into(),
            ]
            .into_iter()
            .chain(core::iter::repeat_n(String::new(), 11))
            .chain([HINT.into()])
            .collect()
        )
    );
    assert_eq!(run.terminal.highlighted(0), [(9, 23..57)]);
    assert!(run.terminal.seen[0].hide_cursor());
    // Afterwards everything is as it was.
    let after = run.terminal.after();
    assert_eq!(after.contents(), "");
    assert!(!after.hide_cursor());
    assert_eq!(after.cursor_position(), (0, 0));
}

/// Moving sends the two lines that change and nothing else; what is at an end
/// sends nothing.
#[test]
fn moving() {
    let run = typed(
        three(),
        &[DOWN, DOWN, DOWN, "look", UP, "k", "k", "x", "\r"],
    );
    assert_eq!(run.outcome, boots(2));
    assert_eq!(run.terminal.highlighted(0), [(11, 23..57)]);
    let line = "\x1b[10;24H".len() + 34;
    let two_lines = 2 * line + "\x1b[7m".len() + "\x1b[m".len();
    let sent = &run.terminal.sent_between;
    assert_eq!(
        sent[1..],
        [two_lines, two_lines, 0, two_lines, two_lines, 0, two_lines]
    );
    // A fifth of a second at 9600 baud, for titles of this length.
    assert!(two_lines < 110);
    // The first screen: under a second.
    assert!(sent[0] < 300, "{}", sent[0]);
}

#[test]
fn countdown() {
    let parameters = Parameters {
        timeout: Timeout::Seconds(3),
        selected: 1,
        ..FORCED
    };
    let events = keys(&["look", "second", "look", "second", "second", "look"]);
    let run = run_with(Terminal::new(events, false), three(), &parameters, 0);
    assert_eq!(run.outcome, boots(1));
    let text = |seen| String::from(run.terminal.line(seen, 21).trim());
    assert_eq!([text(0), text(1)], ["Boot in 3 s.", "Boot in 2 s."]);
    // The last event was not reached.
    assert_eq!(run.terminal.seen.len(), 2);
    assert_eq!(run.terminal.sent_between[1..], [55, 55]);

    // Any key ends it, for good, and does what it does.
    for key in ["z", "\x1b", DOWN] {
        let events = keys(&["second", key, "look", "second"]);
        let run = run_with(Terminal::new(events, false), three(), &parameters, 0);
        assert_eq!(run.terminal.line(0, 21), "");
        let moved = usize::from(key == DOWN);
        assert_eq!(run.outcome, boots(1 + moved));
    }
}

/// A key that opened the menu.
#[test]
fn typed_before() {
    for (typed, outcome, is_seen) in [
        // A hotkey boots at once.
        ("1", boots(0), false),
        ("9", boots(2), false),
        ("l", boots(0), false),
        ("x", boots(2), false),
        // Any other opens the menu, and does nothing else.
        ("z", boots(1), true),
        ("O", boots(1), true),
        ("\r", boots(1), true),
        ("\x1b", boots(1), true),
    ] {
        let parameters = Parameters {
            timeout: Timeout::Hidden,
            selected: 1,
            typed: typed.bytes().next().map(Input::Serial),
            ..FORCED
        };
        let events = [std::vec![Event::Pause], keys(&["look", "\r"])].concat();
        let run = run_with(Terminal::new(events, false), three(), &parameters, 0);
        assert_eq!(run.outcome, outcome, "{typed:?}");
        assert_eq!(run.terminal.seen.len() == 1, is_seen);
        assert_eq!(run.terminal.sent_between.iter().sum::<usize>() > 0, is_seen);
        assert_eq!(run.remembered, NOTHING);
    }
    // The menu is there: no timeout but one in seconds ends it.
    for timeout in [Timeout::Hidden, Timeout::Disabled, Timeout::Forced] {
        let parameters = Parameters { timeout, ..FORCED };
        let terminal = Terminal::slow(&["look", DOWN, "\r"]);
        let run = run_with(terminal, three(), &parameters, 0);
        assert_eq!(run.outcome, boots(1));
        assert_eq!(run.terminal.line(0, 21), "");
    }
}

#[test]
fn scrolling() {
    let run = typed(
        Fake::numbered(30),
        &[
            "look", "\x1b[6~", "look", "\x1b[F", "look", "\x1b[5~", UP, "look", "g", "\r",
        ],
    );
    let seen = |seen: usize| {
        let (first, lines) = run.terminal.lines(seen);
        let lines: Vec<String> = lines.iter().map(|line| line.trim().into()).collect();
        let ((highlighted, _), count) = (run.terminal.highlighted(seen)[0].clone(), lines.len());
        (
            first,
            lines[0].clone(),
            lines[count - 4].clone(),
            lines[usize::from(highlighted) - first].clone(),
        )
    };
    let text = String::from;
    // Nothing above, something below.
    assert_eq!(
        seen(0),
        (1, text("1    entry 1"), text("..."), text("1    entry 1"))
    );
    assert_eq!(seen(1), (0, text("..."), text("..."), text("entry 20")));
    assert_eq!(seen(2), (0, text("..."), text(""), text("entry 30")));
    assert_eq!(seen(3), (0, text("..."), text("..."), text("entry 10")));
    assert_eq!(run.outcome, boots(9));
    assert_eq!(run.remembered, NOTHING);
}

/// Key by key through a long list: screens are drawn seldom.
#[test]
fn scrolling_is_cheap() {
    let run = typed(Fake::numbered(100), &[&[DOWN; 99][..], &["x"]].concat());
    assert_eq!(run.outcome, boots(99));
    let sent = &run.terminal.sent_between[1..];
    let whole = sent.iter().filter(|&&sent| sent > 200).count();
    assert_eq!(whole, 9);
    assert!(sent.iter().all(|&sent| sent < 600));
}

/// Keys that are there already are not worth drawing for.
#[test]
fn keys_in_a_row() {
    let mut events = keys(&[DOWN; 50]);
    events.retain(|event| *event != Event::Pause);
    events.extend(keys(&["look"]));
    let run = run_with(Terminal::new(events, true), Fake::numbered(100), &FORCED, 0);
    assert_eq!(run.outcome, boots(50));
    assert_eq!(run.terminal.seen.len(), 1);
    let sent: usize = run.terminal.sent_between.iter().sum();
    assert!(sent < 1300, "{sent}");
}

#[test]
fn titles() {
    let long: String = "a long title ".repeat(10);
    let mut entries = Fake::new(&[
        long.leak(),
        "Füdørå 日本",
        "esc \x1b[2J bel \x07 c1 \u{9b}2J",
    ]);
    entries.titles.push(b"raw \x9b\xff");
    let run = typed(entries, &["look", "\r"]);
    let (first, lines) = run.terminal.lines(0);
    assert_eq!(first, 8);
    // 70 columns, and the mark after them.
    assert_eq!(
        lines[0].trim_end(),
        std::format!("1    {}>", &"a long title ".repeat(10)[..70])
    );
    assert_eq!(run.terminal.highlighted(0), [(8, 2..78)]);
    assert_eq!(lines[1], "2    Füdørå 日本");
    // Nothing of it reaches the terminal's controls.
    assert!(
        lines[2].starts_with("3    esc ?[2J bel ? c1 "),
        "{}",
        lines[2]
    );
    assert!(lines[2].ends_with("?2J"), "{}", lines[2]);
    assert_eq!(run.terminal.beeps, 0);
}

#[test]
fn marks() {
    let run = typed(
        three(),
        &[
            "d", "look", DOWN, "D", "look", "d", "look", "D", "look", UP, "d", "\r",
        ],
    );
    let seen = |seen| -> Vec<String> {
        (9..12)
            .map(|line| run.terminal.line(seen, line)[23..].into())
            .collect()
    };
    let title = ["Debian GNU/Linux 13 (trixie)", "Arch Linux", "Power off"];
    let marked = |marks: [&str; 3]| -> Vec<String> {
        marks
            .iter()
            .zip(title)
            .map(|(mark, title)| std::format!("{mark} {title}"))
            .collect()
    };
    assert_eq!(seen(0), marked(["->", "  ", "  "]));
    assert_eq!(seen(1), marked(["->", "=>", "  "]));
    // Preferred moves on, the default is what is shown.
    assert_eq!(seen(2), marked(["  ", "=>", "  "]));
    assert_eq!(seen(3), marked(["  ", "->", "  "]));
    assert_eq!(run.terminal.line(3, 21).trim(), "=> default   -> preferred");
    assert_eq!(
        run.remembered,
        Remembered {
            preferred: Some(0),
            ..NOTHING
        }
    );
}

#[test]
fn timeouts() {
    let run = typed(
        three(),
        &[
            "t", "look", "+", "look", "t", "look", "t", "look", "T", "-", "\r",
        ],
    );
    let text = |seen| String::from(run.terminal.line(seen, 21).trim());
    assert_eq!(text(0), "The menu waits for a key.");
    assert_eq!(text(1), "The menu is hidden.");
    assert_eq!(text(2), "Timeout 1 s.");
    assert_eq!(text(3), "Timeout 2 s.");
    assert_eq!(run.remembered.timeout, Some(Timeout::Hidden));
    let run = typed(three(), &["t", "T", "look", "T", "\r"]);
    assert_eq!(
        run.terminal.line(0, 21).trim(),
        "Timeout as in loader.conf."
    );
    assert_eq!(run.remembered.timeout, None);
}

/// Without a file that remembers them, changes are for one boot, and the menu says so.
#[test]
fn changes_that_are_not_kept() {
    let parameters = Parameters {
        is_kept: false,
        ..FORCED
    };
    let terminal = Terminal::slow(&["d", "look", "t", "look", "x", "look", "\r"]);
    let run = run_with(terminal, three(), &parameters, 0);
    let status = |seen| [21, 22].map(|line| String::from(run.terminal.line(seen, line).trim()));
    let lasts = "For this boot only: gapboot set makes the file that remembers it.";
    assert_eq!(status(0), ["=> default   -> preferred", lasts]);
    assert_eq!(status(1), ["The menu waits for a key.", lasts]);
    assert_eq!(status(2), ["", ""]);
}

/// Entries for which there was no room are counted below the last one.
#[test]
fn entries_without_room() {
    let parameters = Parameters {
        left_out: 32,
        ..FORCED
    };
    let terminal = Terminal::slow(&["look", "\x1b[F", "look", "\x1b[H", "look", "\r"]);
    let run = run_with(terminal, Fake::numbered(100), &parameters, 0);
    let below = |seen| run.terminal.line(seen, 20).trim().into();
    let below: Vec<String> = (0..3).map(below).collect();
    assert_eq!(below, ["...", "no room for 32 more", "..."]);
}

#[test]
fn leaving() {
    for (key, outcome) in [
        ("O", Outcome::PowerOff),
        ("B", Outcome::Reboot),
        ("Q", Outcome::Quit),
        ("\r", boots(0)),
        ("\n", boots(0)),
        ("\x1b[C", boots(0)),
    ] {
        assert_eq!(typed(three(), &[key]).outcome, outcome);
    }
    // Small letters don't: they would hurt by mistake.
    assert_eq!(
        typed(three(), &["o", "b", "q", "2", "\r"]).outcome,
        boots(1)
    );
}

#[test]
fn version_and_redraw() {
    let run = typed(three(), &["v", "look", "L", "look", "z", "look", "\r"]);
    let version = std::format!("gapboot {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(run.terminal.line(0, 21).trim(), version);
    assert_eq!(run.terminal.line(1, 21).trim(), "");
    assert_eq!(run.terminal.highlighted(1), [(9, 23..57)]);
    assert_eq!(run.terminal.sent_between.last(), Some(&0));
}

/// A failure is told in full, and goes with the first key.
#[test]
fn message() {
    let message = "debian.conf: /debian/vmlinuz: cannot read LBA 123456: BIOS error 04h. Check the disk and its cable.";
    let parameters = Parameters {
        message: message.as_bytes(),
        ..FORCED
    };
    let terminal = Terminal::slow(&["look", "x", "look", "\r"]);
    let run = run_with(terminal, three(), &parameters, 0);
    let lines = [21, 22].map(|line| run.terminal.line(0, line));
    // On two lines, of which the second begins with a sentence.
    let (what, advice) = message.split_at(message.find(" Check").unwrap());
    assert_eq!(
        lines.map(|line| String::from(line.trim())),
        [what, advice.trim()]
    );
    assert_eq!([21, 22].map(|line| run.terminal.line(1, line)), ["", ""]);
}

/// No entries: there is still a way out, and nothing else does anything.
#[test]
fn no_entries() {
    let parameters = Parameters {
        timeout: Timeout::Seconds(1),
        message: b"No entries.",
        ..FORCED
    };
    let typed = [
        "look", DOWN, UP, "\x1b[F", "1", "l", "e", "p", "\r", "d", "Q",
    ];
    let run = run_with(Terminal::slow(&typed), Fake::new(&[]), &parameters, 0);
    assert_eq!(run.terminal.line(0, 21).trim(), "No entries.");
    assert_eq!(run.outcome, Outcome::Quit);
}

#[test]
fn beeps() {
    let parameters = Parameters {
        beep: true,
        ..FORCED
    };
    let run = run_with(
        Terminal::slow(&[DOWN, DOWN, "x", "\r"]),
        three(),
        &parameters,
        0,
    );
    assert_eq!(run.terminal.beeps, 1 + 2 + 3);
}
