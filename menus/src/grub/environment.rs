//! GRUB's environment block: a file of fixed size with a line for each variable, filled
//! with `#`.

use alloc::string::String;
use alloc::vec::Vec;

/// The first line of each block.
const SIGNATURE: &[u8] = b"# GRUB Environment Block\n";

/// The variables of a block. `None` if it is no block.
pub(super) fn variables(block: &[u8]) -> Option<Vec<(String, String)>> {
    let mut rest = block.strip_prefix(SIGNATURE)?;
    let mut variables = Vec::new();
    while let Some(&first) = rest.first() {
        let Some(length) = line_length(rest) else {
            break;
        };
        let line = rest.get(..length).unwrap_or_default();
        rest = rest.get(length.saturating_add(1)..).unwrap_or_default();
        let equals = line.iter().position(|&byte| byte == b'=');
        if let (Some(equals), false) = (equals, first == b'#') {
            let name = line.get(..equals).unwrap_or_default();
            let value = line.get(equals.saturating_add(1)..).unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            variables.push((name, unescape(value)));
        }
    }
    Some(variables)
}

/// Sets a variable. It says whether that worked: it does not if there is no room, or it is no block.
pub(super) fn set(block: &mut Vec<u8>, name: &str, value: &str) -> bool {
    change(block, name, Some(value))
}

/// Takes a variable away.
pub(super) fn remove(block: &mut Vec<u8>, name: &str) -> bool {
    change(block, name, None)
}

fn change(block: &mut Vec<u8>, name: &str, value: Option<&str>) -> bool {
    let Some(body) = block.strip_prefix(SIGNATURE) else {
        return false;
    };
    let fill = body.iter().rev().take_while(|&&byte| byte == b'#').count();
    let used = body.len().saturating_sub(fill);
    let mut rest = body.get(..used).unwrap_or_default();
    let mut new = SIGNATURE.to_vec();
    let mut wanted = value;
    let mut gone = value.is_none();
    while !rest.is_empty() {
        let Some(length) = line_length(rest) else {
            return false;
        };
        let line = rest.get(..length).unwrap_or_default();
        rest = rest.get(length.saturating_add(1)..).unwrap_or_default();
        let same = line
            .strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.first() == Some(&b'='));
        if same && gone {
            // Only the first line of this name.
            gone = false;
            continue;
        }
        match wanted {
            Some(value) if same => {
                append(&mut new, name, value);
                wanted = None;
            }
            _ => {
                new.extend_from_slice(line);
                new.push(b'\n');
            }
        }
    }
    if let Some(value) = wanted {
        append(&mut new, name, value);
    }
    if new.len() > block.len() {
        return false;
    }
    new.resize(block.len(), b'#');
    *block = new;
    true
}

fn append(block: &mut Vec<u8>, name: &str, value: &str) {
    block.extend_from_slice(name.as_bytes());
    block.push(b'=');
    for byte in value.bytes() {
        if matches!(byte, b'\\' | b'\n') {
            block.push(b'\\');
        }
        block.push(byte);
    }
    block.push(b'\n');
}

/// Bytes before the newline that ends a line. A backslash takes the next byte with it.
fn line_length(text: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        at = match text.get(at)? {
            b'\n' => return Some(at),
            b'\\' => at.saturating_add(2),
            _ => at.saturating_add(1),
        };
    }
}

fn unescape(value: &[u8]) -> String {
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn block(lines: &str) -> Vec<u8> {
        let mut block = SIGNATURE.to_vec();
        block.extend_from_slice(lines.as_bytes());
        block.resize(1024, b'#');
        block
    }

    fn read(block: &[u8]) -> String {
        let all = variables(block).unwrap();
        let lines = all
            .iter()
            .map(|(name, value)| alloc::format!("{name}={value};"));
        lines.collect()
    }

    #[test]
    fn variables_of_a_block() {
        let text = "# WARNING: Do not edit\nsaved_entry=a\\\\b\\\nc\nx=\ny=1=2\n";
        assert_eq!(read(&block(text)), "saved_entry=a\\b\nc;x=;y=1=2;");
        assert_eq!(read(&block("")), "");
        assert_eq!(variables(b"# GRUB Environment"), None);
    }

    #[test]
    fn changes_keep_the_size() {
        let mut changed = block("a=1\nbb=2\n");
        assert!(set(&mut changed, "a", "long\nvalue\\"));
        assert!(set(&mut changed, "new", "3"));
        assert!(remove(&mut changed, "bb"));
        assert!(remove(&mut changed, "b"));
        assert_eq!(read(&changed), "a=long\nvalue\\;new=3;");
        assert_eq!(changed.len(), 1024);
        let before = changed.clone();
        assert!(!set(&mut changed, "big", &"x".repeat(1000)));
        assert_eq!(changed, before);
        assert!(!set(&mut "other".to_string().into_bytes(), "a", "b"));
    }
}
