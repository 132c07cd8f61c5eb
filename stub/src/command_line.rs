//! The command line: the loader's own words replace the file's.
//!
//! As in systemd-stub an argument string replaces `.cmdline`, and `@N` at its
//! start selects profile N and is taken away. But loaders of legacy machines
//! always send something, so words that they add of themselves do not count.

/// What the loader's command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The profile selected.
    pub profile: u32,
    /// What replaces the file's command line, if anything does.
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

/// The first word that no loader adds of itself, and what follows it.
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

/// N of `@N`.
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

/// Control characters separate words like spaces do.
fn is_space(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

/// Makes one line of a `.cmdline` section, as systemd-stub does: a NUL ends it,
/// control characters become spaces, spaces at both ends go. Gives the line's length,
/// or nothing if it does not fit with a NUL behind it.
pub fn one_line(text: &[u8], into: &mut [u8]) -> Option<usize> {
    let end = text
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(text.len());
    let text = trim(text.get(..end)?);
    let (line, rest) = into.split_at_mut_checked(text.len())?;
    *rest.first_mut()? = 0;
    for (place, &byte) in line.iter_mut().zip(text) {
        *place = if is_space(byte) { b' ' } else { byte };
    }
    Some(text.len())
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
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
    fn a_section_becomes_one_line() {
        let mut line = [0xff; 8];
        assert_eq!(one_line(b"\n a\tb\x7f\x01c\n\0d", &mut line), Some(6));
        assert_eq!(&line[..7], b"a b  c\0");
        assert_eq!(one_line(b" \n ", &mut line), Some(0));
        assert_eq!(line[0], 0);
        assert_eq!(one_line(b"1234567", &mut line), Some(7));
        assert_eq!(one_line(b"12345678", &mut line), None);
    }
}
