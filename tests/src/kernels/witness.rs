//! A kernel for BIOS and UEFI that reports how it was started. A BIOS loader starts the
//! probe in it, UEFI starts the program `witness.s`, which follows the probe in the file.

use super::efi;
use super::probe::Kernel;
use crate::tool::{command, run};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;

/// The kernel's file.
pub fn kernel() -> Result<Vec<u8>> {
    let probe = Kernel::load()?.bytes();
    Ok(efi::program(probe, &[(".text", &program()?)]))
}

/// The kernel in a unified kernel image, with these sections after its own.
pub fn image(sections: &[(&str, &str)]) -> Result<Vec<u8>> {
    let (program, probe) = (program()?, Kernel::load()?.bytes());
    let mut all = vec![(".text", &program[..]), (".linux", &probe)];
    all.extend(sections.iter().map(|(name, text)| (*name, text.as_bytes())));
    Ok(efi::program(Vec::new(), &all))
}

/// The program for UEFI, assembled.
fn program() -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let at = |name: &str| directory.path().join(name);
    fs::write(at("witness.s"), include_str!("witness.s"))?;
    run(command("as")
        .arg("--64")
        .arg(at("witness.s"))
        .arg("-o")
        .arg(at("object")))?;
    run(command("objcopy")
        .args(["-O", "binary", "-j", ".text"])
        .arg(at("object"))
        .arg(at("program")))?;
    Ok(fs::read(at("program"))?)
}

/// The program's report: the loader's variables, and `LoadOptions`.
#[derive(Clone, Debug)]
pub struct Testimony(BTreeMap<String, Vec<u16>>);

impl Testimony {
    /// Finds the report in the output on the serial line.
    pub fn parse(serial: &str) -> Result<Self> {
        let said = serial.split_once("\nWITNESS\n");
        let said = said.and_then(|(_, said)| said.split_once("\nEND\n"));
        let (said, _) = said.with_context(|| format!("nothing was witnessed:\n{serial}"))?;
        let value = |digits: &str| -> Result<Vec<u16>> {
            let words = digits.as_bytes().chunks_exact(4);
            words
                .map(|word| {
                    let word = u16::from_str_radix(std::str::from_utf8(word)?, 16)?;
                    Ok(word.swap_bytes())
                })
                .collect()
        };
        let lines = said.lines().filter_map(|line| line.split_once('='));
        let values = lines.map(|(name, digits)| Ok((name.to_owned(), value(digits)?)));
        Ok(Self(values.collect::<Result<_>>()?))
    }

    /// The texts of a variable, which are separated by zeros.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let value = self.0.get(name).map_or(&[][..], Vec::as_slice);
        let value = value.strip_suffix(&[0]).unwrap_or(value);
        let texts = value.split(|&unit| unit == 0);
        let texts = texts.map(String::from_utf16_lossy);
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// The first of them.
    pub fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }
}
