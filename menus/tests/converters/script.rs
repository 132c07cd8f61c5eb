//! The GRUB scripts that the converters write, as far as they write them.

/// What an entry boots, as far as the converters say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boot {
    /// The label or title.
    pub(crate) name: String,
    /// From the root of the device, or `(hd0,1)/path`.
    pub(crate) kernel: String,
    pub(crate) initrds: Vec<String>,
    /// Words with one space between them, without `initrd=`.
    pub(crate) cmdline: String,
}

/// Words with one space between them.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What each `menuentry` of a script boots, in order: those that boot Linux.
///
/// `grub-syslinux2cfg` puts `--id` with the label there, `grub-menulst2cfg` nothing. A
/// file is quoted in two parts (`'/isolinux'/'k'`), as the directory and the name.
pub(crate) fn entries(script: &str) -> Vec<Boot> {
    let mut entries: Vec<Boot> = Vec::new();
    let mut open: Option<Boot> = None;
    let mut root = String::new();
    for line in script.lines() {
        // A quote in a quoted text, which would look like an end and a beginning.
        let line = line.trim_start().replace(r"'\''", "\0");
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "menuentry" => {
                let words = unquoted(rest);
                let id = words.iter().position(|word| word == "--id");
                let name = id.map_or(&words[0], |at| &words[at + 1]);
                root.clear();
                open = Some(Boot {
                    name: name.clone(),
                    kernel: String::new(),
                    initrds: Vec::new(),
                    cmdline: String::new(),
                });
            }
            "set" if rest.starts_with("root='") => {
                root = rest.split('\'').nth(1).unwrap_or_default().to_owned();
            }
            "linux$linux_suffix" => {
                if let Some(boot) = &mut open {
                    // What is not quoted stands there as in the configuration.
                    let (file, cmdline) = split_quoted(rest);
                    boot.kernel = file;
                    let kept = cmdline.split_whitespace();
                    let kept = kept.filter(|word| !word.starts_with("initrd="));
                    boot.cmdline = kept.collect::<Vec<_>>().join(" ");
                }
            }
            "initrd$linux_suffix" => {
                if let Some(boot) = &mut open {
                    let mut rest = rest;
                    while !rest.trim().is_empty() {
                        let (file, after) = split_quoted(rest.trim());
                        boot.initrds.push(file);
                        rest = &rest[rest.len() - after.len()..];
                    }
                }
            }
            // `legacy_kernel 'FILE' 'FILE as it stands' 'WORD' ...`
            "legacy_kernel" => {
                if let Some(boot) = &mut open {
                    let all = unquoted(rest);
                    let mut all = all.iter().skip_while(|word| word.starts_with("--"));
                    let file = all.next().cloned().unwrap_or_default();
                    boot.kernel = from_root(&root, &file);
                    let rest: Vec<&str> = all.skip(1).map(String::as_str).collect();
                    boot.cmdline = words(&rest.join(" "));
                }
            }
            "legacy_initrd" => {
                if let Some(boot) = &mut open {
                    let file = unquoted(rest).first().cloned().unwrap_or_default();
                    boot.initrds.push(from_root(&root, &file));
                }
            }
            "}" => entries.extend(open.take().filter(|boot| !boot.kernel.is_empty())),
            _ => {}
        }
    }
    entries
}

fn from_root(root: &str, file: &str) -> String {
    match file.starts_with('(') || root.is_empty() {
        true => file.to_owned(),
        false => format!("{root}{file}"),
    }
}

/// The first word, whose quotes are taken away, and what follows. `'a'/'b'` is a file
/// `b` in the directory `a`.
fn split_quoted(text: &str) -> (String, &str) {
    let mut in_quotes = false;
    let end = text.find(|c: char| {
        in_quotes ^= c == '\'';
        c == ' ' && !in_quotes
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    let (directory, file) = word.split_once("'/'").unwrap_or(("", word));
    let (directory, file) = (unquote(directory), unquote(file));
    let path = menus::Location::new(menus::Device(0), &directory);
    let path = path.and_then(|directory| directory.join(&file));
    (path.map(|path| path.path).unwrap_or_default(), rest)
}

/// Words without their quotes.
fn unquoted(text: &str) -> Vec<String> {
    let mut in_quotes = false;
    let parts = text.split(|c: char| {
        in_quotes ^= c == '\'';
        c == ' ' && !in_quotes
    });
    parts.filter(|part| !part.is_empty()).map(unquote).collect()
}

fn unquote(text: &str) -> String {
    text.replace('\'', "").replace('\0', "'")
}
