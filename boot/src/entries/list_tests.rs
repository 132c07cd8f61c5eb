use super::*;
use std::string::{String, ToString};
use std::vec::Vec;

/// An entry of a test.
#[derive(Clone, Debug)]
struct Case {
    id: String,
    sort_key: Option<String>,
    machine_id: Option<String>,
    version: Option<String>,
    title: Option<String>,
    facts: Facts,
}

fn case(id: &str) -> Case {
    Case {
        id: id.to_string(),
        sort_key: None,
        machine_id: None,
        version: None,
        title: None,
        facts: Facts::NONE,
    }
}

impl PartialEq for Case {
    fn eq(&self, other: &Case) -> bool {
        let facts = |case: &Case| {
            let Facts {
                tries,
                profile,
                profile_suffix,
                generated,
                tag,
                ..
            } = case.facts;
            (tries, profile, profile_suffix, generated, tag)
        };
        self.entry().texts == other.entry().texts && facts(self) == facts(other)
    }
}

impl Case {
    fn entry(&self) -> Entry<'_> {
        fn bytes(text: &Option<String>) -> Option<&[u8]> {
            text.as_ref().map(String::as_bytes)
        }
        let texts = [
            Some(self.id.as_bytes()),
            bytes(&self.version),
            bytes(&self.sort_key),
            bytes(&self.machine_id),
            bytes(&self.title),
        ];
        Entry {
            texts,
            facts: &self.facts,
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

    fn tries(mut self, left: i32, done: i32) -> Case {
        self.facts.tries = Tries { left, done };
        self
    }
}

fn order(a: &Case, b: &Case) -> Ordering {
    sort::compare(&a.entry(), &b.entry())
}

/// What a list of `room` slots holds after `cases` were offered.
fn listed(cases: &[Case], room: usize) -> (Vec<Case>, u32) {
    let mut slots: Vec<Slot> = (0..room).map(|_| Slot::EMPTY).collect();
    let mut list = List::new(&mut slots);
    for case in cases {
        list.offer(&case.entry()).unwrap();
    }
    let string = |text: Option<&[u8]>| text.map(|text| String::from_utf8(text.to_vec()).unwrap());
    let held = (0..list.len())
        .map(|rank| {
            let entry = list.get(rank).unwrap();
            Case {
                id: string(Some(entry.id())).unwrap(),
                sort_key: string(entry.text(Field::SortKey)),
                machine_id: string(entry.text(Field::MachineId)),
                version: string(entry.text(Field::Version)),
                title: string(entry.text(Field::Title)),
                facts: *entry.facts,
            }
        })
        .collect();
    assert!(list.get(list.len()).is_none());
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
    profile.facts.profile = 1;
    let mut generated = case("zzz.conf");
    generated.facts.generated = true;
    let profile_of_file = |id: &str, profile, profile_suffix| {
        let mut case = case(id);
        case.facts.profile = profile;
        case.facts.profile_suffix = profile_suffix;
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
        .map(|index| Case {
            id: pick(&[
                Some("a.conf"),
                Some("a-1.conf"),
                Some("b.conf"),
                Some("a.efi"),
            ])
            .unwrap(),
            sort_key: pick(&[None, None, Some(""), Some("k"), Some("l")]),
            machine_id: pick(&[None, Some(""), Some("m")]),
            version: pick(&[None, Some("1"), Some("2"), Some("2~rc")]),
            title: Some(index.to_string()),
            facts: Facts::NONE,
        })
        .collect();
    let mut random = self::random();
    for (index, case) in cases.iter_mut().enumerate() {
        case.facts.tries.left = random(4) as i32 - 1;
        case.facts.tries.done = random(3) as i32 - 1;
        case.facts.profile = random(2) as u32;
        case.facts.generated = random(12) == 0;
        case.facts.tag = index as u8;
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
        if case.facts.tries.left < 0 {
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
            if case.facts.tries.left < 0 {
                case.facts.tries.left = 9;
            }
        }
        let mut sorted = cases.clone();
        sorted.sort_by(order);
        for room in [0, 1, 5, CAPACITY, 300] {
            let (held, dropped) = listed(&cases, room);
            assert_eq!(held, sorted[..room.min(count)], "{count} {room}");
            assert_eq!(dropped as usize, count.saturating_sub(room));
        }
    }
}

#[test]
fn whole_or_refused() {
    assert_eq!(size_of::<Slot>(), 512);
    assert_eq!(size_of::<Slot>() * CAPACITY, 65536);
    let mut long = case(&std::format!("{}.conf", "x".repeat(250)));
    long = long.new_style(
        &"k".repeat(100),
        &"m".repeat(32),
        &"v".repeat(Slot::TEXT - 255 - 132),
    );
    long.title = Some("title".into());
    // Nothing is left for the title, which is then empty.
    let (held, _) = listed(std::slice::from_ref(&long), 1);
    assert_eq!(
        held,
        [Case {
            title: Some(String::new()),
            ..long.clone()
        }]
    );
    let too_long = Case {
        sort_key: Some("k".repeat(101)),
        ..long.clone()
    };
    let mut slots = [Slot::EMPTY];
    let mut list = List::new(&mut slots);
    assert_eq!(
        list.offer(&too_long.entry()).unwrap_err().kind,
        Kind::EntryTooLong
    );
    assert!(list.is_empty());
    // A refused entry does not disturb a full list.
    list.offer(&long.entry()).unwrap();
    assert!(list.offer(&too_long.entry()).is_err());
    assert_eq!((list.len(), list.dropped()), (1, 0));
    assert_eq!(list.get(0).unwrap().id(), long.id.as_bytes());
}

#[test]
fn titles_are_cut_between_characters() {
    assert_eq!(cut("aä日".as_bytes(), 6), "aä日".as_bytes());
    assert_eq!(cut("aä日".as_bytes(), 5), "aä".as_bytes());
    assert_eq!(cut("aä日".as_bytes(), 2), b"a");
    assert_eq!(cut("ä".as_bytes(), 1), b"");
    assert_eq!(cut(b"\x80\x80\x80", 2), b"");
    assert_eq!(cut(b"abc", 0), b"");
}
