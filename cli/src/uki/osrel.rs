//! The texts of `.osrel` and `.profile`: lines of `KEY=value`.

/// The last value that a key is given; an empty one counts as absent.
///
/// As systemd-boot reads it: one matching pair of quotes around the value goes,
/// nothing else is special.
pub fn value(text: &[u8], key: &str) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let mut found = None;
    for line in text.split(['\n', '\r', '\0']) {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            found = Some(unquoted(value.trim()).to_owned());
        }
    }
    found.filter(|value| !value.is_empty())
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// The version that systemd sorts by.
pub fn version(text: &[u8]) -> Option<String> {
    first(
        text,
        &["IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"],
    )
}

/// The title that systemd shows.
pub fn title(text: &[u8]) -> Option<String> {
    first(text, &["PRETTY_NAME", "IMAGE_ID", "NAME", "ID"])
}

fn first(text: &[u8], keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value(text, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let text = b"# PRETTY_NAME=no\nID=debian\nVERSION=\"12 (a = 'b')\"\r\nVERSION_ID='12'\nBUILD_ID=\nNAME=x\nNAME=y\n";
        assert_eq!(version(text).as_deref(), Some("12 (a = 'b')"));
        assert_eq!(title(text).as_deref(), Some("y"));
        assert_eq!(value(text, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(value(text, "BUILD_ID"), None);
        assert_eq!(version(b"IMAGE_VERSION=7\nVERSION=8").as_deref(), Some("7"));
    }
}
