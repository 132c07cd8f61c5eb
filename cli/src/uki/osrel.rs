//! The texts of `.osrel` and `.profile`: lines of `KEY=value`, read as the loader
//! reads them.

use boot::entries::line;

/// The last value that a key is given; an empty one counts as absent.
pub fn value(text: &[u8], key: &str) -> Option<String> {
    let lines = text.split(|byte| b"\n\r\0".contains(byte));
    let mut values = lines.filter_map(|line| {
        let (name, value) = line::split(line, line::EQUALS)?;
        (name == key.as_bytes()).then(|| line::unquote(value))
    });
    let last = values.next_back().filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(last).into_owned())
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
