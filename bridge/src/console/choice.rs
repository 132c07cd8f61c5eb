//! Which terminals the bridge uses.

use std::fs;
use std::path::{Path, PathBuf};

/// The nodes of all consoles that a command line names, else of the screen and the first
/// serial line. `more` are those of the option `console`.
#[must_use]
pub fn nodes(root: &Path, cmdline: &str, more: &[String]) -> Vec<PathBuf> {
    let named = cmdline
        .split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix("console="));
    let mut names: Vec<String> = Vec::new();
    for name in more.iter().map(String::as_str).chain(named) {
        let name = terminal(name);
        if is_name(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names = ["tty1", "ttyS0"].map(str::to_owned).into();
        names.retain(|name| exists(root, name));
    }
    let dev = root.join("dev");
    names.iter().map(|name| dev.join(name)).collect()
}

/// The terminal of `tty0`, the screen that is seen: the first one. Options of a serial
/// line follow its name.
fn terminal(console: &str) -> String {
    let name = console.split(',').next().unwrap_or_default();
    match name {
        "tty0" | "tty" => "tty1".to_owned(),
        name => name.to_owned(),
    }
}

/// `null` and empty names are no terminals; paths lead elsewhere.
fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric();
    !name.is_empty() && name != "null" && name.chars().all(is_letter)
}

/// Whether there is hardware. Linux has four serial lines even where there is none.
fn exists(root: &Path, name: &str) -> bool {
    let sysfs = root.join("sys/class/tty").join(name);
    let kind = fs::read_to_string(sysfs.join("type")).unwrap_or_default();
    sysfs.exists() && kind.trim() != "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cmdline: &str, more: &[&str]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let directory = root.path().join("sys/class/tty").join(name);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("type"), text).unwrap();
        };
        fs::create_dir_all(root.path().join("sys/class/tty/tty1")).unwrap();
        write("ttyS0", "4\n");
        write("ttyS1", "0\n");
        let more: Vec<_> = more.iter().map(|&name| name.to_owned()).collect();
        let nodes = nodes(root.path(), cmdline, &more);
        let names = nodes.iter().map(|node| node.file_name().unwrap());
        names
            .map(|name| name.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn as_the_command_line_says() {
        let line = "quiet console=tty0 console=ttyS1,115200n8 console=hvc0 console=tty0";
        assert_eq!(names(line, &[]), ["tty1", "ttyS1", "hvc0"]);
        assert_eq!(names("console=ttyS0", &["tty0"]), ["tty1", "ttyS0"]);
    }

    #[test]
    fn by_default() {
        assert_eq!(names("quiet", &[]), ["tty1", "ttyS0"]);
        assert_eq!(names("console=null console=", &[]), ["tty1", "ttyS0"]);
        assert_eq!(names("console=../x", &[]), ["tty1", "ttyS0"]);
    }
}
