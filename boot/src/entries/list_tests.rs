use super::*;
use crate::entries::counter::Tries;
use crate::entries::entry::Field;
use std::cmp::Ordering;
use std::string::{String, ToString};
use std::vec::Vec;

/// An entry of a test.
#[derive(Clone, Debug, PartialEq)]
struct Case {
    id: String,
    sort_key: Option<String>,
    machine_id: Option<String>,
    version: Option<String>,
    tries: Tries,
    profile: u32,
    profile_suffix: u8,
    generated: bool,
    tag: u8,
}

fn case(id: &str) -> Case {
    Case {
        id: id.to_string(),
        sort_key: None,
        machine_id: None,
        version: None,
        tries: Tries::NONE,
        profile: 0,
        profile_suffix: 0,
        generated: false,
        tag: 0,
    }
}

impl Case {
    fn entry(&self) -> Entry {
        let mut entry = Entry::EMPTY;
        let texts = [
            (Field::Id, Some(&self.id)),
            (Field::Version, self.version.as_ref()),
            (Field::SortKey, self.sort_key.as_ref()),
            (Field::MachineId, self.machine_id.as_ref()),
        ];
        for (field, text) in texts {
            if let Some(text) = text {
                entry.set(field, &[text.as_bytes()]).unwrap();
            }
        }
        entry.tries = self.tries;
        entry.profile = self.profile;
        entry.profile_suffix = self.profile_suffix;
        entry.generated = self.generated;
        entry.tag = self.tag;
        entry
    }

    fn from(entry: &Entry) -> Case {
        let string = |field| Some(String::from_utf8(entry.text(field)?.to_vec()).unwrap());
        Case {
            id: string(Field::Id).unwrap(),
            sort_key: string(Field::SortKey),
            machine_id: string(Field::MachineId),
            version: string(Field::Version),
            tries: entry.tries,
            profile: entry.profile,
            profile_suffix: entry.profile_suffix,
            generated: entry.generated,
            tag: entry.tag,
        }
    }

    fn new_style(self, sort_key: &str, machine_id: &str, version: &str) -> Case {
        Case {
            sort_key: Some(sort_key.to_string()),
            machine_id: Some(machine_id.to_string()),
            version: Some(version.to_string()),
            ..self
        }
    }

    fn tries(self, left: i32, done: i32) -> Case {
        Case {
            tries: Tries { left, done },
            ..self
        }
    }
}

fn order(a: &Case, b: &Case) -> Ordering {
    sort::compare(&a.entry(), &b.entry())
}

/// The entries that a list with this room holds after `cases` were offered.
fn listed(cases: &[Case], room: usize) -> (Vec<Case>, u32) {
    let mut room = std::vec![Entry::EMPTY; room];
    let mut list = List::new(&mut room);
    for case in cases {
        list.offer(&case.entry());
    }
    let held = (0..list.len())
        .map(|rank| Case::from(list.get(rank).unwrap()))
        .collect();
    assert!(list.get(list.len()).is_none());
    assert_eq!(list.is_empty(), list.get(0).is_none());
    (held, list.dropped())
}

/// The first name stands above the second.
#[test]
fn names_with_their_suffix() {
    for (first, second) in [
        ("arch.conf", "arch-fallback.conf"),
        ("linux.conf", "linux-lts.conf"),
        ("6.9.conf", "6.9-rc1.conf"),
        ("a.conf", "a-1.conf"),
        ("6.1.2.conf", "6.1.conf"),
        ("6.1.0-10.conf", "6.1.0-9.conf"),
        ("6.9.conf", "6.9~rc1.conf"),
        ("b.conf", "a.conf"),
    ] {
        assert_eq!(
            order(&case(first), &case(second)),
            Ordering::Less,
            "{first} {second}"
        );
        assert_eq!(
            order(&case(second), &case(first)),
            Ordering::Greater,
            "{first} {second}"
        );
    }
}

/// Each criterion decides against all that come after it.
#[test]
fn criteria() {
    let key =
        |key: &str, machine: &str, version: &str| case("a.conf").new_style(key, machine, version);
    let without_machine = Case {
        machine_id: None,
        ..key("a", "", "1")
    };
    let without_version = Case {
        version: None,
        ..key("a", "m", "")
    };
    let mut profile = key("a", "m", "1");
    profile.profile = 1;
    let mut generated = case("zzz.conf");
    generated.generated = true;
    let profile_of_file = |id: &str, profile, profile_suffix| {
        let mut case = case(id);
        case.profile = profile;
        case.profile_suffix = profile_suffix;
        case
    };
    for (first, second) in [
        (key("b", "", "1").tries(1, 9), key("a", "", "2").tries(0, 3)),
        (case("a.conf"), key("a", "", "2").tries(0, -1)),
        (key("z", "m", "1"), case("z.conf")),
        (key("a", "m", "1"), key("b", "a", "2")),
        (key("", "m", "1"), key("a", "m", "1")),
        (key("a", "l", "1"), key("a", "m", "2")),
        (without_machine.clone(), key("a", "", "2")),
        (key("a", "m", "10"), key("a", "m", "9")),
        (key("a", "m", "0"), without_version.clone()),
        (key("a", "m", "1"), profile),
        (
            Case {
                id: "b.conf".into(),
                ..key("a", "m", "1")
            },
            key("a", "m", "1"),
        ),
        (case("a.conf").tries(3, 1), case("a.conf").tries(2, 0)),
        (case("a.conf").tries(3, 0), case("a.conf").tries(3, 1)),
        (case("a.conf").tries(3, -1), case("a.conf").tries(3, 0)),
        (case("a.conf").tries(0, 3), generated.clone()),
        (
            profile_of_file("x.efi@zz", 1, 3),
            profile_of_file("x.efi@a", 2, 2),
        ),
        (case("x.efi"), profile_of_file("x.efi@zz", 1, 3)),
    ] {
        assert_eq!(
            order(&first, &second),
            Ordering::Less,
            "{first:?} {second:?}"
        );
        assert_eq!(
            order(&second, &first),
            Ordering::Greater,
            "{first:?} {second:?}"
        );
    }
    // An unset version is an empty one, and the counter decides nothing where
    // only one entry has it.
    assert_eq!(order(&without_version, &key("a", "m", "")), Ordering::Equal);
    assert_eq!(
        order(&case("a.conf"), &case("a.conf").tries(3, 0)),
        Ordering::Equal
    );
    // Generated entries stay in the order of adding.
    assert_eq!(
        order(
            &generated,
            &Case {
                id: "a".into(),
                ..generated.clone()
            }
        ),
        Ordering::Equal
    );
}

/// Numbers from a fixed seed.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    move |below| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    }
}

/// Entries with few distinct values, so that many criteria are reached.
fn random_cases(count: usize) -> Vec<Case> {
    let mut random = random();
    let mut pick = |values: &[Option<&str>]| values[random(values.len())].map(str::to_string);
    let mut cases: Vec<Case> = (0..count)
        .map(|_| Case {
            sort_key: pick(&[None, None, Some(""), Some("k"), Some("l")]),
            machine_id: pick(&[None, Some(""), Some("m")]),
            version: pick(&[None, Some("1"), Some("2"), Some("2~rc")]),
            ..case(
                &pick(&[
                    Some("a.conf"),
                    Some("a-1.conf"),
                    Some("b.conf"),
                    Some("a.efi"),
                ])
                .unwrap(),
            )
        })
        .collect();
    let mut random = self::random();
    for (index, case) in cases.iter_mut().enumerate() {
        case.tries.left = random(4) as i32 - 1;
        case.tries.done = random(3) as i32 - 1;
        case.profile = random(2) as u32;
        case.generated = random(12) == 0;
        case.tag = index as u8;
    }
    cases
}

/// Opposite when turned round, and transitive as long as both entries or
/// neither are counted (or the mixture is not otherwise equal).
#[test]
fn a_total_order() {
    let mut cases = random_cases(100);
    // The counter criterion is left out where only one side is counted, as in
    // systemd-boot; such pairs must not be otherwise equal.
    for (index, case) in cases.iter_mut().enumerate() {
        if case.tries.left < 0 {
            case.id = std::format!("{index}.conf");
        }
    }
    for a in &cases {
        assert_eq!(order(a, a), Ordering::Equal);
        for b in &cases {
            assert_eq!(order(a, b), order(b, a).reverse(), "{a:?} {b:?}");
            for c in &cases {
                if order(a, b) != Ordering::Greater && order(b, c) != Ordering::Greater {
                    let equal = order(a, b) == Ordering::Equal && order(b, c) == Ordering::Equal;
                    let expected = if equal {
                        Ordering::Equal
                    } else {
                        Ordering::Less
                    };
                    assert_eq!(order(a, c), expected, "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}

/// The list holds the start of what a stable sort gives.
#[test]
fn like_a_stable_sort() {
    for count in [0, 1, 2, 7, 64, 300] {
        let mut cases = random_cases(count);
        for case in &mut cases {
            if case.tries.left < 0 {
                case.tries.left = 9;
            }
        }
        for _ in 0..2 {
            let mut sorted = cases.clone();
            sorted.sort_by(order);
            for room in [0, 1, 5, CAPACITY] {
                let (held, dropped) = listed(&cases, room);
                assert_eq!(held, sorted[..room.min(count)], "{count} {room}");
                assert_eq!(dropped as usize, count.saturating_sub(room));
            }
            cases.reverse();
        }
    }
}

/// More room than a list has use for.
#[test]
fn at_most_its_capacity() {
    let cases = random_cases(300);
    assert_eq!(listed(&cases, 300), listed(&cases, CAPACITY));
    assert_eq!(listed(&cases, 300).0.len(), CAPACITY);
}
