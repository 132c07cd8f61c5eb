//! The proof that the boot loader cannot panic: it contains no instruction for a panic.
//!
//! In the freestanding images a panic is the instruction `ud2` and nothing else
//! (see [`crate::freestanding`]). If the compiler can prove that a check never
//! fails, it leaves out the check and the panic. So a loader without any `ud2` has no panic.

use anyhow::{Result, ensure};

use crate::disassembly::Function;

/// Checks the functions of a linked image.
pub(crate) fn none_in(functions: &[Function]) -> Result<()> {
    let panics = |function: &&Function| {
        let mut instructions = function.instructions.iter();
        instructions.any(|instruction| instruction == "ud2")
    };
    let found: Vec<&str> = functions
        .iter()
        .filter(panics)
        .map(|function| function.name.as_str())
        .collect();
    ensure!(found.is_empty(), "these functions can panic: {found:#?}");
    println!("no panic in {} functions", functions.len());
    Ok(())
}
