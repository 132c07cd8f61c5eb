//! Decides which sections of stage2 go into the overlay.
//!
//! stage2 and its overlay are one program, linked at once, and most functions are not
//! marked as part of either. Only the roots are marked: they are the methods of
//! `boot::overlay::Overlay`, a value that exists only if the overlay has been loaded
//! ([`crate::roots`] finds them in the source). Code and constants that are reached
//! only through the roots go into the overlay; all others stay in stage2.

use anyhow::{Context, Result, ensure};
use goblin::elf::{Elf, Sym};
use std::collections::{BTreeMap, BTreeSet};

/// The type whose methods are the roots, as demangled names begin.
const PROOF: &str = "<boot::overlay::Overlay";

/// Sections that stage2 starts from: its low part, the entry of its image, and the
/// functions that the low part calls.
const STARTS: &[&str] = &[".low.header", ".low.text", ".image.start"];

/// The sections of `object`, which is all of stage2, that go into the overlay.
/// `methods` are the names of the roots in the source.
///
/// # Errors
///
/// A root does not exist, or is not alone in its section; or two sections have the name
/// of a section of the overlay.
pub(crate) fn sections(object: &[u8], methods: &[String]) -> Result<Vec<String>> {
    let elf = Elf::parse(object).context("stage2's object is not ELF")?;
    let graph = Graph::new(&elf);
    graph.has_roots(methods)?;
    let roots = graph.roots()?;
    let starts = graph.starts()?;
    let stage2 = graph.reachable(&starts, &roots);
    let overlay = graph.reachable(&roots, &stage2);
    let mut names: Vec<String> = overlay
        .iter()
        .map(|section| graph.names[*section].to_owned())
        .filter(|name| name.starts_with(".text.") || name.starts_with(".rodata."))
        .collect();
    names.sort();
    for name in &names {
        ensure!(
            graph.names.iter().filter(|other| *other == name).count() == 1,
            "stage2's object has several sections `{name}`, and the linker script tells sections \
             by name: take a #[link_section] away, or give each its own"
        );
    }
    Ok(names)
}

/// The part of the linker script that collects `sections` of the archive's member
/// `object`. Members of other crates may have sections of the same names.
pub(crate) fn script(object: &str, sections: &[String]) -> String {
    let line = |name: &String| format!("*:{object}({name})\n");
    sections.iter().map(line).collect()
}

/// The references between the sections of an object.
struct Graph<'a> {
    names: Vec<&'a str>,
    references: BTreeMap<usize, BTreeSet<usize>>,
    /// Demangled names of functions, and their sections.
    functions: Vec<(String, usize)>,
}

impl<'a> Graph<'a> {
    fn new(elf: &Elf<'a>) -> Self {
        let name = |header: &goblin::elf::SectionHeader| {
            elf.shdr_strtab.get_at(header.sh_name).unwrap_or_default()
        };
        let mut references: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (table, relocations) in &elf.shdr_relocs {
            let from = elf.section_headers[*table].sh_info as usize;
            let symbols = relocations.iter().filter_map(|r| elf.syms.get(r.r_sym));
            let to = symbols.map(|symbol| symbol.st_shndx);
            references.entry(from).or_default().extend(to);
        }
        let function = |symbol: Sym| {
            let name = elf.strtab.get_at(symbol.st_name)?;
            let name = format!("{:#}", rustc_demangle::demangle(name));
            symbol.is_function().then_some((name, symbol.st_shndx))
        };
        Self {
            names: elf.section_headers.iter().map(name).collect(),
            references,
            functions: elf.syms.iter().filter_map(function).collect(),
        }
    }

    /// Fails if a root in the source is not a function of the object.
    fn has_roots(&self, methods: &[String]) -> Result<()> {
        ensure!(
            !methods.is_empty(),
            "the overlay has no roots: no method of boot::overlay::Overlay is in the source"
        );
        let found: BTreeSet<&str> = self.functions.iter().filter_map(|f| method(&f.0)).collect();
        for name in methods {
            ensure!(
                found.contains(name.as_str()),
                "stage2's object has no function Overlay::{name}: mark the method \
                 #[inline(never)], or delete it if nothing calls it"
            );
        }
        Ok(())
    }

    /// The sections of the roots.
    fn roots(&self) -> Result<BTreeSet<usize>> {
        let (roots, others): (Vec<_>, Vec<_>) =
            self.functions.iter().partition(|f| method(&f.0).is_some());
        for (name, section) in others {
            let root = roots.iter().find(|(_, root)| root == section);
            ensure!(
                root.is_none(),
                "`{name}` would be in the overlay, though it needs no Overlay: the compiler made one \
                 function of it and {}. Let one of them call the other",
                root.map_or("a root", |(root, _)| root)
            );
        }
        Ok(roots.iter().map(|(_, section)| *section).collect())
    }

    /// The sections that stage2 starts from.
    fn starts(&self) -> Result<BTreeSet<usize>> {
        let sections = self.names.iter().enumerate();
        let found: BTreeSet<usize> = sections
            .filter(|(_, name)| STARTS.contains(name))
            .map(|(section, _)| section)
            .collect();
        ensure!(
            found.len() == STARTS.len(),
            "stage2's object does not have each of the sections {STARTS:?} once: see STARTS in \
             xtask/src/overlay.rs"
        );
        Ok(found)
    }

    /// All sections that can be reached from `starts`, themselves included, without passing
    /// through `barred`.
    fn reachable(&self, starts: &BTreeSet<usize>, barred: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<usize> = starts.iter().copied().collect();
        while let Some(section) = todo.pop() {
            if !barred.contains(&section) && found.insert(section) {
                todo.extend(self.references.get(&section).into_iter().flatten());
            }
        }
        found
    }
}

/// The name of the method, if a demangled name is that of a method of `Overlay`:
/// `<boot::overlay::Overlay>::name::<T>` or `<boot::overlay::Overlay as T>::name`.
/// Closures in a method are not methods.
pub(crate) fn method(function: &str) -> Option<&str> {
    let after = function.strip_prefix(PROOF)?;
    let path = match after.strip_prefix(" as ") {
        Some(after) => after.get(closing(after)? + 1..)?,
        None => after.strip_prefix('>')?,
    };
    let name = path.strip_prefix("::")?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let (name, rest) = name.split_at(end.unwrap_or(name.len()));
    let rest = match rest.strip_prefix("::<") {
        Some(parameters) => parameters.get(closing(parameters)? + 1..)?,
        None => rest,
    };
    (!name.is_empty() && !rest.starts_with("::")).then_some(name)
}

/// The place in `text` of the bracket that closes the angle bracket in front of `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    // The arrow of a function's type is not a closing bracket.
    for (at, character) in text.char_indices() {
        match character {
            '<' => open += 1,
            '>' if text[..at].ends_with('-') => {}
            '>' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{method, script, sections};
    use object::elf::R_386_PC32;
    use object::write::{
        Object, Relocation, SectionId, Symbol, SymbolFlags, SymbolId, SymbolSection,
    };
    use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind};
    use object::{SymbolKind, SymbolScope};

    #[test]
    fn methods() {
        for (function, expected) in [
            ("<boot::overlay::Overlay>::describe", Some("describe")),
            (
                "<boot::overlay::Overlay>::choose::<stage2::Console, fn(u8) -> u8>",
                Some("choose"),
            ),
            (
                "<boot::overlay::Overlay as stage2::overlay::More<u8>>::power_off",
                Some("power_off"),
            ),
            ("<boot::overlay::Overlay>::choose::<u8>::{closure#0}", None),
            ("<boot::overlay::Overlay>::choose::{closure#0}", None),
            ("<boot::overlay::Overlays>::choose", None),
            ("boot::overlay::load::<boot::overlay::Overlay>", None),
            ("<u8 as core::From<boot::overlay::Overlay>>::from", None),
        ] {
            assert_eq!(method(function), expected, "{function}");
        }
    }

    /// An object under construction.
    struct Builder(Object<'static>);

    impl Builder {
        /// An object with the sections that stage2 starts from.
        fn new() -> (Self, SectionId) {
            let mut builder = Self(Object::new(
                BinaryFormat::Elf,
                Architecture::I386,
                Endianness::Little,
            ));
            builder.section(".low.header");
            builder.section(".image.start");
            let start = builder.section(".low.text");
            (builder, start)
        }

        fn section(&mut self, name: &str) -> SectionId {
            let section = self.0.add_section(vec![], name.into(), SectionKind::Text);
            self.0.append_section_data(section, &[0; 64], 4);
            section
        }

        fn symbol(&mut self, name: &str, section: SectionId) -> SymbolId {
            self.0.add_symbol(Symbol {
                name: name.into(),
                value: 0,
                size: 4,
                kind: SymbolKind::Text,
                scope: SymbolScope::Compilation,
                weak: false,
                section: SymbolSection::Section(section),
                flags: SymbolFlags::None,
            })
        }

        /// A function in a section of its own, which is named by it.
        fn function(&mut self, name: &str) -> (SectionId, SymbolId) {
            let section = self.section(&format!(".text.{name}"));
            (section, self.symbol(name, section))
        }

        fn refers(&mut self, from: SectionId, to: SymbolId) {
            let relocation = Relocation {
                offset: 0,
                symbol: to,
                addend: 0,
                flags: RelocationFlags::Elf { r_type: R_386_PC32 },
            };
            self.0.add_relocation(from, relocation).unwrap();
        }

        /// The sections that go into the overlay, with these roots in the source.
        fn overlay(&self, methods: &[&str]) -> Result<Vec<String>, String> {
            let methods: Vec<String> = methods.iter().map(|&name| name.to_owned()).collect();
            let object = self.0.write().unwrap();
            sections(&object, &methods).map_err(|error| error.to_string())
        }
    }

    /// `Overlay::root`, mangled, and a method of a trait, `Overlay::other`.
    const ROOT: &str = "_RNvMNtCs0_4boot7overlayNtB2_7Overlay4root";
    const OTHER: &str = "_RNvXCs0_6stage2NtNtCs0_4boot7overlay7OverlayNtB2_4More5other";

    #[test]
    fn mangled_roots() {
        let name = |symbol| format!("{:#}", rustc_demangle::demangle(symbol));
        assert_eq!(name(ROOT), "<boot::overlay::Overlay>::root");
        assert_eq!(
            name(OTHER),
            "<boot::overlay::Overlay as stage2::More>::other"
        );
    }

    #[test]
    fn what_only_roots_lead_to_is_the_overlay() {
        let (mut object, start) = Builder::new();
        let (plain, to_plain) = object.function("plain");
        let (root, to_root) = object.function(ROOT);
        let (other, to_other) = object.function(OTHER);
        let (_, to_shared) = object.function("shared");
        let (alone, to_alone) = object.function("alone");
        let (_, to_deep) = object.function("deep");
        object.function("unused");
        let constants = object.section(".rodata.constants");
        let to_constants = object.symbol("constants", constants);
        let statics = object.section(".bss.static");
        let to_static = object.symbol("static", statics);
        object.refers(start, to_plain);
        object.refers(plain, to_root);
        object.refers(plain, to_shared);
        object.refers(root, to_alone);
        object.refers(root, to_shared);
        object.refers(root, to_static);
        object.refers(root, to_plain); // a circle
        object.refers(alone, to_deep);
        object.refers(alone, to_other);
        object.refers(other, to_constants);
        let expected = [
            ".rodata.constants".to_owned(),
            format!(".text.{ROOT}"),
            format!(".text.{OTHER}"),
            ".text.alone".to_owned(),
            ".text.deep".to_owned(),
        ];
        assert_eq!(object.overlay(&["root", "other"]), Ok(expected.to_vec()));
        assert_eq!(
            script("stage2.o", &expected[..1]),
            "*:stage2.o(.rodata.constants)\n"
        );
    }

    /// Asserts that an object whose root leads to a function is refused after `change`, with
    /// a message that has all of `words`.
    #[track_caller]
    fn refused(change: impl FnOnce(&mut Builder, SectionId), methods: &[&str], words: &[&str]) {
        let (mut object, start) = Builder::new();
        let (root, to_root) = object.function(ROOT);
        let (_, to_alone) = object.function("alone");
        object.refers(start, to_root);
        object.refers(root, to_alone);
        assert_eq!(object.overlay(&["root"]).unwrap().len(), 2);
        change(&mut object, root);
        let error = object.overlay(methods).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_placed_is_refused() {
        refused(|_, _| (), &[], &["no method"]);
        refused(
            |_, _| (),
            &["root", "inlined"],
            &["Overlay::inlined", "#[inline(never)]"],
        );
        refused(
            |object, root| {
                object.symbol("like_root", root);
            },
            &["root"],
            &["`like_root`", "<boot::overlay::Overlay>::root", "call"],
        );
        refused(
            |object, _| {
                object.section(".text.alone");
            },
            &["root"],
            &["several sections `.text.alone`", "link_section"],
        );
        refused(
            |object, _| {
                object.section(".low.text");
            },
            &["root"],
            &[".low.text", "STARTS"],
        );
    }
}
