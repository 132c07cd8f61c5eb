//! Lines and words of a configuration.

/// A line that says something: a key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    /// In small letters.
    pub key: String,
    /// Without spaces around it, and without quotes around all of it.
    pub value: &'a str,
}

/// The lines of a file: `key value` or `key=value`. `#` at the start of a line is a
/// comment. Lines end as those of UNIX or DOS do.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.trim_start_matches('\u{feff}');
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let end = line.find(|letter: char| letter.is_whitespace() || letter == '=');
        let (key, rest) = line.split_at_checked(end.unwrap_or(line.len()))?;
        let rest = rest.trim_start();
        let value = rest.strip_prefix('=').unwrap_or(rest).trim();
        Some(Line {
            number,
            key: key.to_ascii_lowercase(),
            value: unquoted(value),
        })
    })
}

/// The options on the kernel's command line: `gapboot.key=value`, where quotes keep spaces
/// together as the kernel has it.
#[must_use]
pub fn of_cmdline(cmdline: &str) -> Vec<(String, String)> {
    let mut words: Vec<String> = vec![String::new()];
    let mut is_quoted = false;
    for letter in cmdline.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            letter if letter.is_whitespace() && !is_quoted => words.push(String::new()),
            letter => words
                .last_mut()
                .into_iter()
                .for_each(|word| word.push(letter)),
        }
    }
    let own = words
        .iter()
        .filter_map(|word| word.strip_prefix("gapboot."));
    let pairs = own.map(|word| word.split_once('=').unwrap_or((word, "")));
    pairs
        .map(|(key, value)| (key.to_ascii_lowercase(), value.to_owned()))
        .collect()
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    match inner('"').or_else(|| inner('\'')) {
        Some(inner) if !inner.contains(['"', '\'']) => inner,
        _ => value,
    }
}

/// On or off.
///
/// # Errors
/// It is neither: a sentence.
pub fn switch(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "" | "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err(format!("{value} is neither on nor off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_them() {
        let text = "\u{feff}# comment\r\n\r\n  Timeout = 5\r\ndefault=a b\ntitle \"My system\"\n\
            cmdline root=/dev/sda1 x=\"y\"\n\t# more\nentry\nmodule e1000 debug=1 x=2";
        let found: Vec<_> = lines(text).collect();
        let pairs: Vec<_> = found
            .iter()
            .map(|line| (line.number, line.key.as_str(), line.value))
            .collect();
        assert_eq!(
            pairs,
            [
                (3, "timeout", "5"),
                (4, "default", "a b"),
                (5, "title", "My system"),
                (6, "cmdline", "root=/dev/sda1 x=\"y\""),
                (8, "entry", ""),
                (9, "module", "e1000 debug=1 x=2"),
            ]
        );
    }

    #[test]
    fn command_lines() {
        let line = "quiet gapboot.timeout=3 x \"gapboot.default=a b\" gapboot.entry=\"c  d\" gapboot.debug";
        let found = of_cmdline(line);
        let found: Vec<_> = found
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("timeout", "3"),
                ("default", "a b"),
                ("entry", "c  d"),
                ("debug", "")
            ]
        );
    }

    #[test]
    fn switches() {
        assert_eq!(switch(""), Ok(true));
        assert_eq!(switch("Off"), Ok(false));
        assert!(switch("maybe").unwrap_err().contains("maybe"));
    }
}
