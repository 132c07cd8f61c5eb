use super::compare;
use std::cmp::Ordering::{self, Equal, Greater, Less};
use std::process::Command;
use std::string::String;
use std::vec::Vec;

/// Compares both ways round.
fn check(a: &str, b: &str, expected: Ordering) {
    assert_eq!(compare(a.as_bytes(), b.as_bytes()), expected, "{a:?} {b:?}");
    assert_eq!(
        compare(b.as_bytes(), a.as_bytes()),
        expected.reverse(),
        "{b:?} {a:?}"
    );
}

fn check_chain(chain: &[&str]) {
    for (i, a) in chain.iter().enumerate() {
        for (j, b) in chain.iter().enumerate() {
            assert_eq!(
                compare(a.as_bytes(), b.as_bytes()),
                i.cmp(&j),
                "{a:?} {b:?}"
            );
        }
    }
}

/// The examples of UAPI.10.
#[test]
fn examples_of_the_specification() {
    for (a, expected, b) in [
        ("11", Equal, "11"),
        ("systemd-123", Equal, "systemd-123"),
        ("bar-123", Less, "foo-123"),
        ("123a", Greater, "123"),
        ("123.a", Greater, "123"),
        ("123.a", Less, "123.b"),
        ("123a", Greater, "123.a"),
        ("11α", Equal, "11β"),
        ("B", Less, "a"),
        ("", Less, "0"),
        ("0.", Greater, "0"),
        ("", Greater, "~"),
        ("0", Greater, "~"),
        ("1_", Equal, "1"),
        ("_1", Equal, "1"),
        ("1_", Less, "1.2"),
        ("1_2_3", Greater, "1.3.3"),
        ("1+", Equal, "1"),
        ("+1", Equal, "1"),
        ("1+", Less, "1.2"),
        ("1+2+3", Greater, "1.3.3"),
        ("0.0", Greater, "0"),
    ] {
        check(a, b, expected);
    }
    check_chain(&[
        "122.1",
        "123~rc1-1",
        "123",
        "123-a",
        "123-a.1",
        "123-1",
        "123-1.1",
        "123^post1",
        "123.a-1",
        "123.1-1",
        "123a-1",
        "124-1",
    ]);
}

/// Where systemd's code and the specification's text differ.
#[test]
fn zero_is_newer_than_a_letter() {
    for (a, b) in [
        ("123.0", "123.a"),
        ("1.0", "1.rc1"),
        ("0", "a"),
        ("0a", "a"),
        ("5.10.0-0", "5.10.0-rc1"),
    ] {
        check(a, b, Greater);
    }
}

/// From systemd's own tests.
#[test]
fn systemd_chain() {
    check_chain(&[
        "~1",
        "",
        "ab",
        "abb",
        "abc",
        "0001",
        "002",
        "12",
        "122",
        "122.9",
        "123~rc1",
        "123",
        "123-a",
        "123-a.1",
        "123-a1",
        "123-a1.1",
        "123-3",
        "123-3.1",
        "123^patch1",
        "123^1",
        "123.a-1",
        "123.1-1",
        "123a-1",
        "124",
    ]);
}

#[test]
fn older_and_newer() {
    for (a, b) in [
        ("123.45-67.88", "123.45-67.89"),
        ("123.45-67.89", "123.45-67.89a"),
        ("123.45-67.ab", "123.45-67.89"),
        ("123.45-67.9", "123.45-67.89"),
        ("123.45-67", "123.45-67.89"),
        ("123.45-66.89", "123.45-67.89"),
        ("123.45-9.99", "123.45-67.89"),
        ("123.42-99.99", "123.45-67.89"),
        ("123-99.99", "123.45-67.89"),
        ("123~rc1-99.99", "123.45-67.89"),
        ("123~rc1-99.99", "123-45.67.89"),
        ("123~rc1-99.99", "123~rc2-67.89"),
        ("123~rc1-99.99", "123^aa2-67.89"),
        ("123~rc1-99.99", "123aa2-67.89"),
        ("123-99.99", "123^aa2-67.89"),
        ("123-99.99", "123aa2-67.89"),
        ("123^45-67.89", "123.45-67.89"),
        ("123^aa1-99.99", "123^aa2-67.89"),
        ("123^aa2-67.89", "123aa2-67.89"),
        ("123.aa2-67.89", "123aa2-67.89"),
        ("123.aa2-67.89", "123.ab2-67.89"),
    ] {
        check(a, b, Less);
    }
}

#[test]
fn corner_cases() {
    for (a, expected, b) in [
        ("123_aa2-67.89", Equal, "123aa+2-67.89"),
        ("123.", Greater, "123"),
        ("12_3", Less, "123"),
        ("12_3", Greater, "12"),
        ("12_3", Greater, "12.3"),
        ("123.0", Greater, "123"),
        ("123_0", Greater, "123"),
        ("123..0", Less, "123.0"),
        ("", Equal, ""),
        ("0_", Equal, "0"),
        ("_0_", Equal, "0"),
        ("0", Equal, "0___"),
        ("", Equal, "_"),
        ("_", Equal, "_"),
        ("~", Equal, "~"),
        ("1٠١٢", Equal, "1"),
    ] {
        check(a, b, expected);
    }
}

/// From rpm's tests, as systemd reads them.
#[test]
fn rpm() {
    for (a, b, expected) in [
        ("1.0", "2.0", Less),
        ("2.0", "2.0.1", Less),
        ("2.0.1a", "2.0.1", Greater),
        ("5.5p1", "5.5p2", Less),
        ("5.5p10", "5.5p1", Greater),
        ("10xyz", "10.1xyz", Greater),
        ("xyz10", "xyz10.1", Less),
        ("xyz.4", "8", Less),
        ("xyz.4", "2", Less),
        ("5.5p2", "5.6p1", Less),
        ("5.6p1", "6.5p1", Less),
        ("6.0.rc1", "6.0", Greater),
        ("10b2", "10a1", Greater),
        ("10a2", "10b2", Less),
        ("1.0a", "1.0aa", Less),
        ("10.0001", "10.1", Equal),
        ("10.0001", "10.0039", Less),
        ("4.999.9", "5.0", Less),
        ("20101121", "20101122", Less),
        ("2.0", "2_0", Less),
        ("1.0~rc1", "1.0~rc2", Less),
        ("1.0~rc1~git123", "1.0~rc1", Less),
        ("1.0^", "1.0", Greater),
        ("1.0^git1", "1.0", Greater),
        ("1.0^git1", "1.0^git2", Less),
        ("1.0^git1", "1.01", Less),
        ("1.0^20160101", "1.0.1", Less),
        ("1.0^20160102", "1.0^20160101^git1", Greater),
        ("1.0~rc1^git1", "1.0~rc1", Greater),
        ("1.0^git1", "1.0^git1~pre", Greater),
        ("a+", "a_", Equal),
        ("+a", "_a", Equal),
        ("+", "_", Equal),
        ("1.0~rc1", "1.0", Less),
        ("1b.fc17", "1.fc17", Greater),
        ("1g.fc17", "1.fc17", Greater),
        ("1.1.α", "1.1.β", Equal),
        ("1.1.αα", "1.1.α", Equal),
        ("1.1.ββ", "1.1.αα", Equal),
    ] {
        check(a, b, expected);
    }
}

#[test]
fn no_number_is_too_large() {
    let nines = "9".repeat(700);
    let zeros = "0".repeat(700);
    check(&nines, &std::format!("1{zeros}"), Less);
    check(&std::format!("{zeros}1"), "1", Equal);
    check(&std::format!("{zeros}1"), "2", Less);
}

/// Words over `alphabet`, from a fixed seed.
fn random_words(alphabet: &[u8], longest: u64, count: usize) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    (0..count)
        .map(|_| {
            (0..random(longest + 1))
                .map(|_| char::from(alphabet[random(alphabet.len() as u64) as usize]))
                .collect()
        })
        .collect()
}

/// The answer of systemd-analyze about two versions.
fn systemd(a: &str, b: &str) -> Ordering {
    let output = Command::new("systemd-analyze")
        .args(["compare-versions", "--", a, b])
        .output()
        .expect("cannot run systemd-analyze: apt-get install systemd");
    match output.status.code() {
        Some(0) => Equal,
        Some(11) => Greater,
        Some(12) => Less,
        _ => panic!("{output:?}"),
    }
}

/// Pairs that are likely to be decided late: a word and the same word with a
/// few bytes changed. systemd 252 and newer agree on the whole alphabet.
#[test]
fn same_as_systemd() {
    let alphabet = b"0019aBz~-^.._+";
    let words = random_words(alphabet, 7, 250);
    let tails = random_words(alphabet, 4, 250);
    std::println!("{} pairs of versions", 2 * words.len());
    for (index, (word, tail)) in words.iter().zip(&tails).enumerate() {
        let a = std::format!("{word}{tail}");
        let b = std::format!("{word}{}", tails[(index * 7 + 1) % tails.len()]);
        assert_eq!(
            compare(a.as_bytes(), b.as_bytes()),
            systemd(&a, &b),
            "{a:?} {b:?}"
        );
        let c = &words[(index + 1) % words.len()];
        assert_eq!(
            compare(a.as_bytes(), c.as_bytes()),
            systemd(&a, c),
            "{a:?} {c:?}"
        );
    }
}

/// Equal to oneself, opposite when turned round, and transitive.
#[test]
fn a_total_order() {
    let words = random_words(b"01a~-^._", 4, 120);
    let order = |a: &String, b: &String| compare(a.as_bytes(), b.as_bytes());
    for a in &words {
        assert_eq!(order(a, a), Equal);
        for b in &words {
            assert_eq!(order(a, b), order(b, a).reverse(), "{a:?} {b:?}");
            for c in &words {
                if order(a, b) != Greater && order(b, c) != Greater {
                    let expected = if order(a, b) == Equal {
                        order(b, c)
                    } else {
                        Less
                    };
                    assert_eq!(order(a, c), expected, "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
