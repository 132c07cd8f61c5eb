//! Numbers as GRUB's `strtoul` reads them: in base 8, 10 or 16 by their beginning.

/// The number at the beginning of a text and what follows it. `None` if there is no
/// number, or it is too large.
pub(super) fn leading(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let length = digits
        .bytes()
        .take_while(|&byte| char::from(byte).is_digit(base))
        .count();
    let (number, rest) = digits.split_at_checked(length)?;
    Some((u64::from_str_radix(number, base).ok()?, rest))
}

/// The number at the beginning of a text, or 0.
pub(super) fn unsigned(text: &str) -> u64 {
    leading(text).map_or(0, |(number, _)| number)
}

/// The number at the beginning of a text, which may be negative, or 0.
pub(super) fn signed(text: &str) -> i128 {
    match text.strip_prefix('-') {
        Some(text) => i128::from(unsigned(text)).saturating_neg(),
        None => i128::from(unsigned(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        assert_eq!(leading("12 x"), Some((12, " x")));
        assert_eq!(leading("0x1fg"), Some((31, "g")));
        assert_eq!(leading("010"), Some((8, "")));
        assert_eq!(leading("0"), Some((0, "")));
        assert_eq!(leading("x"), None);
        assert_eq!(leading("99999999999999999999"), None);
        assert_eq!(signed("-3"), -3);
    }
}
