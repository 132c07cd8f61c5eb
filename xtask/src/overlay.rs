//! What of stage2 goes into the overlay.
//!
//! stage2 and its overlay are one program, linked at once; nobody marks where a
//! function belongs. Named are only the [`ROOTS`]: functions that are called
//! only when the overlay has been loaded. What they alone lead to, code and
//! constants alike, is the overlay; what anything else leads to is stage2.

use anyhow::{Context, Result, ensure};
use goblin::elf::{Elf, Sym};
use std::collections::{BTreeMap, BTreeSet};

/// The functions through which the overlay is entered, as paths without generic
/// parameters. Each takes a `boot::overlay::Overlay`, which
/// proves that the overlay is in memory, and is never inlined.
const ROOTS: &[&str] = &["boot::overlay::Overlay::", "stage2::power::power_off"];

/// Sections that stage2 starts from: its low part, the entry of its image, and
/// what the low part calls.
const STARTS: &[&str] = &[".low.header", ".low.text", ".image.start"];

/// The sections of `object`, which is all of stage2, that go into the overlay.
///
/// # Errors
/// A root is not there: it was inlined, or is called no more.
pub(crate) fn sections(object: &[u8]) -> Result<Vec<String>> {
    let elf = Elf::parse(object).context("stage2's object is not ELF")?;
    let graph = Graph::new(&elf);
    let mut roots = BTreeSet::new();
    for root in ROOTS {
        let found = graph.functions(root);
        ensure!(
            !found.is_empty(),
            "no function `{root}` in stage2: mark it #[inline(never)], or take it off the list in \
             xtask/src/overlay.rs"
        );
        roots.extend(found);
    }
    let starts = graph.sections_named(STARTS);
    let stage2 = graph.reachable(&starts, &roots);
    let overlay = graph.reachable(&roots, &stage2);
    let mut names: Vec<String> = overlay
        .union(&roots)
        .map(|section| graph.names[*section].to_owned())
        .filter(|name| name.starts_with(".text.") || name.starts_with(".rodata."))
        .collect();
    names.sort();
    Ok(names)
}

/// The part of the linker script that collects `sections`.
pub(crate) fn script(sections: &[String]) -> String {
    let line = |name: &String| format!("*({name})\n");
    sections.iter().map(line).collect()
}

/// Which section of an object refers to which.
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

    /// The sections of the functions of this path, all their instances.
    fn functions(&self, path: &str) -> BTreeSet<usize> {
        let found = self
            .functions
            .iter()
            .filter(|(name, _)| plain(name).starts_with(path));
        found.map(|(_, section)| *section).collect()
    }

    fn sections_named(&self, names: &[&str]) -> BTreeSet<usize> {
        let found = self.names.iter().enumerate();
        let found = found.filter(|(_, name)| names.contains(name));
        found.map(|(section, _)| section).collect()
    }

    /// All that `starts` lead to, themselves included, on ways that do not pass
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

/// A demangled name without generic parameters, and without the angle brackets
/// around the type of a method.
fn plain(name: &str) -> String {
    let mut depth = 0_i32;
    let mut plain = String::new();
    for character in name.trim_start_matches('<').chars() {
        match character {
            '<' => depth += 1,
            '>' if depth > 0 => depth -= 1,
            '>' => {}
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain.trim_end_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_without_parameters() {
        assert_eq!(
            plain("<boot::uki::Companions<stage2::Disk, stage2::Ram<u8>>>::initrds"),
            "boot::uki::Companions::initrds"
        );
        assert_eq!(
            plain("boot::menu::run::<stage2::Console>"),
            "boot::menu::run"
        );
        assert_eq!(
            plain("<boot::settings::state::State>::read::<stage2::Disk>"),
            "boot::settings::state::State::read"
        );
    }
}
