//! Help and details.

use super::*;

#[test]
fn help() {
    let run = typed(
        Fake::numbered(2),
        &[
            "h", "look", " ", "look", "\x1b[B", "?", "x", "H", "\x1b", "\x1bOP", " ", "\r",
        ],
    );
    assert_eq!(run.outcome, boots(1));
    let (first, lines) = run.terminal.lines(0);
    // All of it is on one screen, and names every key of the menu.
    assert_eq!(first, 0);
    assert!(lines.len() <= 24);
    assert_eq!(
        lines[0],
        "Up  Down  j  k          move; Home, End, PgUp and PgDn too"
    );
    assert_eq!(lines.last().unwrap(), "Press a key, Esc for the menu.");
    for key in [
        "1 to 9", "Enter", " l ", "d  D", "t  T", "e  ", "p  ", "v  h", "L  ", "O  B  Q", "Ctrl-K",
        "Ctrl-W",
    ] {
        assert!(lines.iter().any(|line| line.contains(key)), "{key}");
    }
    // And then the menu again.
    assert_eq!(run.terminal.highlighted(1).len(), 1);
}

#[test]
fn details() {
    let mut entries = Fake::numbered(2);
    entries.fields = std::vec![
        ("id", "debian-6.12.conf"),
        (
            "options",
            "root=UUID=01234567-89ab-cdef-0123-456789abcdef ro quiet splash console=tty0 console=ttyS0"
        ),
        ("empty", ""),
        (
            "initrd",
            "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789"
        ),
        ("name that is too long", "\x1b[2Jé"),
    ];
    let run = typed(entries, &["p", "look", " ", "\r"]);
    assert_eq!(run.outcome, boots(0));
    let (_, lines) = run.terminal.lines(0);
    assert_eq!(
        lines,
        [
            "id            debian-6.12.conf",
            "options       root=UUID=01234567-89ab-cdef-0123-456789abcdef ro quiet splash",
            "              console=tty0 console=ttyS0",
            "empty",
            "initrd        /0123456789/0123456789/0123456789/0123456789/0123456789/012345678",
            "              9/0123456789",
            "name that is t?[2Jé",
            "",
            "Press a key, Esc for the menu.",
        ]
    );
}

/// More than a screen: page by page, as long as one wants.
#[test]
fn many_details() {
    let mut entries = Fake::numbered(2);
    entries.fields = std::vec![("initrd", "/initrd"); 50];
    let run = typed(
        entries,
        &[
            "p", "look", " ", "look", " ", "look", " ", "2", "p", "\x1b", "look", "\r",
        ],
    );
    assert_eq!(run.outcome, boots(1));
    let initrds = |seen: usize| {
        run.terminal.seen[seen]
            .contents()
            .matches("/initrd")
            .count()
    };
    assert_eq!([initrds(0), initrds(1), initrds(2)], [22, 22, 6]);
    assert_eq!(run.terminal.highlighted(3).len(), 1);
}
