//! Which entry boots when nobody chooses one.

use super::list::List;
use crate::glob;

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
    let [preferred_state, preferred_conf] = wishes.preferred;
    let [default_state, default_conf] = wishes.default;
    let patterns = [
        wishes.one_shot,
        preferred_state,
        preferred_conf,
        default_state,
        default_conf,
    ];
    for (strength, wish) in patterns.iter().enumerate() {
        let pattern = match *wish {
            Some(wish) if wish.eq_ignore_ascii_case(b"@saved") => wishes.last_booted,
            wish => wish,
        };
        let skip_bad = matches!(strength, 1 | 2);
        let found = pattern.and_then(|pattern| {
            (0..list.len()).find(|&rank| {
                list.get(rank).is_some_and(|entry| {
                    !(skip_bad && entry.facts.tries.is_bad()) && glob::selects(pattern, entry.id())
                })
            })
        });
        if found.is_some() {
            return found;
        }
    }
    (0..list.len()).find(|&rank| {
        list.get(rank)
            .is_some_and(|entry| !entry.facts.generated && entry.facts.profile == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::counter::Tries;
    use crate::entries::list::{Entry, Facts, Slot};

    const GOOD: Facts = Facts::NONE;
    const TRYING: Facts = Facts {
        tries: Tries { left: 2, done: 1 },
        ..GOOD
    };
    const BAD: Facts = Facts {
        tries: Tries { left: 0, done: 3 },
        ..GOOD
    };
    const PROFILE: Facts = Facts {
        profile: 1,
        profile_suffix: 2,
        ..GOOD
    };
    const GENERATED: Facts = Facts {
        generated: true,
        ..GOOD
    };

    fn with_list(
        entries: &[(&str, Facts)],
        then: impl FnOnce(&dyn Fn(Wishes) -> Option<&'static str>),
    ) {
        let mut slots = [const { Slot::EMPTY }; 16];
        let mut list = List::new(&mut slots);
        for (id, facts) in entries {
            list.offer(&Entry {
                texts: [Some(id.as_bytes()), None, None, None, None],
                facts,
            })
            .unwrap();
        }
        then(&|wishes| {
            let id =
                std::string::String::from_utf8(list.get(default(&list, &wishes)?)?.id().to_vec())
                    .unwrap();
            Some(std::boxed::Box::leak(id.into_boxed_str()))
        });
    }

    fn one(pattern: &str) -> Option<&[u8]> {
        Some(pattern.as_bytes())
    }

    #[test]
    fn order_of_wishes() {
        with_list(
            &[
                ("e.conf", GOOD),
                ("d.conf", GOOD),
                ("c.conf", GOOD),
                ("b.conf", GOOD),
                ("a.conf", GOOD),
            ],
            |pick| {
                let mut wishes = Wishes::default();
                assert_eq!(pick(wishes), Some("e.conf"));
                wishes.default[1] = one("d.conf");
                assert_eq!(pick(wishes), Some("d.conf"));
                wishes.default[0] = one("c*");
                assert_eq!(pick(wishes), Some("c.conf"));
                wishes.preferred[1] = one("B");
                assert_eq!(pick(wishes), Some("b.conf"));
                wishes.preferred[0] = one("A.CONF");
                assert_eq!(pick(wishes), Some("a.conf"));
                wishes.one_shot = one("?.conf");
                assert_eq!(pick(wishes), Some("e.conf"));
                wishes.one_shot = one("gone.conf");
                assert_eq!(pick(wishes), Some("a.conf"));
            },
        );
    }

    #[test]
    fn bad_entries() {
        with_list(
            &[("new.conf", BAD), ("old.conf", GOOD), ("next.conf", TRYING)],
            |pick| {
                assert_eq!(pick(Wishes::default()), Some("old.conf"));
                assert_eq!(
                    pick(Wishes {
                        preferred: [one("new*"), None],
                        ..Wishes::default()
                    }),
                    Some("old.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        preferred: [None, one("n*")],
                        ..Wishes::default()
                    }),
                    Some("next.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [one("new*"), None],
                        ..Wishes::default()
                    }),
                    Some("new.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [None, one("new*")],
                        ..Wishes::default()
                    }),
                    Some("new.conf")
                );
                assert_eq!(
                    pick(Wishes {
                        one_shot: one("new.conf"),
                        ..Wishes::default()
                    }),
                    Some("new.conf")
                );
            },
        );
        with_list(&[("b.conf", BAD), ("a.conf", BAD)], |pick| {
            assert_eq!(pick(Wishes::default()), Some("b.conf"));
            assert_eq!(
                pick(Wishes {
                    preferred: [one("a*"), None],
                    ..Wishes::default()
                }),
                Some("b.conf")
            );
        });
    }

    #[test]
    fn saved() {
        with_list(&[("b.conf", GOOD), ("a.conf", GOOD)], |pick| {
            let wishes = Wishes {
                default: [None, one("@saved")],
                ..Wishes::default()
            };
            assert_eq!(pick(wishes), Some("b.conf"));
            assert_eq!(
                pick(Wishes {
                    last_booted: one("a.conf"),
                    ..wishes
                }),
                Some("a.conf")
            );
            assert_eq!(
                pick(Wishes {
                    last_booted: one("gone.conf"),
                    ..wishes
                }),
                Some("b.conf")
            );
            let wishes = Wishes {
                preferred: [one("@Saved"), None],
                last_booted: one("a.conf"),
                ..Wishes::default()
            };
            assert_eq!(pick(wishes), Some("a.conf"));
            // Not by itself.
            assert_eq!(
                pick(Wishes {
                    last_booted: one("a.conf"),
                    ..Wishes::default()
                }),
                Some("b.conf")
            );
        });
    }

    #[test]
    fn nothing_by_itself() {
        with_list(&[], |pick| assert_eq!(pick(Wishes::default()), None));
        with_list(
            &[("x.efi@1", PROFILE), ("auto-reboot", GENERATED)],
            |pick| {
                assert_eq!(pick(Wishes::default()), None);
                assert_eq!(
                    pick(Wishes {
                        one_shot: one("auto-reboot"),
                        ..Wishes::default()
                    }),
                    Some("auto-reboot")
                );
                assert_eq!(
                    pick(Wishes {
                        default: [one("*@1"), None],
                        ..Wishes::default()
                    }),
                    Some("x.efi@1")
                );
            },
        );
        with_list(
            &[("x.efi@1", PROFILE), ("x.efi", GOOD), ("z", GENERATED)],
            |pick| {
                assert_eq!(pick(Wishes::default()), Some("x.efi"));
            },
        );
    }
}
