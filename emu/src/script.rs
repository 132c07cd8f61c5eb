//! Scripted keys: what a person would type at the menu, as words.
//!
//! `down,down,e,end, quiet,enter`: words with commas between them. A word is the
//! name of a key (`up`, `down`, `left`, `right`, `home`, `end`, `pageup`, `pagedown`,
//! `enter`, `esc`, `backspace`, `delete`, `f1`, `space`, `comma`), such a name or a
//! letter behind `ctrl-` or `alt-`, `wait` for a second in which nothing is typed,
//! or else text that is typed as it stands.

use boot::machine::Input;

/// What happens at the keyboard: a key, or nothing for a second.
pub type Step = Option<Input>;

/// The steps of a script. Errors: a word that means nothing.
pub fn parse(script: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for word in script.split(',').filter(|word| !word.is_empty()) {
        match word {
            "wait" => steps.push(None),
            _ => match named(word)? {
                Some((scan, ascii)) => steps.push(Some(Input::Keyboard { scan, ascii })),
                None => steps.extend(word.bytes().map(|byte| Some(Input::Serial(byte)))),
            },
        }
    }
    Ok(steps)
}

/// Scan code and character of a key, as INT 16h has them; None for text.
fn named(word: &str) -> Result<Option<(u8, u8)>, String> {
    let unknown = || Err(format!("there is no key {word}"));
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
