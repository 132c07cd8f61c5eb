//! The check that stage1, stage2 and the overlay run on a 486: every instruction must be
//! in a list of instructions that all 486s have.
//!
//! The compiler's functions are disassembled. Assembly changes between 16 and 32 bits on
//! its way, so its source is read instead.
//!
//! One more instruction is allowed: `cpuid`, by which the loader asks for a processor
//! that runs 64-bit kernels. Only later 486s have `cpuid`, so its function must test the
//! ID flag first.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

use crate::disassembly::Function;
use crate::workspace::Workspace;

/// The files with the loader's assembly.
const SOURCES: [&str; 2] = ["stage1/src", "stage2/src"];

/// The instructions of a 486 that the loader uses, without a letter for the size. (A 386
/// has all of them except `bswap` and `cmpxchg`.) No instruction of the floating-point
/// unit is among them, because a 486SX lacks that unit.
const INSTRUCTIONS: &[&str] = &[
    "adc", "add", "and", "bsf", "bsr", "bswap", "bt", "call", "cld", "cli", "cmp", "cmps",
    "cmpxchg", "dec", "div", "hlt", "idiv", "imul", "in", "inc", "int", "int3", "iret", "lcall",
    "lea", "lgdt", "lidt", "ljmp", "lods", "loop", "lret", "mov", "movs", "movsb", "movsw",
    "movzb", "movzw", "mul", "neg", "nop", "not", "or", "out", "pop", "popa", "popf", "push",
    "pusha", "pushf", "rcl", "rcr", "ret", "rol", "ror", "sar", "sbb", "scas", "shl", "shld",
    "shr", "shrd", "sidt", "std", "sti", "stos", "sub", "test", "xchg", "xor",
];

/// Prefixes, which stand in front of an instruction.
const PREFIXES: &[&str] = &[
    "addr16", "addr32", "cs", "data16", "data32", "ds", "es", "fs", "gs", "lock", "rep", "repnz",
    "repz", "ss",
];

/// Checks the functions of a linked image.
pub(crate) fn check(workspace: &Workspace, functions: &[Function]) -> Result<()> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for function in functions {
        count += function.instructions.len();
        let other = function.instructions.iter().filter(|text| !is_known(text));
        // If the function does not test the flag, `cpuid` is refused.
        let has_flag = function
            .instructions
            .iter()
            .any(|text| text.starts_with("popf"));
        let other = other.filter(|text| !(has_flag && text.as_str() == "cpuid"));
        wrong.extend(other.map(|text| format!("{}: {text}", function.name)));
    }
    for directory in SOURCES {
        for file in fs::read_dir(workspace.root.join(directory))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "s") {
                count += assembly(&path, &mut wrong)?;
            }
        }
    }
    ensure!(
        wrong.is_empty(),
        "a 486 may lack these instructions: {wrong:#?}"
    );
    println!("{count} instructions, all for a 486");
    Ok(())
}

/// Checks a file of assembly. Returns the number of its instructions.
fn assembly(path: &Path, wrong: &mut Vec<String>) -> Result<usize> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let written = text.lines().filter_map(instruction);
    let mut count = 0;
    for text in written {
        count += 1;
        if !is_known(text) {
            wrong.push(format!("{}: {text}", path.display()));
        }
    }
    ensure!(count > 10, "no assembly in {}", path.display());
    Ok(count)
}

/// The instruction in a line of assembly: no label, directive or comment.
fn instruction(line: &str) -> Option<&str> {
    let text = line.split('#').next()?.trim();
    let text = match text.split_once(':') {
        // In `%ss:`, the colon follows a segment, not a label.
        Some((label, rest)) if !label.contains([' ', '\t']) => rest.trim(),
        _ => text,
    };
    (!text.is_empty() && !text.starts_with(['.', '"'])).then_some(text)
}

/// True for an instruction that every 486 has.
fn is_known(text: &str) -> bool {
    let words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let mut words = words.skip_while(|word| PREFIXES.contains(word));
    match words.next() {
        // With operands this is an instruction of later processors.
        Some("nop") => words.next().is_none(),
        // A line with only prefixes.
        None => true,
        Some(word) => {
            let whole = INSTRUCTIONS.contains(&word);
            let sized = word.strip_suffix(['b', 'w', 'l']);
            let sized = sized.filter(|word| *word != "nop");
            let conditional = word.starts_with('j') || word.starts_with("set");
            whole || conditional || sized.is_some_and(|word| INSTRUCTIONS.contains(&word))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{instruction, is_known};

    #[test]
    fn instructions_of_a_486() {
        for known in [
            "mov    %eax,%ecx",
            "movzbl (%eax),%ecx",
            "movl   $0x1,0x8(%esp)",
            "rep movsb %ds:(%esi),%es:(%edi)",
            "repz cmpsb %es:(%edi),%ds:(%esi)",
            "jne    20010 <boot::one+0x10>",
            "setae  %al",
            "bswap  %eax",
            "lock cmpxchg %cl,0x27000",
            "nop",
            "data16 data16",
        ] {
            assert!(is_known(known), "{known}");
        }
        for other in [
            "cmovne %eax,%ecx",
            "cmpxchg8b (%eax)",
            "cpuid",
            "endbr32",
            "fldl   (%eax)",
            "movaps %xmm0,(%eax)",
            "nopl   0x0(%eax)",
            "nopw   %cs:0x0(%eax,%eax,1)",
            "pause",
            "popcnt %eax,%eax",
            "rdtsc",
            "sysenter",
            "ud2",
            "(bad)",
        ] {
            assert!(!is_known(other), "{other}");
        }
    }

    #[test]
    fn lines_of_assembly() {
        for (line, expected) in [
            ("start:", None),
            ("1:  cli", Some("cli")),
            (
                "    movw    %es:(%di), %ax  # the place",
                Some("movw    %es:(%di), %ax"),
            ),
            ("    .word 5", None),
            ("# a comment: so", None),
            ("    rep stosb", Some("rep stosb")),
        ] {
            assert_eq!(instruction(line), expected);
        }
    }
}
