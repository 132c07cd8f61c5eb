//! The state machine by itself.

use super::super::tests::Fake;
use super::*;
use std::string::String;
use std::vec::Vec;

fn state(count: usize, visible: usize) -> State<'static> {
    State {
        count,
        visible,
        top: 0,
        selected: 0,
        countdown: 0,
        remembered: Remembered::NOTHING,
        status: Status::Nothing,
        stale: false,
    }
}

/// Selected entry and first one on the screen after each of `keys`.
fn after(count: usize, visible: usize, keys: &[Key]) -> Vec<(usize, usize)> {
    let mut state = state(count, visible);
    let entries = Fake::numbered(count);
    keys.iter()
        .map(|&key| {
            assert_eq!(state.key(key, &entries), Command::Nothing);
            (state.selected, state.top)
        })
        .collect()
}

#[test]
fn moving() {
    use Key as K;
    assert_eq!(
        after(3, 3, &[K::UP, K::DOWN, K::DOWN, K::DOWN]),
        [(0, 0), (1, 0), (2, 0), (2, 0)]
    );
    assert_eq!(
        after(3, 3, &[Key(b'j'), Key(b'J'), Key(b'k'), Key(b'K')]),
        [(1, 0), (2, 0), (1, 0), (0, 0)]
    );
    assert_eq!(
        after(3, 3, &[K::END, K::HOME, K::PAGE_DOWN, K::PAGE_UP]),
        [(2, 0), (0, 0), (2, 0), (0, 0)]
    );
    // Scrolling: by half of what is visible.
    assert_eq!(
        after(9, 4, &[K::DOWN; 6]),
        [(1, 0), (2, 0), (3, 0), (4, 2), (5, 2), (6, 4)]
    );
    assert_eq!(
        after(9, 4, &[K::END, K::UP, K::UP, K::UP, K::UP]),
        [(8, 5), (7, 5), (6, 5), (5, 5), (4, 2)]
    );
    assert_eq!(
        after(9, 4, &[K::PAGE_DOWN, K::PAGE_DOWN, K::PAGE_DOWN]),
        [(4, 2), (8, 5), (8, 5)]
    );
    // One line only, and none.
    assert_eq!(
        after(3, 1, &[K::DOWN, K::DOWN, K::UP]),
        [(1, 1), (2, 2), (1, 1)]
    );
    assert_eq!(
        after(0, 0, &[K::DOWN, K::UP, K::END, Key(b'1'), Key(b'l')]),
        [(0, 0); 5]
    );
}

#[test]
fn numbers_and_hotkeys() {
    let keys = |keys: &[u8]| -> Vec<usize> {
        let keys: Vec<Key> = keys.iter().map(|&key| Key(key)).collect();
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

#[test]
fn commands() {
    for (key, command) in [
        (Key::ENTER, Command::Boot),
        (Key::RIGHT, Command::Boot),
        (Key(b'e'), Command::Edit),
        (Key(b'E'), Command::Edit),
        (Key(b'p'), Command::Details),
        (Key(b'P'), Command::Details),
        (Key(b'h'), Command::Help),
        (Key(b'H'), Command::Help),
        (Key(b'?'), Command::Help),
        (Key::F1, Command::Help),
        (Key(b'L'), Command::Redraw),
        (Key(0x0c), Command::Redraw),
        (Key(b'O'), Command::PowerOff),
        (Key(b'B'), Command::Reboot),
        (Key(b'Q'), Command::Quit),
        (Key::OTHER, Command::Nothing),
        (Key::ESCAPE, Command::Nothing),
        (Key::LEFT, Command::Nothing),
        (Key(b'o'), Command::Nothing),
        (Key(b'q'), Command::Nothing),
    ] {
        let mut state = state(3, 3);
        state.countdown = 5;
        assert_eq!(state.key(key, &Fake::numbered(3)), command, "{key:?}");
        assert_eq!((state.countdown, state.selected), (0, 0));
    }
    // No key is there twice.
    for (index, (key, _)) in COMMANDS.iter().enumerate() {
        assert!(
            !COMMANDS[..index].iter().any(|(other, _)| other == key),
            "{key:?}"
        );
    }
}

#[test]
fn countdown() {
    let mut state = state(2, 2);
    state.countdown = 3;
    assert_eq!(
        [state.tick(), state.tick(), state.tick()],
        [false, false, true]
    );
    state.countdown = u32::MAX;
    assert!(!state.tick());
    state.key(Key::OTHER, &Fake::numbered(2));
    assert_eq!(
        (state.countdown, state.status, state.stale),
        (0, Status::Nothing, true)
    );
    // Nothing to be wiped out: nothing to be drawn.
    state.stale = false;
    state.key(Key::OTHER, &Fake::numbered(2));
    assert!(!state.stale);
}

#[test]
fn timeouts() {
    let order = [
        None,
        Some(named::FORCED),
        Some(named::HIDDEN),
        Some(1),
        Some(2),
    ];
    let entries = Fake::numbered(2);
    let set = |from: Option<u32>, key| {
        let mut state = state(2, 2);
        state.remembered.timeout = from;
        state.key(Key(key), &entries);
        state.remembered.timeout
    };
    for pair in order.windows(2) {
        for (up, down) in [(b't', b'T'), (b'+', b'-')] {
            assert_eq!(set(pair[0], up), pair[1]);
            assert_eq!(set(pair[1], down), pair[0]);
        }
    }
    assert_eq!(set(None, b'T'), None);
    assert_eq!(set(Some(named::DISABLED), b't'), Some(named::FORCED));
    assert_eq!(set(Some(named::DISABLED), b'T'), None);
    // As far as it goes.
    let last = Some(named::DISABLED - 1);
    assert_eq!(set(last, b't'), last);
}

#[test]
fn remembered() {
    let mut state = state(3, 3);
    let entries = Fake::numbered(3);
    let looks = |state: &State| -> String {
        (0..3)
            .map(|index| char::from(b'0' + state.look(index)))
            .collect()
    };
    for (key, expected) in [
        (b'd', "300"),
        (b'2', "210"),
        (b'D', "250"),
        (b'd', "070"),
        (b'd', "050"),
        (b'D', "010"),
    ] {
        state.key(Key(key), &entries);
        assert_eq!(looks(&state), expected);
    }
}
