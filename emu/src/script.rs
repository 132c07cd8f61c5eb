//! Scripted keys: words for the keys that a person would type at the menu.
//!
//! `down,down,e,end, quiet,enter`: words with commas between them. A word is the
//! name of a key (`up`, `down`, `left`, `right`, `home`, `end`, `pageup`, `pagedown`,
//! `enter`, `esc`, `backspace`, `delete`, `f1`, `space`, `comma`), or `ctrl-` or `alt-`
//! and such a name or a letter, or `wait` for a second in which nothing is typed. All
//! other words are typed as they stand.

use boot::machine::Input;

/// A key that is pressed, or `None` for a second in which nothing is typed.
pub type Keystroke = Option<Input>;

/// The keystrokes of a script.
///
/// # Errors
/// A message about a key that does not exist.
pub fn parse(script: &str) -> Result<Vec<Keystroke>, String> {
    let mut keystrokes = Vec::new();
    for word in script.split(',').filter(|word| !word.is_empty()) {
        match word {
            "wait" => keystrokes.push(None),
            _ => match named(word)? {
                Some((scan, ascii)) => keystrokes.push(Some(Input::Keyboard { scan, ascii })),
                None => keystrokes.extend(word.bytes().map(|byte| Some(Input::Serial(byte)))),
            },
        }
    }
    Ok(keystrokes)
}

/// Scan code and character of a key, as INT 16h returns them, or `None` for text.
fn named(word: &str) -> Result<Option<(u8, u8)>, String> {
    let unknown = || Err(format!("there is no key `{word}`"));
    if let Some(key) = word.strip_prefix("ctrl-") {
        return Ok(Some(match (key, key.as_bytes()) {
            ("left", _) => (0x73, 0),
            ("right", _) => (0x74, 0),
            ("delete", _) => (0x93, 0),
            (_, [letter @ b'a'..=b'z']) => (1, letter & 0x1f),
            _ => return unknown(),
        }));
    }
    if let Some(key) = word.strip_prefix("alt-") {
        return Ok(Some(match key {
            "b" => (0x30, 0),
            "d" => (0x20, 0),
            "f" => (0x21, 0),
            "backspace" => (0x0e, 0),
            _ => return unknown(),
        }));
    }
    Ok(Some(match word {
        "up" => (0x48, 0),
        "down" => (0x50, 0),
        "left" => (0x4b, 0),
        "right" => (0x4d, 0),
        "home" => (0x47, 0),
        "end" => (0x4f, 0),
        "pageup" => (0x49, 0),
        "pagedown" => (0x51, 0),
        "delete" => (0x53, 0),
        "f1" => (0x3b, 0),
        "enter" => (0x1c, b'\r'),
        "esc" => (0x01, 0x1b),
        "backspace" => (0x0e, 0x08),
        "space" => (0x39, b' '),
        "comma" => (0x33, b','),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let key = |scan, ascii| Some(Input::Keyboard { scan, ascii });
        assert_eq!(
            parse("down,e,ctrl-k,a=b,wait,,alt-f,enter").unwrap(),
            [
                key(0x50, 0),
                Some(Input::Serial(b'e')),
                key(1, 0x0b),
                Some(Input::Serial(b'a')),
                Some(Input::Serial(b'=')),
                Some(Input::Serial(b'b')),
                None,
                key(0x21, 0),
                key(0x1c, b'\r'),
            ]
        );
        assert!(parse("ctrl-f5").is_err() && parse("alt-x").is_err());
        assert_eq!(parse("").unwrap(), []);
    }
}
