//! The model by itself.

use super::super::tests::Fake;
use super::super::timeout::Timeout;
use super::*;
use std::string::String;
use std::vec::Vec;

fn model(count: usize, visible: usize) -> Model<'static> {
    Model {
        is_kept: true,
        left_out: 0,
        count,
        visible,
        top: 0,
        selected: 0,
        countdown: None,
        remembered: Remembered::default(),
        status: Status::Nothing,
        stale: false,
    }
}

/// Selected entry and first one on the screen after each of `keys`.
fn after(count: usize, visible: usize, keys: &[Key]) -> Vec<(usize, usize)> {
    let mut model = model(count, visible);
    let entries = Fake::numbered(count);
    keys.iter()
        .map(|&key| {
            assert_eq!(model.key(key, &entries), None);
            (model.selected, model.top)
        })
        .collect()
}

#[test]
fn moving() {
    use Key as K;
    assert_eq!(
        after(3, 3, &[K::Up, K::Down, K::Down, K::Down]),
        [(0, 0), (1, 0), (2, 0), (2, 0)]
    );
    assert_eq!(
        after(
            3,
            3,
            &[
                Key::Character(b'j'),
                Key::Character(b'J'),
                Key::Character(b'k'),
                Key::Character(b'K')
            ]
        ),
        [(1, 0), (2, 0), (1, 0), (0, 0)]
    );
    assert_eq!(
        after(3, 3, &[K::End, K::Home, K::PageDown, K::PageUp]),
        [(2, 0), (0, 0), (2, 0), (0, 0)]
    );
    // Scrolling: by half of what is visible.
    assert_eq!(
        after(9, 4, &[K::Down; 6]),
        [(1, 0), (2, 0), (3, 0), (4, 2), (5, 2), (6, 4)]
    );
    assert_eq!(
        after(9, 4, &[K::End, K::Up, K::Up, K::Up, K::Up]),
        [(8, 5), (7, 5), (6, 5), (5, 5), (4, 2)]
    );
    assert_eq!(
        after(9, 4, &[K::PageDown, K::PageDown, K::PageDown]),
        [(4, 2), (8, 5), (8, 5)]
    );
    // One line only, and none.
    assert_eq!(
        after(3, 1, &[K::Down, K::Down, K::Up]),
        [(1, 1), (2, 2), (1, 1)]
    );
    assert_eq!(
        after(
            0,
            0,
            &[
                K::Down,
                K::Up,
                K::End,
                Key::Character(b'1'),
                Key::Character(b'l')
            ]
        ),
        [(0, 0); 5]
    );
}

#[test]
fn numbers_and_hotkeys() {
    let keys = |keys: &[u8]| -> Vec<usize> {
        let keys: Vec<Key> = keys.iter().map(|&key| Key::Character(key)).collect();
        after(5, 5, &keys)
            .iter()
            .map(|(selected, _)| *selected)
            .collect()
    };
    assert_eq!(keys(b"351"), [2, 4, 0]);
    assert_eq!(keys(b"90"), [4, 4]);
    // All but the last are Linux; it goes round.
    assert_eq!(keys(b"lllll"), [1, 2, 3, 0, 1]);
    assert_eq!(keys(b"xxl"), [4, 4, 0]);
    assert_eq!(keys(b"was"), [0, 0, 0]);
}

/// A key that is not a character selects no entry, not even one without a hotkey.
#[test]
fn no_hotkey() {
    let mut entries = Fake::numbered(2);
    entries.last_hotkey = None;
    for key in [Key::Other, Key::F1, Key::Ctrl(b'l'), Key::Character(0)] {
        assert_eq!(lookup(&entries, 0, key), None, "{key:?}");
    }
    assert_eq!(lookup(&entries, 1, Key::Character(b'l')), Some(0));
}

#[test]
fn requests() {
    for (key, request) in [
        (Key::Enter, Some(Request::Boot)),
        (Key::Right, Some(Request::Boot)),
        (Key::Character(b'e'), Some(Request::Edit)),
        (Key::Character(b'E'), Some(Request::Edit)),
        (Key::Character(b'p'), Some(Request::Details)),
        (Key::Character(b'P'), Some(Request::Details)),
        (Key::Character(b'h'), Some(Request::Help)),
        (Key::Character(b'H'), Some(Request::Help)),
        (Key::Character(b'?'), Some(Request::Help)),
        (Key::F1, Some(Request::Help)),
        (Key::Character(b'L'), Some(Request::Redraw)),
        (Key::Ctrl(b'l'), Some(Request::Redraw)),
        (Key::Character(b'O'), Some(Request::PowerOff)),
        (Key::Character(b'B'), Some(Request::Reboot)),
        (Key::Character(b'Q'), Some(Request::Quit)),
        (Key::Other, None),
        (Key::Escape, None),
        (Key::Left, None),
        (Key::Character(b'o'), None),
        (Key::Character(b'q'), None),
    ] {
        let mut model = model(3, 3);
        model.countdown = Some(5);
        assert_eq!(model.key(key, &Fake::numbered(3)), request, "{key:?}");
        assert_eq!((model.countdown, model.selected), (None, 0));
    }
}

#[test]
fn countdown() {
    let mut model = model(2, 2);
    model.countdown = Some(3);
    assert_eq!(
        [model.tick(), model.tick(), model.tick()],
        [false, false, true]
    );
    model.countdown = Some(Timeout::LONGEST);
    assert!(!model.tick());
    model.key(Key::Other, &Fake::numbered(2));
    assert_eq!(
        (model.countdown, model.status, model.stale),
        (None, Status::Nothing, true)
    );
    // Nothing to be wiped out: nothing to be drawn.
    model.stale = false;
    model.key(Key::Other, &Fake::numbered(2));
    assert!(!model.stale);
}

#[test]
fn timeouts() {
    let entries = Fake::numbered(2);
    let set = |from: Option<Timeout>, key| {
        let mut model = model(2, 2);
        model.remembered.timeout = from;
        model.key(Key::Character(key), &entries);
        assert_eq!(model.status, Status::Timeout);
        model.remembered.timeout
    };
    for (up, down) in [(b't', b'T'), (b'+', b'-')] {
        assert_eq!(set(None, up), Some(Timeout::Forced));
        assert_eq!(set(Some(Timeout::Forced), down), None);
        assert_eq!(set(Some(Timeout::Seconds(1)), down), Some(Timeout::Hidden));
    }
}

#[test]
fn remembered() {
    let mut model = model(3, 3);
    let entries = Fake::numbered(3);
    for (key, marks, selected) in [
        (b'd', "p  ", 0),
        (b'2', "p  ", 1),
        (b'D', "pD ", 1),
        // The mark of the default covers the other one.
        (b'd', " D ", 1),
        (b'd', " D ", 1),
        (b'D', "   ", 1),
    ] {
        model.key(Key::Character(key), &entries);
        let looks: Vec<Look> = (0..3).map(|index| model.look(index)).collect();
        let mark = |look: &Look| match look.mark {
            Mark::Nothing => ' ',
            Mark::Preferred => 'p',
            Mark::Default => 'D',
        };
        assert_eq!(looks.iter().map(mark).collect::<String>(), marks);
        let highlighted = looks.iter().position(|look| look.selected);
        assert_eq!(highlighted, Some(selected));
    }
    assert_eq!(model.remembered, Remembered::default());
}
