//! The command line: the loader's own words replace the file's.
//!
//! As in systemd-stub an argument string replaces `.cmdline`, and `@N` at its
//! start selects profile N and is removed. But loaders of legacy machines
//! always pass something: the words that they add on their own do not count.

use layout::command_line::is_space;

/// A request to the stub: the meaning of the loader's command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The profile that it selects.
    pub profile: u32,
    /// The command line in place of the file's own, if there is one.
    pub replacement: Option<&'a [u8]>,
}

/// Reads the loader's command line, without the NUL at its end.
pub fn request(line: &[u8]) -> Request<'_> {
    let Some((first, rest)) = own_word(line) else {
        return Request {
            profile: 0,
            replacement: None,
        };
    };
    match profile(first) {
        Some(profile) => Request {
            profile,
            replacement: own_word(rest).map(|_| rest.strip_prefix(b" ").unwrap_or(rest)),
        },
        None => Request {
            profile: 0,
            replacement: Some(line),
        },
    }
}

/// The first word that loaders do not add on their own, and the rest after it.
fn own_word(mut line: &[u8]) -> Option<(&[u8], &[u8])> {
    loop {
        let start = line.iter().position(|&byte| !is_space(byte))?;
        let word = line.get(start..)?;
        let end = word
            .iter()
            .position(|&byte| is_space(byte))
            .unwrap_or(word.len());
        let (word, rest) = word.split_at_checked(end)?;
        if !is_loaders(word) {
            return Some((word, rest));
        }
        line = rest;
    }
}

fn is_loaders(word: &[u8]) -> bool {
    word.starts_with(b"BOOT_IMAGE=") || word.starts_with(b"initrd=") || word == b"auto"
}

/// The number N of the word `@N`.
fn profile(word: &[u8]) -> Option<u32> {
    let digits = word
        .strip_prefix(b"@")
        .filter(|digits| !digits.is_empty())?;
    let mut number = 0_u32;
    for &digit in digits {
        let value = digit.checked_sub(b'0').filter(|value| *value < 10)?;
        number = number.checked_mul(10)?.checked_add(value.into())?;
    }
    Some(number)
}

/// Makes one line of a `.cmdline` section by the rule of
/// [`layout::command_line`], puts a NUL after it, and returns the length of the
/// line in bytes.
///
/// `None` if the text does not end inside `into`, or if there is no room for
/// the NUL.
pub fn one_line(section: &[u8], into: &mut [u8]) -> Option<usize> {
    let size = section.len().min(into.len());
    let text = into.get_mut(..size)?;
    text.copy_from_slice(section.get(..size)?);
    if size == into.len() && !into.contains(&0) {
        return None;
    }
    let length = layout::command_line::one_line(into.get_mut(..size)?);
    *into.get_mut(length)? = 0;
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> (u32, Option<&str>) {
        let request = request(line.as_bytes());
        let text = |bytes| core::str::from_utf8(bytes).unwrap();
        (request.profile, request.replacement.map(text))
    }

    #[test]
    fn words_of_loaders_do_not_replace() {
        for line in [
            "",
            "  ",
            "BOOT_IMAGE=/uki.efi",
            "auto BOOT_IMAGE=x initrd=/a,/b  ",
            "\tinitrd=a\n",
        ] {
            assert_eq!(asked(line), (0, None), "{line:?}");
        }
        for line in [
            "quiet",
            "BOOT_IMAGE=/uki.efi quiet",
            "automatic",
            "x=initrd= BOOT_IMAGE=a",
            "@",
            "@1x",
            "@-1",
        ] {
            assert_eq!(asked(line), (0, Some(line)));
        }
    }

    #[test]
    fn a_profile_is_selected_and_its_word_taken_away() {
        assert_eq!(asked("@2"), (2, None));
        assert_eq!(asked("BOOT_IMAGE=/a @10 initrd=/b"), (10, None));
        assert_eq!(asked("@1 quiet  splash"), (1, Some("quiet  splash")));
        assert_eq!(asked("@1  quiet"), (1, Some(" quiet")));
        assert_eq!(asked("@99999999999 quiet"), (0, Some("@99999999999 quiet")));
    }

    #[test]
    fn a_section_becomes_one_line_with_a_nul_after_it() {
        let mut line = [0xff; 8];
        assert_eq!(one_line(b"\n a\tb\x01c", &mut line), Some(5));
        assert_eq!(&line[..6], b"a b c\0");
        assert_eq!(one_line(b" \n ", &mut line), Some(0));
        assert_eq!(line[0], 0);
    }

    #[test]
    fn the_text_has_to_end_inside_the_buffer() {
        let mut line = [0xff; 8];
        assert_eq!(one_line(b"1234567", &mut line), Some(7));
        assert_eq!(one_line(b"12345678", &mut line), None);
        assert_eq!(one_line(b"1234    5", &mut line), None);
        assert_eq!(one_line(b"1234567\0more", &mut line), Some(7));
        assert_eq!(one_line(b"", &mut []), None);
    }
}
