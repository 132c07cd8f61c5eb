//! Glob patterns, as `default` and `preferred` of `loader.conf` use them.
//!
//! The language is systemd-boot's: `*`, `?`, sets such as `[a-c]`, and a
//! backslash in front of any of them. There are no negations and no classes. Capitals and
//! small letters are the same (ASCII).

/// True if `pattern` matches all of `text`.
///
/// A pattern is a chain of pieces with stars between them. Each piece may match where
/// it is found first, so only the last star is ever tried again, and the number of
/// steps is at most the product of both lengths.
pub fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Pattern and text after the last star.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            retry = Some((pattern, text));
            continue;
        }
        let Some((byte, tail)) = text.split_first() else {
            return pattern.is_empty();
        };
        if let Some(rest) = one(pattern, byte.to_ascii_lowercase()) {
            pattern = rest;
            text = tail;
            continue;
        }
        // The star matches one byte more.
        let Some((restart, [_, from @ ..])) = retry else {
            return false;
        };
        pattern = restart;
        text = from;
        retry = Some((restart, from));
    }
}

/// The pattern after its first element, if that element matches `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', rest @ ..] => set(rest, byte),
        _ => {
            let (expected, rest) = literal(pattern)?;
            (expected == byte).then_some(rest)
        }
    }
}

/// The pattern after a set, if `byte` is in it; `pattern` starts after the opening
/// bracket. A set without a closing bracket holds nothing.
fn set(mut pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let mut first = true;
    let mut found = false;
    // The member that a range may start from. The end of one range never
    // starts another: `[a-c-f]` is a, b, c, `-` and f.
    let mut low = None;
    loop {
        match (pattern, low) {
            ([b']', rest @ ..], _) if !first => return found.then_some(rest),
            ([b'-', rest @ ..], Some(start)) if rest.first() != Some(&b']') => {
                let (end, after) = literal(rest)?;
                found |= start <= byte && byte <= end;
                low = None;
                pattern = after;
            }
            _ => {
                let (member, after) = literal(pattern)?;
                found |= member == byte;
                low = Some(member);
                pattern = after;
            }
        }
        first = false;
    }
}

/// One character, which may have a backslash in front of it, and the rest.
fn literal(pattern: &[u8]) -> Option<(u8, &[u8])> {
    match pattern {
        [b'\\', byte, rest @ ..] => Some((byte.to_ascii_lowercase(), rest)),
        [b'\\'] | [] => None,
        [byte, rest @ ..] => Some((byte.to_ascii_lowercase(), rest)),
    }
}

/// True if `pattern` names the entry `id`: it matches the id, which ends in `.conf` or
/// `.efi`, or it is the id, with or without that suffix. systemd-boot requires the
/// suffix; ids of the Boot Loader Interface have none.
pub fn selects(pattern: &[u8], id: &[u8]) -> bool {
    let same = match id.split_at_checked(pattern.len()) {
        Some((start, b"" | b".conf" | b".efi")) => start.eq_ignore_ascii_case(pattern),
        _ => false,
    };
    same || matches(pattern, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Pattern, text, and whether they match.
    const VECTORS: [(&str, &str, bool); 31] = [
        ("", "", true),
        ("abc", "abc", true),
        ("aBc", "abc", true),
        ("a?c", "azc", true),
        ("1?", "1", false),
        ("***", "", true),
        ("*b*", "abcd", true),
        ("abc*d", "abc", false),
        ("start*end", "startendend", true),
        ("start*end", "startenddne", false),
        ("*.conf", "arch.conf", true),
        ("debian-*.*", "debian-wheezy.efi", true),
        ("ab*cde", "abzcd", false),
        ("\\*\\a\\[", "*a[", true),
        ("[abc", "a", false),
        ("[][!]", "]", true),
        ("[][!]", "[", true),
        ("[][!]", "!", true),
        ("[]-]", "-", true),
        ("[1\\]]", "]", true),
        ("[$-\\+]", "&", true),
        ("[1-3A-C]", "B", true),
        ("[a-c-f]", "e", false),
        ("[a-c-f]", "-", true),
        ("[--0]", ".", true),
        ("[+--]", ",", true),
        ("[a\\-z]", "b", false),
        ("?a*b[.-0]c", "/a/b/c", true),
        ("abc]", "abc]", true),
        (
            "debian-*-*-*.*",
            "debian-jessie-2018-06-17-kernel-image-5.10.0-16-amd64.efi",
            true,
        ),
        ("a\\", "a", false),
    ];

    #[test]
    fn vectors() {
        for (pattern, text, expected) in VECTORS {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }

    /// The obvious definition, with recursion.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| naive(rest, &text[skipped..])),
            ([], _) => text.is_empty(),
            (_, []) => false,
            ([b'?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
            ([p, rest @ ..], [t, tail @ ..]) => p == t && naive(rest, tail),
        }
    }

    #[test]
    fn same_as_the_definition() {
        let words = |alphabet: &'static [u8], longest: u32| -> Vec<Vec<u8>> {
            let count = alphabet.len();
            (0..=longest)
                .flat_map(|length| {
                    (0..count.pow(length)).map(move |mut code| {
                        (0..length)
                            .map(|_| {
                                let byte = alphabet[code % count];
                                code /= count;
                                byte
                            })
                            .collect()
                    })
                })
                .collect()
        };
        let texts = words(b"ab", 6);
        for pattern in words(b"ab*?", 5) {
            for text in &texts {
                assert_eq!(
                    matches(&pattern, text),
                    naive(&pattern, text),
                    "{pattern:?} {text:?}"
                );
            }
        }
    }

    #[test]
    fn stars_do_not_explode() {
        let pattern = b"*a".repeat(120);
        let mut text = b"a".repeat(765);
        assert!(matches(&pattern, &text));
        text.push(b'b');
        assert!(!matches(&pattern, &text));
    }

    #[test]
    fn ids() {
        for (pattern, id, expected) in [
            ("arch.conf", "arch.conf", true),
            ("arch", "arch.conf", true),
            ("Arch", "arch.conf", true),
            ("arch", "arch.efi", true),
            ("arch*", "arch.conf", true),
            ("arch", "arch-lts.conf", false),
            ("arch", "arch.conf.conf", false),
            ("arc?", "arch.conf", false),
            ("arch.conf", "arch.conf.conf", true),
            ("a[b.conf", "a[b.conf", true),
            ("", ".conf", true),
            ("arch.efi@*", "arch.efi@1", true),
        ] {
            assert_eq!(
                selects(pattern.as_bytes(), id.as_bytes()),
                expected,
                "{pattern} {id}"
            );
        }
    }
}
