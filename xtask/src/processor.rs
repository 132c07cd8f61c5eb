//! The check that stage1, stage2 and the overlay run on a 486: of every
//! instruction it is known that those processors have it.
//!
//! The compiler's functions are disassembled. Assembly, which changes between
//! 16 and 32 bits as it goes, is read as it is written.
//!
//! One instruction more is allowed: `cpuid`, which asks for a processor that runs
//! 64-bit kernels. Later 486s have it, and its function must try the flag that
//! tells whether it is there.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

use crate::disassembly::Function;
use crate::workspace::Workspace;

/// Where the assembly of the loader lies.
const SOURCES: [&str; 2] = ["stage1/src", "stage2/src"];

/// What the loader uses of a 486's instructions, without a letter for the size.
/// (All of them are a 386's, but for `bswap` and `cmpxchg`.) Nothing of the floating-point unit,
/// which a 486SX lacks.
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
        // Where the flag was not tried, it would be an instruction like others.
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
    ensure!(wrong.is_empty(), "not for a 486: {wrong:#?}");
    println!("{count} instructions, all for a 486");
    Ok(())
}

/// Looks through a file of assembly; gives the number of its instructions.
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
        // A segment's colon stands behind its instruction.
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
        // With operands it is a later one.
        Some("nop") => words.next().is_none(),
        // Prefixes alone, at the end of a line.
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
