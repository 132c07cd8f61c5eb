//! GRUB's language: lexer and parser. An input is a script.

use menus::grub;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let script = String::from_utf8_lossy(data);
    let lines = script.lines().count();
    if let Err(error) = grub::check(&script) {
        let line = usize::try_from(error.line).unwrap();
        assert!((1..=lines.max(1)).contains(&line), "line {line} of {lines}");
    }
    // What follows a script that is right is judged alone.
    if grub::check(&script).is_ok() && !script.is_empty() {
        let longer = format!("{script}\ntrue\n");
        assert_eq!(grub::check(&longer), Ok(()));
        let wrong = format!("{script}\n}}\n");
        assert!(grub::check(&wrong).is_err());
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let scripts = [
        "function f { for x in $* \"$@\" '$x'; do if [ $x = a ]; then continue; elif b; then c; else d; fi; done; }\n",
        "submenu 'a' --id b {\n menuentry \"c $d\" {\n  linux /k root=${e} \\\n x\n }\n}\n",
        "while true; do break; done; until ! a; do b; done # c\n",
        "x='a\nb' ; echo $\"a $x\" \\$ \\' a\\\nb ${1} $? $#\n",
        "if\na\nthen\n\nb;\n\nfi",
    ];
    scripts.map(|script| script.as_bytes().to_vec()).to_vec()
}
