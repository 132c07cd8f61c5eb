//! The proof that the boot loader cannot panic: there is no instruction for it.
//!
//! In the freestanding images a panic is the instruction `ud2` and nothing else
//! (see [`crate::freestanding`]). Where the compiler could show that a check never
//! fails, it left out both. So a loader without any `ud2` has no panic.

use anyhow::{Context, Result, ensure};
use goblin::elf::Elf;
use goblin::elf::sym::STT_FUNC;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::run::output;

/// Checks the functions of a linked image.
pub(crate) fn none_in(elf: &Path) -> Result<()> {
    packages::ensure(&["objdump"])?;
    let bytes = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let image = Elf::parse(&bytes)?;
    // Constants lie in the same sections, and any bytes are some instruction.
    let functions: BTreeSet<u64> = image
        .syms
        .iter()
        .filter(|symbol| symbol.st_type() == STT_FUNC)
        .map(|symbol| symbol.st_value)
        .collect();
    let listing = output(
        Command::new("objdump")
            .args(["-d", "-C", "--no-show-raw-insn"])
            .arg(elf),
    )?;
    let (panics, seen) = panics(&listing, &functions);
    ensure!(seen > 50, "only {seen} functions in {}", elf.display());
    ensure!(panics.is_empty(), "can panic: {panics:#?}");
    println!("no panic in {seen} functions");
    Ok(())
}

/// How many panics each function has that has any, and the number of functions.
fn panics<'l>(listing: &'l str, functions: &BTreeSet<u64>) -> (BTreeMap<&'l str, u32>, usize) {
    let (mut found, mut seen) = (BTreeMap::new(), 0);
    let mut function = None;
    for line in listing.lines() {
        // "00020000 <name>:"
        if let Some((address, name)) = line.split_once(" <").filter(|_| line.ends_with(">:")) {
            let address = u64::from_str_radix(address, 16).ok();
            let known = address.is_some_and(|address| functions.contains(&address));
            function = known.then(|| name.trim_end_matches(">:"));
            seen += usize::from(known);
        } else if let (Some(name), Some("ud2")) = (function, line.split('\t').nth(1).map(str::trim))
        {
            *found.entry(name).or_default() += 1;
        }
    }
    (found, seen)
}

#[cfg(test)]
mod tests {
    use super::panics;

    #[test]
    fn functions_alone_count() {
        let listing = "\n00020000 <boot::one>:\n   20000:\tpush   ebp\n   20001:\tud2\n\n\
            00020010 <boot::two>:\n   20010:\tret\n\n00020020 <TEXTS>:\n   20020:\tud2\n";
        let (found, seen) = panics(listing, &[0x20000, 0x20010].into());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("boot::one", 1)]);
        assert_eq!(seen, 2);
    }
}
