//! What scripts print.

use super::disk;

/// What a script prints.
fn run(script: &str) -> String {
    let (memory, at) = disk("", &["/boot/a.cfg", "/boot/b.cfg", "/boot/c.txt"]);
    super::super::run(&memory, &at, script).0
}

use alloc::string::String;

#[test]
fn words() {
    for (script, output) in [
        ("echo a  b", "a b\n"),
        ("echo 'a  b' \"c  d\"", "a  b c  d\n"),
        ("x=' a  b '; echo x$x.y \"x${x}y\"", "xa b.y x a  b y\n"),
        (
            "echo a\\ b \\$x '\\$x' \"\\$x\" \"\\n\"",
            "a b $x \\$x $x \\n\n",
        ),
        ("echo \"\" $none '' x$none", "  x\n"),
        ("echo $# $* $@ $1 x", "x\n"),
        (
            "function f { echo $# $1 \"$@\" \"$*\"; }; f a 'b c'",
            "2 a a b c a b c\n",
        ),
        (
            "function f { for x in \"$@\"; do echo $x; done; }; f a 'b c'",
            "a\nb c\n",
        ),
        ("echo if then in do", "if then in do\n"),
        ("echo a#b #c", "a#b\n"),
        ("echo a\\\nb \\\n c", "ab c\n"),
        ("echo 'a\nb'", "a\nb\n"),
        ("x=5; echo $\"n $x \\$x $y\"", "n 5 $x \n"),
        ("echo -n a; echo -e 'b\\tc\\n\\\\'", "ab\tc\n\\\n"),
        ("echo a -n", "a -n\n"),
        (
            "echo /boot/*.cfg /boot/?.txt /none/* '/boot/*'",
            "/boot/a.cfg /boot/b.cfg /boot/c.txt /none/* /boot/*\n",
        ),
        (
            "x='/boot/*.txt'; echo $x \"$x\"",
            "/boot/c.txt /boot/*.txt\n",
        ),
        ("set x=1 y=2; echo $x$y", "1\n"),
        (
            "root=(hd0,gpt2); echo $root ($root)/x",
            "hd0,gpt2 (hd0,gpt2)/x\n",
        ),
    ] {
        assert_eq!(run(script), output, "{script}");
    }
}

#[test]
fn conditions_and_loops() {
    for (script, output) in [
        ("if true; then echo a; else echo b; fi", "a\n"),
        ("if false; then echo a; elif true; then echo c; fi", "c\n"),
        ("if ! true; then echo a; else echo b; fi", "b\n"),
        ("if [ a = b -o ! ( c = d ) ]; then echo y; fi", "y\n"),
        (
            "for x in a b c; do if [ $x = b ]; then continue; fi; echo $x; done",
            "a\nc\n",
        ),
        (
            "for x in a b; do for y in 1 2; do echo $x$y; break 2; done; done; echo z",
            "a1\nz\n",
        ),
        (
            "x=aaa; while [ -n \"$x\" ]; do echo $x; regexp --set x '^a(.*)$' $x; done",
            "aaa\naa\na\n",
        ),
        ("until [ x$x = xok ]; do x=ok; echo u; done", "u\n"),
        (
            "function f { return 3; echo no; }; f; echo $?",
            "error: false.\n3\n",
        ),
        (
            "function f { shift; echo $1; setparams x y z; echo $# $2; }; f a b",
            "b\n3 y\n",
        ),
        (
            "eval echo 'Hello  world'; n=t; eval $n=hi; echo $t",
            "Hello world\nhi\n",
        ),
        (
            "if nonesuch; then echo yes; fi",
            "error: can't find command `nonesuch'.\nyes\n",
        ),
        ("f; function f { echo early; }", "early\n"),
        ("a=(\necho next", "next\n"),
    ] {
        // GRUB itself has no `(` in its grammar either: it is a character.
        assert_eq!(run(script), output, "{script}");
    }
}

#[test]
fn tests() {
    for (expression, value) in [
        ("a = a", true),
        ("a == b", false),
        ("a '<' b", true),
        ("10 -gt 9", true),
        ("-3 -lt 2", true),
        ("0x10 -eq 16", true),
        ("vmlinuz-2 -plt vmlinuz-11", true),
        ("-z ''", true),
        ("-n ''", false),
        ("! -e /boot/a.cfg", false),
        ("-f /boot/a.cfg -a -d /boot", true),
        ("-s /boot/a.cfg", true),
        ("-e (hd0,gpt2)/boot/", true),
        ("-e (hd5)/boot", false),
        ("", false),
        ("x", true),
        ("a = b -o c", true),
        ("/boot/a.cfg -nt /none", true),
    ] {
        let script = alloc::format!("if [ {expression} ]; then echo 1; else echo 0; fi");
        let script_output = run(&script);
        // GRUB's `[ ]` is true: nothing in it is false.
        let expected = match (expression, value) {
            ("", _) | (_, true) => "1\n",
            _ => "0\n",
        };
        assert_eq!(script_output, expected, "{expression}");
    }
}

#[test]
fn syntax() {
    use super::super::check;
    for script in [
        "",
        "a;b",
        "a;\n\nb;",
        "if a\nthen b\nfi",
        "function f\n{\na\n}",
        "menuentry x { a }",
        "menuentry x {\n\na;\n}",
        "for x in\ndo a; done",
        "echo \"\\$\" '$' a$x${y}$1${@}",
        "[[a b",
        "# '",
        "if a; then b; elif c; then d; else e; fi",
    ] {
        assert_eq!(check(script), Ok(()), "{script}");
    }
    for (script, line) in [
        (";", 1),
        ("a;;b", 1),
        ("a | b", 1),
        ("a & b", 1),
        ("a > b", 1),
        ("a\nb {\n}", 3),
        ("function f { a }", 1),
        ("if a; then fi", 1),
        ("then", 1),
        ("echo $", 1),
        ("echo \"$\"", 1),
        ("echo ${x", 1),
        ("echo 'x", 1),
        ("[[ a", 1),
        ("a\n{ b }", 2),
        ("a }", 1),
        ("a { b; ", 2),
    ] {
        let error = check(script).unwrap_err();
        assert!(error.line <= line.max(2), "{script}: {error:?}");
    }
}
