//! Scripts at random, always the same for the same seed. Each of them ends.

/// Numbers that look random.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const NAMES: &[&str] = &["a", "b", "ab", "x1", "_u"];
const FUNCTIONS: &[&str] = &["f", "g", "long_name"];
const PLAIN: &[&str] = &[
    "a", "b", "word", "x=y", "1", "-2", "0x1f", "010", "9", "v-10", "v-9", "é", "@", "%", "a/b",
    "a.b", "a:b", ",", "^", "~", "[", "]", "=", "!", "a#b", "if", "fi", "in", "then", "-n", "-z",
    "=x",
];

/// A script whose variables and functions come from those before it too.
pub(crate) fn script(random: &mut Random) -> String {
    let mut script = String::new();
    for _ in 0..4 + random.below(6) {
        script.push_str(&statement(random, 3));
        script.push_str(random.of(&["\n", "\n", "\n\n", "; echo x\n", " # comment\n"]));
    }
    script.push_str("echo $? \"$a|$b|$ab|$x1|$_u\"\n");
    script
}

fn word(random: &mut Random) -> String {
    let pieces = 1 + random.below(3);
    (0..pieces).map(|_| piece(random)).collect()
}

fn piece(random: &mut Random) -> String {
    let name = random.of(NAMES);
    let plain = random.of(PLAIN);
    match random.below(16) {
        0 => format!("${name}"),
        1 => format!("${{{name}}}"),
        2 => format!("\"${name}\""),
        3 => format!("\"{plain} ${{{name}}}\\$\\\\\\\"\\q\""),
        4 => format!("'{plain}  $x \\'"),
        5 => random
            .of(&[
                "\\$", "\\ ", "\\'", "\\\"", "\\\\", "\\;", "\\#", "\\{", "\\n", "\\|",
            ])
            .to_string(),
        6 => random
            .of(&[
                "$1", "$2", "\"$@\"", "$@", "$*", "\"$*\"", "$#", "${1}", "$?", "\"$9\"", "$0",
            ])
            .to_string(),
        7 => format!("$\"{plain} ${name} \\$ \\\\ \\x\""),
        8 => random
            .of(&["\"\"", "''", "\" \"", "'a\nb'", "\"a\\\nb\"", "a\\\nb"])
            .to_string(),
        _ => plain.to_string(),
    }
}

fn words(random: &mut Random, most: usize) -> String {
    let words = (0..random.below(most + 1)).map(|_| format!(" {}", word(random)));
    words.collect()
}

fn value(random: &mut Random) -> String {
    match random.below(4) {
        0 => "' two  words '".to_string(),
        1 => "''".to_string(),
        _ => word(random),
    }
}

fn test(random: &mut Random) -> String {
    let operand = |random: &mut Random| match random.below(3) {
        0 => word(random),
        1 => format!("\"${}\"", random.of(NAMES)),
        _ => random
            .of(&["1", "2", "10", "-3", "0x10", "''", "a", "v-10", "v-9", "ab"])
            .to_string(),
    };
    let mut test = String::new();
    for part in 0..1 + random.below(3) {
        if part > 0 {
            test.push_str(random.of(&[" -a", " -o", ""]));
        }
        test.push_str(random.of(&["", "", "", " !"]));
        let first = operand(random);
        let second = operand(random);
        test.push_str(&match random.below(7) {
            0 => format!(" -z {first}"),
            1 => format!(" -n {first}"),
            2 => format!(" {first}"),
            3 => format!(" ( {first} = {second} )"),
            4 => format!(
                " {first} {} {second}",
                random.of(&["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
            ),
            5 => format!(
                " {first} {} {second}",
                random.of(&["-pgt", "-plt", "'<'", "\\>", "'<='", "\">=\""])
            ),
            _ => format!(" {first} {} {second}", random.of(&["=", "==", "!="])),
        });
    }
    match random.below(3) {
        0 => format!("test{test}"),
        _ => format!("[{test} ]"),
    }
}

fn list(random: &mut Random, depth: u32) -> String {
    let mut list = String::new();
    for _ in 0..1 + random.below(3) {
        list.push_str(&statement(random, depth));
        list.push_str(random.of(&["; ", "\n", ";\n"]));
    }
    list
}

fn condition(random: &mut Random) -> String {
    let not = random.of(&["", "", "! "]);
    match random.below(4) {
        0 => format!("{not}{}", random.of(&["true", "false", "nonesuch"])),
        _ => format!("{not}{}", test(random)),
    }
}

fn statement(random: &mut Random, depth: u32) -> String {
    let name = random.of(NAMES);
    let function = random.of(FUNCTIONS);
    if depth > 0 && random.below(3) == 0 {
        return block(random, depth - 1);
    }
    match random.below(18) {
        0..4 => format!("{name}={}", value(random)),
        4 => format!("set {name}={}", value(random)),
        5 => format!("unset {name}"),
        6 => random
            .of(&[
                "break",
                "continue",
                "break 2",
                "continue 2",
                "return",
                "return 1",
                "return 0",
                "shift",
                "shift 2",
            ])
            .to_string(),
        7 => format!("setparams{}", words(random, 3)),
        8 => format!("{function}{}", words(random, 3)),
        9 => format!(
            "regexp --set {name} '{}' {}",
            random.of(&["^(.*)-", "([0-9]+)", "(a|ab)(b*)", "[[:alpha:]]+(.)", "^$"]),
            word(random)
        ),
        10 => format!("eval 'echo e; {name}=${name}x'"),
        11 => test(random),
        12 => format!("! {}", test(random)),
        13 => format!("echo -n{}; echo", words(random, 2)),
        _ => format!("echo{}", words(random, 4)),
    }
}

fn block(random: &mut Random, depth: u32) -> String {
    let name = random.of(NAMES);
    match random.below(6) {
        0 | 1 => {
            let mut text = format!("if {}; then {}", condition(random), list(random, depth));
            for _ in 0..random.below(2) {
                text.push_str(&format!(
                    "elif {}; then {}",
                    condition(random),
                    list(random, depth)
                ));
            }
            if random.below(2) == 0 {
                text.push_str(&format!("else {}", list(random, depth)));
            }
            text + "fi"
        }
        2 | 3 => format!(
            "for {name} in{}; do {}done",
            words(random, 4),
            list(random, depth)
        ),
        4 => {
            // A variable of its own counts the rounds.
            let counter = format!("n{depth}");
            let (keyword, test) = match random.below(2) {
                0 => ("while", "!="),
                _ => ("until", "="),
            };
            format!(
                "{counter}=.; {keyword} [ ${counter} {test} .... ]; do {counter}=.${counter}; {}done",
                list(random, depth)
            )
        }
        // A function that calls none: no recursion. It is defined on the top level alone,
        // so this block may be wrong, which GRUB must find too.
        _ => {
            let body = format!("echo in $# $1 \"$@\"\n{name}=$1\n");
            format!("true\nfunction {} {{\n{body}}}", random.of(FUNCTIONS))
        }
    }
}

const TITLES: &[&str] = &[
    "'Plain title'",
    "\"Title of $a\"",
    "'It'\\''s quoted \"so\"'",
    "one-word",
    "'é and ü'",
    "'more > less'",
    "'a >> b'",
    "\"$b\"",
    "'a  b   c'",
    "$\"for $a\"",
    "\\$5",
];

const OPTIONS: &[&str] = &[
    "",
    " --class x --class y",
    " --id 'the id'",
    " --hotkey=x",
    " --unrestricted",
    " --users ''",
    " more words",
    " --nonesuch",
    " -x",
];

/// A configuration with submenus. Each entry has a title, and each menu an entry.
pub(crate) fn menu(random: &mut Random) -> String {
    let mut menu = "export a b\na=A\nb='b b'\n".to_string();
    menu.push_str("function entry { menuentry \"$1 by a function\" \"$2\" { echo x; }; }\n");
    menu.push_str(&items(random, 3));
    menu
}

fn items(random: &mut Random, depth: u32) -> String {
    let mut items = String::new();
    for _ in 0..1 + random.below(4) {
        let title = random.of(TITLES);
        let options = random.of(OPTIONS);
        items.push_str(&match random.below(8) {
            0 | 1 if depth > 0 => {
                let inner = self::items(random, depth - 1);
                format!("submenu {title}{options} {{\n{inner}}}\n")
            }
            2 => format!("entry {title}\n"),
            3 => "for x in 1 2; do menuentry \"Number $x\" { true; }; done\n".to_owned(),
            4 => format!(
                "if {}; then menuentry {title} {{ true; }}; else menuentry other {{ true; }}; fi\n",
                test(random)
            ),
            5 => format!("menuentry{options} {title} --source='echo x'\n"),
            6 => format!("b={title}; menuentry \"$b!\" {{ echo; }}\n"),
            _ => format!("menuentry {title}{options} {{ echo $1; }}\n"),
        });
    }
    items
}

/// A script with a few characters changed.
pub(crate) fn changed(random: &mut Random, script: &str) -> String {
    const PIECES: &[&str] = &[
        "'",
        "\"",
        "\\",
        "$",
        "{",
        "}",
        ";",
        "\n",
        " ",
        "#",
        "|",
        "&",
        "<",
        ">",
        "[[",
        "]]",
        "if",
        "fi",
        "done",
        "do ",
        "then ",
        "else ",
        "elif ",
        "function f {",
        "in ",
        "${",
        "$\"",
        "case ",
        "esac",
        "x",
        "\\\n",
        "!",
    ];
    let mut characters: Vec<char> = script.chars().collect();
    for _ in 0..1 + random.below(3) {
        let at = random.below(characters.len() + 1);
        match random.below(3) {
            0 => {
                let end = (at + 1 + random.below(3)).min(characters.len());
                drop(characters.drain(at..end));
            }
            _ => drop(characters.splice(at..at, random.of(PIECES).chars())),
        }
    }
    characters.into_iter().collect()
}
