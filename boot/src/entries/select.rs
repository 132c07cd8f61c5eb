//! Which entry boots when nobody chooses one.

use super::list::List;
use crate::entries::glob;

/// What was asked for, strongest first. Each is a pattern as
/// [`glob::selects`] reads it; `@saved` stands for `last_booted`.
#[derive(Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// For this boot only, from the state file.
    pub one_shot: Option<&'a [u8]>,
    /// `preferred` of the state file, then of `loader.conf`: never a bad entry.
    pub preferred: [Option<&'a [u8]>; 2],
    /// `default` of the state file, then of `loader.conf`: bad ones too.
    pub default: [Option<&'a [u8]>; 2],
    /// Id of the entry that was booted last.
    pub last_booted: Option<&'a [u8]>,
}

/// The rank of the entry to boot: the first that a wish selects, else the
/// first entry of all. Profiles of a UKI beyond its first, and what the loader
/// added to the menu by itself, boot only where they are wished for.
///
/// None: there is nothing to boot by itself. Then the menu waits on its first
/// entry, for ten seconds where no timeout is set.
pub fn default(list: &List, wishes: &Wishes) -> Option<usize> {
    let [preferred, preferred_conf] = wishes.preferred;
    let [default, default_conf] = wishes.default;
    let patterns = [
        wishes.one_shot,
        preferred,
        preferred_conf,
        default,
        default_conf,
        Some(b"*"),
    ];
    for (strength, wish) in patterns.iter().enumerate() {
        let mut pattern = wish.unwrap_or_default();
        if pattern.eq_ignore_ascii_case(b"@saved") {
            pattern = wishes.last_booted.unwrap_or_default();
        }
        let mut rank = 0;
        while let Some(entry) = list.get(rank) {
            let excluded = match strength {
                1 | 2 => entry.tries.is_bad(),
                5 => entry.generated || entry.profile != 0,
                _ => false,
            };
            if !excluded && !pattern.is_empty() && glob::selects(pattern, entry.id()) {
                return Some(rank);
            }
            rank = rank.saturating_add(1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::counter::Tries;
    use crate::entries::entry::Entry;
    use std::string::String;

    /// What differs between the entries of a test.
    #[derive(Clone, Copy)]
    enum State {
        Good,
        Trying,
        Bad,
        Profile,
        Generated,
    }
    use State::{Bad, Generated, Good, Profile, Trying};

    /// Gives a function that makes wishes and says the id of what they select.
    fn with_list(entries: &[(&str, State)], then: impl FnOnce(&dyn Fn(Wishes) -> Option<String>)) {
        let mut room = [Entry::EMPTY; 8];
        let mut list = List::new(&mut room);
        for (id, state) in entries {
            let mut entry = Entry::EMPTY;
            entry.clear();
            entry.set_id(&[id.as_bytes()]).unwrap();
            match state {
                Good => {}
                Trying => entry.tries = Tries { left: 2, done: 1 },
                Bad => entry.tries = Tries { left: 0, done: 3 },
                Profile => (entry.profile, entry.profile_suffix) = (1, 2),
                Generated => entry.generated = true,
            }
            list.offer(&entry);
        }
        then(&|wishes| {
            let rank = default(&list, &wishes)?;
            Some(String::from_utf8(list.get(rank)?.id().to_vec()).unwrap())
        });
    }

    fn id(id: &str) -> Option<String> {
        Some(id.into())
    }

    fn one(pattern: &str) -> Option<&[u8]> {
        Some(pattern.as_bytes())
    }

    #[test]
    fn order_of_wishes() {
        with_list(
            &[
                ("e.conf", Good),
                ("d.conf", Good),
                ("c.conf", Good),
                ("b.conf", Good),
                ("a.conf", Good),
            ],
            |pick| {
                let mut wishes = Wishes::default();
                assert_eq!(pick(wishes), id("e.conf"));
                wishes.default[1] = one("d.conf");
                assert_eq!(pick(wishes), id("d.conf"));
                wishes.default[0] = one("c*");
                assert_eq!(pick(wishes), id("c.conf"));
                wishes.preferred[1] = one("B");
                assert_eq!(pick(wishes), id("b.conf"));
                wishes.preferred[0] = one("A.CONF");
                assert_eq!(pick(wishes), id("a.conf"));
                wishes.one_shot = one("?.conf");
                assert_eq!(pick(wishes), id("e.conf"));
                wishes.one_shot = one("gone.conf");
                assert_eq!(pick(wishes), id("a.conf"));
            },
        );
    }

    #[test]
    fn bad_entries() {
        with_list(
            &[("new.conf", Bad), ("old.conf", Good), ("next.conf", Trying)],
            |pick| {
                assert_eq!(pick(Wishes::default()), id("old.conf"));
                assert_eq!(
                    pick(Wishes {
                        preferred: [one("new*"), None],
                        ..Wishes::default()
                    }),
                    id("old.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        preferred: [None, one("n*")],
                        ..Wishes::default()
                    }),
                    id("next.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [one("new*"), None],
                        ..Wishes::default()
                    }),
                    id("new.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [None, one("new*")],
                        ..Wishes::default()
                    }),
                    id("new.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        one_shot: one("new.conf"),
                        ..Wishes::default()
                    }),
                    id("new.conf")
                );
            },
        );
        with_list(&[("b.conf", Bad), ("a.conf", Bad)], |pick| {
            assert_eq!(pick(Wishes::default()), id("b.conf"));
            assert_eq!(
                pick(Wishes {
                    preferred: [one("a*"), None],
                    ..Wishes::default()
                }),
                id("b.conf")
            );
        });
    }

    /// Not even of an entry whose id is nothing but a suffix.
    #[test]
    fn empty_wishes() {
        with_list(&[("b.conf", Good), (".conf", Good)], |pick| {
            let empty = one("");
            let wishes = Wishes {
                one_shot: empty,
                preferred: [empty; 2],
                default: [empty; 2],
                last_booted: empty,
            };
            assert_eq!(pick(wishes), id("b.conf"));
        });
    }

    #[test]
    fn saved() {
        with_list(&[("b.conf", Good), ("a.conf", Good)], |pick| {
            let wishes = Wishes {
                default: [None, one("@saved")],
                ..Wishes::default()
            };
            assert_eq!(pick(wishes), id("b.conf"));
            assert_eq!(
                pick(Wishes {
                    last_booted: one("a.conf"),
                    ..wishes
                }),
                id("a.conf")
            );
            assert_eq!(
                pick(Wishes {
                    last_booted: one("gone.conf"),
                    ..wishes
                }),
                id("b.conf")
            );
            let wishes = Wishes {
                preferred: [one("@Saved"), None],
                last_booted: one("a.conf"),
                ..Wishes::default()
            };
            assert_eq!(pick(wishes), id("a.conf"));
            // Not by itself.
            assert_eq!(
                pick(Wishes {
                    last_booted: one("a.conf"),
                    ..Wishes::default()
                }),
                id("b.conf")
            );
        });
    }

    #[test]
    fn nothing_by_itself() {
        with_list(&[], |pick| assert_eq!(pick(Wishes::default()), None));
        with_list(
            &[("x.efi@1", Profile), ("auto-reboot", Generated)],
            |pick| {
                assert_eq!(pick(Wishes::default()), None);
                assert_eq!(
                    pick(Wishes {
                        one_shot: one("auto-reboot"),
                        ..Wishes::default()
                    }),
                    id("auto-reboot")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [one("*@1"), None],
                        ..Wishes::default()
                    }),
                    id("x.efi@1")
                );
            },
        );
        with_list(
            &[("x.efi@1", Profile), ("x.efi", Good), ("z", Generated)],
            |pick| {
                assert_eq!(pick(Wishes::default()), id("x.efi"));
            },
        );
    }
}
