//! The instructions of a linked image, function by function, by objdump.

use anyhow::{Context, Result, ensure};
use goblin::elf::Elf;
use goblin::elf::sym::STT_FUNC;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::run::output;

/// A function that the compiler made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Its instructions, in AT&T's syntax.
    pub(crate) instructions: Vec<String>,
}

/// All functions of an ELF file, those of the overlay included.
pub(crate) fn functions(elf: &Path) -> Result<Vec<Function>> {
    packages::ensure(&["objdump"])?;
    let bytes = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let image = Elf::parse(&bytes)?;
    let functions = image
        .syms
        .iter()
        .filter(|symbol| symbol.st_type() == STT_FUNC);
    let places: BTreeMap<u64, u64> = functions
        .map(|symbol| (symbol.st_value, symbol.st_value + symbol.st_size))
        .collect();
    let listing = output(
        Command::new("objdump")
            .args(["-d", "-C", "--no-show-raw-insn"])
            .arg(elf),
    )?;
    let found = parse(&listing, &places);
    ensure!(
        found.len() > 50,
        "only {} functions in {}",
        found.len(),
        elf.display()
    );
    Ok(found)
}

/// The lines of a listing that lie in functions, whose starts and ends are given.
/// Constants lie in the same sections, and objdump shows them as instructions too.
fn parse(listing: &str, places: &BTreeMap<u64, u64>) -> Vec<Function> {
    let mut found: Vec<Function> = Vec::new();
    let mut end = 0;
    for line in listing.lines() {
        // "00020000 <name>:", then "   20000:\tpush   %ebp"
        if let Some((address, name)) = line.split_once(" <").filter(|_| line.ends_with(">:")) {
            let start = u64::from_str_radix(address, 16).ok();
            end = start
                .and_then(|start| places.get(&start).copied())
                .unwrap_or(0);
            if end > 0 {
                found.push(Function {
                    name: name.trim_end_matches(">:").to_owned(),
                    instructions: Vec::new(),
                });
            }
        } else if let Some((address, instruction)) = line.split_once(":\t")
            && let Ok(address) = u64::from_str_radix(address.trim(), 16)
            && let Some(function) = found.last_mut().filter(|_| address < end)
        {
            function.instructions.push(instruction.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Function, parse};

    #[test]
    fn functions_alone_count() {
        let listing = "\n00020000 <boot::one>:\n   20000:\tpush   %ebp\n   20001:\tud2\n   \
            20003:\tcmove  %eax,%ecx\n\n00020010 <boot::two>:\n   20010:\tret\n\n\
            00020020 <TEXTS>:\n   20020:\tud2\n";
        let function = |name: &str, instructions: &[&str]| Function {
            name: name.to_owned(),
            instructions: instructions.iter().map(|&text| text.to_owned()).collect(),
        };
        assert_eq!(
            parse(listing, &[(0x20000, 0x20003), (0x20010, 0x20011)].into()),
            [
                function("boot::one", &["push   %ebp", "ud2"]),
                function("boot::two", &["ret"])
            ]
        );
    }
}
