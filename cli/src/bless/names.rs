//! The names that the file of a counted entry may have after its boot.

use boot::entries::counter;

use crate::error::Error;

/// A counted entry's file: its directory, and the names for each verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Its directory, from the root of the file system, with slashes before
    /// and no slash at its end.
    pub directory: String,
    /// As the loader left it.
    pub booted: String,
    /// Without a counter.
    pub good: String,
    /// With no attempts left. Numbers keep their widths, as in the loader's own
    /// renames.
    pub bad: String,
    /// There were no attempts left when the loader had counted this one.
    pub exhausted: bool,
}

impl Names {
    /// Takes the path apart that the loader left.
    pub(super) fn parse(path: &str) -> Result<Self, Error> {
        let names = Self::of(path);
        names.ok_or_else(|| Error::failed(format!("the loader left {path:?}, which is not the path of a counted entry: update the loader \
                 (`gapboot install`)")))
    }

    fn of(path: &str) -> Option<Self> {
        let (directory, file) = path.rsplit_once('/')?;
        let mut parts = directory.strip_prefix('/')?.split('/');
        if parts.any(|part| ["", ".", ".."].contains(&part)) {
            return None;
        }
        let suffix = file.get(file.rfind('.')?..)?;
        let counter = counter::EntryName::parse(file.as_bytes(), suffix.as_bytes())?;
        if !counter.tries.is_counted() {
            return None;
        }
        let base = file.get(..counter.base().len())?;
        let zeros = "0".repeat(counter.left_digits);
        let rest = file.get(counter.left_end()..)?;
        Some(Self {
            directory: directory.to_owned(),
            booted: file.to_owned(),
            good: format!("{base}{suffix}"),
            bad: format!("{base}+{zeros}{rest}"),
            exhausted: counter.tries.is_bad(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        for (booted, good, bad) in [
            ("foo+2-1.conf", "foo.conf", "foo+0-1.conf"),
            ("foo+2.conf", "foo.conf", "foo+0.conf"),
            ("foo+0-3.conf", "foo.conf", "foo+0-3.conf"),
            ("foo+09-01.efi", "foo.efi", "foo+00-01.efi"),
            ("c++11+1-1.CONF", "c++11.CONF", "c++11+0-1.CONF"),
            ("a b+3-0.conf", "a b.conf", "a b+0-0.conf"),
            ("+2-1.conf", ".conf", "+0-1.conf"),
        ] {
            let names = Names::parse(&format!("/loader/entries/{booted}")).unwrap();
            assert_eq!(names.directory, "/loader/entries");
            assert_eq!((&*names.good, &*names.bad), (good, bad));
            assert_eq!(names.exhausted, booted == bad);
        }
    }

    #[test]
    fn what_is_no_path_of_a_counted_entry() {
        for path in [
            "",
            "/",
            "foo+2-1.conf",
            "/foo+2-1.conf",
            "loader/entries/foo+2-1.conf",
            "/loader/../foo+2-1.conf",
            "/loader//foo+2-1.conf",
            "/loader/entries/foo.conf",
            "/loader/entries/foo+2-.conf",
            "/loader/entries/foo+2-1",
            "/loader/entries/",
            "\\loader\\entries\\foo+2-1.conf",
        ] {
            assert!(Names::parse(path).is_err(), "{path}");
        }
    }
}
