//! Which entry boots when nobody chooses one.

use super::entry::Entry;
use super::list::List;
use crate::entries::glob;

/// The settings that name the default entry, strongest first. Each is a pattern
/// for [`glob::selects`]; `@saved` stands for `last_booted`.
#[derive(Clone, Copy, Default)]
pub struct Defaults<'a> {
    /// For this boot only, from the state file.
    pub one_shot: Option<&'a [u8]>,
    /// `preferred` of the state file, then of `loader.conf`: never a bad entry.
    pub preferred: [Option<&'a [u8]>; 2],
    /// `default` of the state file, then of `loader.conf`: bad ones too.
    pub default: [Option<&'a [u8]>; 2],
    /// Id of the entry that was booted last.
    pub last_booted: Option<&'a [u8]>,
}

/// One way to select the entry that boots.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    /// The ids that it selects, for [`glob::selects`].
    pattern: &'a [u8],
    condition: fn(&Entry) -> bool,
}

impl Step<'_> {
    /// True if the step selects this entry.
    pub fn selects(&self, entry: &Entry) -> bool {
        (self.condition)(entry) && glob::selects(self.pattern, entry.id())
    }
}

/// The rank of the entry to boot: the first that a setting selects, else the
/// first entry of all. Later profiles of a UKI and entries that the loader added by
/// itself boot only if a setting names them.
///
/// A list may be too short for all entries. So where a step selects no entry of the
/// list, `left_out` looks for one among the others, and puts it into the list.
///
/// None if no entry may boot by itself. Then the menu waits on its first entry, for ten
/// seconds if no timeout is set.
pub fn default(
    list: &mut List,
    defaults: &Defaults,
    left_out: &mut dyn FnMut(&mut List, Step) -> Option<usize>,
) -> Option<usize> {
    type Condition = fn(&Entry) -> bool;
    let any: Condition = |_| true;
    let not_bad: Condition = |entry| !entry.tries.is_bad();
    let boots_by_itself: Condition = |entry| !entry.generated && entry.profile == 0;
    let [preferred, preferred_conf] = defaults.preferred;
    let [default, default_conf] = defaults.default;
    let steps = [
        (defaults.one_shot, any),
        (preferred, not_bad),
        (preferred_conf, not_bad),
        (default, any),
        (default_conf, any),
        (Some(b"*"), boots_by_itself),
    ];
    steps.iter().find_map(|&(pattern, condition)| {
        let pattern = match pattern {
            Some(saved) if saved.eq_ignore_ascii_case(b"@saved") => defaults.last_booted,
            pattern => pattern,
        };
        let pattern = pattern.filter(|pattern| !pattern.is_empty())?;
        let step = Step { pattern, condition };
        (0..list.len())
            .find(|&rank| list.get(rank).is_some_and(|entry| step.selects(entry)))
            .or_else(|| left_out(list, step))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::counter::Tries;
    use crate::entries::entry::Entry;
    use std::string::String;

    /// The differences between the entries of a test.
    #[derive(Clone, Copy)]
    enum Is {
        Good,
        Trying,
        Bad,
        Profile,
        Generated,
    }
    use Is::{Bad, Generated, Good, Profile, Trying};

    /// Hands `then` a function that takes settings and gives the id of the entry that
    /// they select.
    fn with_list(entries: &[(&str, Is)], then: impl FnOnce(&dyn Fn(Defaults) -> Option<String>)) {
        let mut room = [Entry::EMPTY; 8];
        let mut list = List::new(&mut room);
        for (id, is) in entries {
            let mut entry = Entry::EMPTY;
            entry.clear();
            entry.set_id(&[id.as_bytes()]).unwrap();
            match is {
                Good => {}
                Trying => entry.tries = Tries { left: 2, done: 1 },
                Bad => entry.tries = Tries { left: 0, done: 3 },
                Profile => (entry.profile, entry.profile_suffix) = (1, 2),
                Generated => entry.generated = true,
            }
            list.offer(&entry);
        }
        let list = core::cell::RefCell::new(list);
        then(&|defaults| {
            let mut list = list.borrow_mut();
            let rank = default(&mut list, &defaults, &mut |_, _| None)?;
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
    fn order_of_settings() {
        with_list(
            &[
                ("e.conf", Good),
                ("d.conf", Good),
                ("c.conf", Good),
                ("b.conf", Good),
                ("a.conf", Good),
            ],
            |pick| {
                let mut defaults = Defaults::default();
                assert_eq!(pick(defaults), id("e.conf"));
                defaults.default[1] = one("d.conf");
                assert_eq!(pick(defaults), id("d.conf"));
                defaults.default[0] = one("c*");
                assert_eq!(pick(defaults), id("c.conf"));
                defaults.preferred[1] = one("B");
                assert_eq!(pick(defaults), id("b.conf"));
                defaults.preferred[0] = one("A.CONF");
                assert_eq!(pick(defaults), id("a.conf"));
                defaults.one_shot = one("?.conf");
                assert_eq!(pick(defaults), id("e.conf"));
                defaults.one_shot = one("gone.conf");
                assert_eq!(pick(defaults), id("a.conf"));
            },
        );
    }

    #[test]
    fn bad_entries() {
        with_list(
            &[("new.conf", Bad), ("old.conf", Good), ("next.conf", Trying)],
            |pick| {
                assert_eq!(pick(Defaults::default()), id("old.conf"));
                assert_eq!(
                    pick(Defaults {
                        preferred: [one("new*"), None],
                        ..Defaults::default()
                    }),
                    id("old.conf")
                );
                assert_eq!(
                    pick(Defaults {
                        preferred: [None, one("n*")],
                        ..Defaults::default()
                    }),
                    id("next.conf")
                );
                assert_eq!(
                    pick(Defaults {
                        default: [one("new*"), None],
                        ..Defaults::default()
                    }),
                    id("new.conf")
                );
                assert_eq!(
                    pick(Defaults {
                        default: [None, one("new*")],
                        ..Defaults::default()
                    }),
                    id("new.conf")
                );
                assert_eq!(
                    pick(Defaults {
                        one_shot: one("new.conf"),
                        ..Defaults::default()
                    }),
                    id("new.conf")
                );
            },
        );
        with_list(&[("b.conf", Bad), ("a.conf", Bad)], |pick| {
            assert_eq!(pick(Defaults::default()), id("b.conf"));
            assert_eq!(
                pick(Defaults {
                    preferred: [one("a*"), None],
                    ..Defaults::default()
                }),
                id("b.conf")
            );
        });
    }

    /// Not even of an entry whose id is nothing but a suffix.
    #[test]
    fn empty_patterns() {
        with_list(&[("b.conf", Good), (".conf", Good)], |pick| {
            let empty = one("");
            let defaults = Defaults {
                one_shot: empty,
                preferred: [empty; 2],
                default: [empty; 2],
                last_booted: empty,
            };
            assert_eq!(pick(defaults), id("b.conf"));
        });
    }

    #[test]
    fn saved() {
        with_list(&[("b.conf", Good), ("a.conf", Good)], |pick| {
            let defaults = Defaults {
                default: [None, one("@saved")],
                ..Defaults::default()
            };
            assert_eq!(pick(defaults), id("b.conf"));
            assert_eq!(
                pick(Defaults {
                    last_booted: one("a.conf"),
                    ..defaults
                }),
                id("a.conf")
            );
            assert_eq!(
                pick(Defaults {
                    last_booted: one("gone.conf"),
                    ..defaults
                }),
                id("b.conf")
            );
            let defaults = Defaults {
                preferred: [one("@Saved"), None],
                last_booted: one("a.conf"),
                ..Defaults::default()
            };
            assert_eq!(pick(defaults), id("a.conf"));
            // Not by itself.
            assert_eq!(
                pick(Defaults {
                    last_booted: one("a.conf"),
                    ..Defaults::default()
                }),
                id("b.conf")
            );
        });
    }

    #[test]
    fn nothing_by_itself() {
        with_list(&[], |pick| assert_eq!(pick(Defaults::default()), None));
        with_list(
            &[("x.efi@1", Profile), ("auto-reboot", Generated)],
            |pick| {
                assert_eq!(pick(Defaults::default()), None);
                assert_eq!(
                    pick(Defaults {
                        one_shot: one("auto-reboot"),
                        ..Defaults::default()
                    }),
                    id("auto-reboot")
                );
                assert_eq!(
                    pick(Defaults {
                        default: [one("*@1"), None],
                        ..Defaults::default()
                    }),
                    id("x.efi@1")
                );
            },
        );
        with_list(
            &[("x.efi@1", Profile), ("x.efi", Good), ("z", Generated)],
            |pick| {
                assert_eq!(pick(Defaults::default()), id("x.efi"));
            },
        );
    }
}
