//! Comparing version strings (UAPI.10, "Version Format Specification").
//!
//! Where the specification's text and systemd's code differ (the number zero against
//! a letter), this follows the code, since menus must look alike.
//! Numbers are compared digit by digit, so that no number is too large.

use core::cmp::Ordering;

/// Compares two versions; the newer one is greater.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let mut sides = [a, b];
    loop {
        for side in &mut sides {
            skip(side, is_separator);
        }
        // The side with the mark is the older one; 0 is the end of the string.
        // These tests come in the order of the specification, and nothing is skipped
        // between them.
        for &mark in b"~\0-^." {
            let [x, y] = first(&sides);
            if (x == mark) != (y == mark) {
                return (y == mark).cmp(&(x == mark));
            }
            if x == mark {
                if mark == 0 {
                    return Ordering::Equal;
                }
                advance(&mut sides);
            }
        }
        let [x, y] = first(&sides);
        let numeric = x.is_ascii_digit() || y.is_ascii_digit();
        if x.is_ascii_digit() && y.is_ascii_digit() {
            for side in &mut sides {
                skip(side, |byte| byte == b'0');
            }
        }
        // In words the first difference decides. Of two numbers the longer one is
        // newer; if they are of equal length, the first difference decides. Where one
        // side has no more characters of its kind, the other side is newer.
        let mut order = Ordering::Equal;
        while order.is_eq() || numeric {
            let [x, y] = first(&sides);
            let belongs = |byte: u8| {
                if numeric {
                    byte.is_ascii_digit()
                } else {
                    byte.is_ascii_alphabetic()
                }
            };
            if belongs(x) != belongs(y) {
                return belongs(x).cmp(&belongs(y));
            }
            if !belongs(x) {
                break;
            }
            order = order.then(x.cmp(&y));
            advance(&mut sides);
        }
        if order.is_ne() {
            return order;
        }
    }
}

/// True for a character that only separates the parts of a version.
fn is_separator(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'~' | b'^' | b'-')
}

fn skip(text: &mut &[u8], drop: fn(u8) -> bool) {
    while let [byte, rest @ ..] = text {
        if !drop(*byte) {
            break;
        }
        *text = rest;
    }
}

/// The next byte of each side, 0 at its end.
fn first(sides: &[&[u8]; 2]) -> [u8; 2] {
    sides.map(|side| side.first().copied().unwrap_or(0))
}

fn advance(sides: &mut [&[u8]; 2]) {
    for side in sides {
        *side = side.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
