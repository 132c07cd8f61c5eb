//! Made-up crates.

use std::path::{Path, PathBuf};

use super::graph::circles;
use super::problems_of;
use super::tree::Tree;

/// A crate of files by their paths, the first of which is the root.
fn tree(files: &[(&str, &str)]) -> Tree {
    let read = |path: &Path| {
        let mut found = files.iter().filter(|(name, _)| Path::new(name) == path);
        found.next().map(|(_, source)| (*source).to_owned())
    };
    Tree::read(Path::new(files[0].0), &read).unwrap()
}

/// The circles: the folder of each, and its modules in order.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let circles = circles(&tree(files));
    circles
        .iter()
        .map(|circle| {
            let names: Vec<&str> = circle.links.iter().map(|(from, ..)| &**from).collect();
            format!("{}: {}", circle.folder.join("::"), names.join(" "))
        })
        .collect()
}

#[test]
fn one_way_is_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; fn f() { a::f(); b::f() }"),
        (
            "a.rs",
            "use crate::b; use super::b::g; pub fn f() { b::f(); g() }",
        ),
        ("b.rs", "pub fn f() {} pub fn g() {}"),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn siblings_by_every_kind_of_path() {
    let root = ("lib.rs", "mod a; mod b;");
    let a = ("a.rs", "use crate::b::B; pub struct A;");
    for b in [
        "use crate::a::A; pub struct B;",
        "use super::a::{A}; pub struct B;",
        "use super::a as other; pub struct B; fn f() -> Option<other::A> { None }",
        "use super::a::*; pub struct B; fn f(_: A) {}",
        "pub struct B(crate::a::A);",
        "pub struct B; impl From<super::a::A> for B {}",
        "pub struct B; fn f() { use super::a::A; }",
        "pub struct B; fn f() { println!(\"{}\", self::super::a::A) }",
        "pub struct B; macro_rules! m { () => { $crate::a::A } }",
        "pub struct B; mod inner { use super::super::a::A; }",
        // Both at once: an item that is not only for tests counts.
        "pub struct B; #[cfg(any(test, feature = \"x\"))] use crate::a::A;",
    ] {
        assert_eq!(found(&[root, a, ("b.rs", b)]), [": a b"], "{b}");
    }
}

#[test]
fn what_is_no_import() {
    let root = ("lib.rs", "mod a; mod b;");
    let a = ("a.rs", "use crate::b::B; pub struct A; pub mod deep {}");
    for b in [
        "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
        "pub struct B; #[cfg(test)] use crate::a::A;",
        "pub struct B; #[cfg(all(test, unix))] fn f() { crate::a::A; }",
        "pub struct B; impl B { #[cfg(test)] fn f() { crate::a::A; } }",
        "pub struct B; /// See [`crate::a::A`].\n fn f() {}",
        "pub struct B; fn f() { let a = 1; ::a::A; other::a::A; }",
        "pub struct B; use a::A; use serde::a;",
        "pub struct B; fn f(a: Other) { a.A(); }",
    ] {
        assert_eq!(found(&[root, a, ("b.rs", b)]), [""; 0], "{b}");
    }
}

#[test]
fn a_file_of_tests_is_not_read() {
    let files = [
        ("lib.rs", "mod a; #[cfg(test)] mod a_tests;"),
        ("a.rs", ""),
        // There is no file `a_tests.rs`.
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn folders_are_one_on_their_level() {
    let files = [
        ("src/main.rs", "mod fat; mod gpt;"),
        ("src/fat/mod.rs", "pub mod chain; mod name;"),
        ("src/fat/chain.rs", "pub fn f() { super::name::f() }"),
        ("src/fat/name.rs", "use crate::gpt::G; pub fn f() {}"),
        (
            "src/gpt.rs",
            "pub struct G; fn f() { crate::fat::chain::f() }",
        ),
    ];
    assert_eq!(found(&files), [": fat gpt"]);
}

#[test]
fn the_file_of_a_folder() {
    fn files(own: &str, child: &str) -> Vec<String> {
        found(&[
            ("lib.rs", "mod menu;"),
            ("menu/mod.rs", own),
            ("menu/keys.rs", child),
            ("menu/page.rs", "pub struct Page;"),
        ])
    }
    let uses = "mod keys; mod page; pub struct M; fn f() { keys::f() }";
    let shows = "mod keys; mod page; pub struct M; pub use keys::f;";
    let both = "mod keys; mod page; pub struct M; pub use keys::f; fn g() { f() }";
    let child = "use super::M; pub fn f() {}";
    assert_eq!(files(uses, "pub fn f() {}"), [""; 0]);
    assert_eq!(files(uses, child), ["menu:  keys"]);
    // A re-export of a folder's module is not a use.
    assert_eq!(files(shows, child), [""; 0]);
    assert_eq!(files(both, child), ["menu:  keys"]);
}

#[test]
fn re_exports_lead_to_the_file_that_defines() {
    fn files(keys: &str) -> Vec<String> {
        found(&[
            ("lib.rs", "mod menu; pub use menu::Page;"),
            (
                "menu/mod.rs",
                "mod keys; mod page; pub use self::page::{Page, Page as Sheet}; fn f() { keys::f() }",
            ),
            ("menu/keys.rs", keys),
            (
                "menu/page.rs",
                "pub struct Page; fn f() { super::keys::f() }",
            ),
        ])
    }
    // Not the folder's own file, which uses `keys`, but `page`, which does too.
    for path in [
        "super::Page",
        "super::Sheet",
        "crate::Page",
        "crate::menu::Page",
    ] {
        let keys = format!("use {path}; pub fn f() {{}}");
        assert_eq!(files(&keys), ["menu: keys page"], "{path}");
    }
}

#[test]
fn modules_that_re_export_each_other() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub use super::b::*; fn f(_: Nowhere) {}"),
        ("b.rs", "pub use super::a::*;"),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn circles_of_three_and_two_beside_each_other() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        ("a.rs", "pub fn f() { super::b::f() }"),
        ("b.rs", "pub fn f() { super::c::f() }"),
        ("c.rs", "pub fn f() { super::a::f(); super::d::f() }"),
        ("d.rs", "pub fn f() { super::e::f() }"),
        ("e.rs", "pub fn f() { super::d::f() }"),
    ];
    assert_eq!(found(&files), [": d e", ": a b c"]);
}

#[test]
fn what_is_printed() {
    let tree = tree(&[
        ("/x/boot/src/lib.rs", "mod menu;"),
        (
            "/x/boot/src/menu.rs",
            "mod keys;\npub struct M;\nfn f() {\n    keys::f()\n}",
        ),
        (
            "/x/boot/src/menu/keys.rs",
            "use super::M;\n\npub fn f(_: super::M) {}",
        ),
    ]);
    let problems = problems_of(&tree, Path::new("/x"));
    let expected = "a circle of imports in boot/src/lib.rs, menu: move what both sides need to a module of its own
  its mod.rs imports `keys`
    boot/src/menu.rs:4: keys::f
  `keys` imports its mod.rs
    boot/src/menu/keys.rs:1: super::M
    boot/src/menu/keys.rs:3: super::M";
    assert_eq!(problems, [expected]);
}

#[test]
fn long_modules() {
    let code = "fn f() {}\n".repeat(500);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let root = ("lib.rs", "mod a;");
    let of = |source: &str| problems_of(&tree(&[root, ("a.rs", source)]), Path::new(""));
    assert_eq!(of(&code), [""; 0]);
    assert_eq!(of(&(code.clone() + &tests)), [""; 0]);
    let problems = of(&(code + "fn g() {}\n"));
    assert_eq!(
        problems,
        ["a.rs: 501 lines without tests, 500 are allowed: split it by what it is about"]
    );
}

#[test]
fn where_a_module_s_file_lies() {
    let files = [
        ("lib.rs", "mod a; #[path = \"elsewhere.rs\"] mod b;"),
        ("a.rs", "mod deep;"),
        ("a/deep.rs", ""),
        ("elsewhere.rs", ""),
    ];
    let files: Vec<PathBuf> = tree(&files).modules.into_iter().map(|it| it.file).collect();
    assert_eq!(
        files,
        ["lib.rs", "a.rs", "a/deep.rs", "elsewhere.rs"].map(PathBuf::from)
    );
}
