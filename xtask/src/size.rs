//! `./x size`: the sizes of stage1, stage2 and the overlay, module by module.

use anyhow::{Result, ensure};
use layout::{disk, memory, overlay};
use std::collections::BTreeMap;
use std::ops::Range;

use crate::dist::Loader;
use crate::freestanding::{Image, Symbol};
use crate::overlay::method;

/// Prints the ledger; fails if a part is too large, or if code is linked that must not
/// be.
pub(crate) fn print(loader: &Loader) -> Result<()> {
    let Loader {
        stage1,
        stage2,
        low,
        unpacked,
        overlay_length,
        elf,
        ..
    } = loader;
    let unpacker = elf.symbol("unpack_end")? - elf.symbol("unpack")?;
    let packed = stage2.len() - low;
    let percent = 100.0 * packed as f64 / *unpacked as f64;
    let code = overlay_length - overlay::SIZE;
    println!(
        "stage1       {:6} of {:6} bytes of code",
        stage1.len(),
        disk::STAGE1_CODE
    );
    println!(
        "stage2       {:6} of {:6} bytes, {} free",
        stage2.len(),
        disk::STAGE2_BYTES,
        disk::STAGE2_BYTES.saturating_sub(stage2.len())
    );
    println!("  low part   {low:6}  ({unpacker} of them the unpacker)");
    println!("  packed     {packed:6}  from {unpacked} bytes ({percent:.1} %), which are:");
    print_parts(elf, memory::STAGE2_UNPACKED.start, *unpacked as u32);
    println!(
        "overlay      {:6} of {:6} bytes, {} free, not packed, of which the code is:",
        overlay_length,
        overlay::CHECKSUM_OFFSET,
        overlay::CHECKSUM_OFFSET - overlay_length
    );
    let start = memory::OVERLAY.start + overlay::SIZE as u32;
    print_parts(elf, start, code as u32);
    no_formatting(elf)?;
    loader.check()
}

fn print_parts(elf: &Image, start: u32, size: u32) {
    let mut parts: Vec<_> = parts(elf, start..start + size).into_iter().collect();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (part, size) in parts {
        println!("    {size:6}  {part}");
    }
}

/// Fails if formatting code is linked: it takes kilobytes, and one `unwrap` with a
/// message can bring it in.
fn no_formatting(elf: &Image) -> Result<()> {
    let mut names = elf.symbols.iter().map(|symbol| demangle(&symbol.name));
    let found = names.find(|name| name.contains("core::fmt"));
    ensure!(
        found.is_none(),
        "stage2 contains {}: find what formats (a panic with a message, Debug, write!) and remove it",
        found.unwrap_or_default()
    );
    Ok(())
}

/// The bytes at these addresses by module, and those that belong to no symbol.
fn parts(elf: &Image, range: Range<u32>) -> BTreeMap<String, usize> {
    let inside = |symbol: &&Symbol| symbol.size > 0 && range.contains(&symbol.address);
    // Functions that are equal are one function with several names.
    let mut places = BTreeMap::new();
    for symbol in elf.symbols.iter().filter(inside) {
        places.entry(symbol.address).or_insert(symbol);
    }
    let mut parts = BTreeMap::new();
    for symbol in places.values() {
        *parts.entry(module(&demangle(&symbol.name))).or_default() += symbol.size as usize;
    }
    let named: usize = parts.values().sum();
    parts.insert(
        "(text and constants)".to_owned(),
        range.len().saturating_sub(named),
    );
    parts
}

fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// The module that a function belongs to: two names deep in our own crates, the crate
/// alone for others. The overlay's roots, which are methods of one type, are listed by
/// name.
fn module(function: &str) -> String {
    if let Some(root) = method(function) {
        return format!("Overlay::{root}");
    }
    let path = function.trim_start_matches(['<', '&', '*', '[', '(', ' ']);
    let path = path.trim_start_matches("mut ").trim_start_matches("dyn ");
    let path = path
        .split(['<', '>', ' ', ',', ')', ']'])
        .next()
        .unwrap_or(path);
    let names: Vec<&str> = path.trim_end_matches(':').split("::").collect();
    match names[..] {
        [krate @ ("boot" | "stage2"), module, _, ..] => format!("{krate}::{module}"),
        [krate, ..] => krate.to_owned(),
        [] => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn functions_belong_to_modules() {
        assert_eq!(module("boot::fat::chain::Chain::next"), "boot::fat");
        assert_eq!(module("boot::boot"), "boot");
        assert_eq!(
            module("<stage2::disk::Disk as boot::machine::Disk>::read"),
            "stage2::disk"
        );
        assert_eq!(
            module("<&mut boot::settings::conf::Conf as core::ops::Drop>::drop"),
            "boot::settings"
        );
        assert_eq!(module("core::slice::sort::merge::<u8>"), "core");
        assert_eq!(module("memcpy"), "memcpy");
        assert_eq!(
            module("<boot::overlay::Overlay>::choose::<stage2::console::Console>"),
            "Overlay::choose"
        );
    }
}
