//! `bootloader_emu`: the boot loader as a program. See the usage below.

#![forbid(unsafe_code)]

use boot::{Ending, Handoff};
use emu::Machine;
use emu::console::Terminal;
use emu::disk::FileDisk;
use emu::memory::{ModelMemory, SMALLEST};
use emu::script::Keystroke;
use lexopt::prelude::*;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: bootloader_emu [OPTIONS] DISK

Runs gapboot's boot loader over DISK, an image file or a block device, up to
the jump into the kernel, and prints the data that the kernel would get.

Options:
  --json        print the handoff as one JSON object
  --memory MIB  memory of the machine (1024)
  --entry ID    boot this entry
  --keys KEYS   type KEYS at the menu: words with commas between them, such as
                down,enter or e,end, quiet,enter. Words that name no key are
                typed as they stand; wait lets a second pass. More keys: up left
                right home end pageup pagedown esc backspace delete f1 space
                comma ctrl-LETTER alt-LETTER
  --screen      print the screen as it is after the last of these keys
  --trace       print every disk access on standard error
  --write       let the loader write to DISK, which never changes otherwise
  --help        print this
";

struct Options {
    json: bool,
    memory: u32,
    entry: Option<String>,
    keys: Vec<Keystroke>,
    screen: bool,
    trace: bool,
    write: bool,
    disk: PathBuf,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("bootloader_emu: {error}. Try --help.");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bootloader_emu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line, or `None` if it asks for the usage.
fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        json: false,
        memory: 1024,
        entry: None,
        keys: Vec::new(),
        screen: false,
        trace: false,
        write: false,
        disk: PathBuf::new(),
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("json") => options.json = true,
            Long("memory") => {
                options.memory = arguments.value()?.parse()?;
                if options.memory < SMALLEST {
                    return Err(format!("--memory takes at least {SMALLEST} MiB").into());
                }
            }
            Long("entry") => options.entry = Some(arguments.value()?.string()?),
            Long("keys") => options.keys = emu::script::parse(&arguments.value()?.string()?)?,
            Long("screen") => options.screen = true,
            Long("trace") => options.trace = true,
            Long("write") => options.write = true,
            Long("help") => return Ok(None),
            Value(disk) if options.disk.as_os_str().is_empty() => options.disk = disk.into(),
            argument => return Err(argument.unexpected()),
        }
    }
    if options.disk.as_os_str().is_empty() {
        return Err("DISK is missing".into());
    }
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), String> {
    let disk = FileDisk::open(&options.disk, options.write);
    let mut disk = disk.map_err(|error| format!("{}: {error}", options.disk.display()))?;
    disk.trace = options.trace;
    let mut machine = Machine {
        disk,
        memory: ModelMemory::new(options.memory),
        console: Terminal::new(options.keys.clone()),
    };
    let booted = boot(&mut machine, options.entry.as_deref());
    let mut printed = String::new();
    if options.screen {
        printed += &machine.console.screen();
        printed += "\n";
    }
    let report =
        booted.and_then(|(id, handoff)| emu::report::report(&id, &handoff, &machine.memory));
    match &report {
        Ok(report) if options.json => printed += &format!("{report:#}\n"),
        Ok(report) if !options.screen => printed += &for_people(report),
        _ => {}
    }
    // A reader that stops reading has seen enough.
    let _ = std::io::stdout().write_all(printed.as_bytes());
    report.map(drop)
}

/// Boots `entry`, or the default entry, and returns its id with the handoff.
///
/// # Errors
/// The loader's last message, or that the menu was left without a boot.
fn boot(machine: &mut Machine, entry: Option<&str>) -> Result<(String, Handoff), String> {
    let mut workspace = Box::new(boot::Workspace::EMPTY);
    let wish = entry.map(str::as_bytes);
    let overlay = machine.load_overlay();
    let ending = boot::boot(machine, &mut workspace, overlay, wish);
    let message = String::from_utf8_lossy(workspace.message());
    let handoff = match ending {
        Ending::Start(handoff) => handoff,
        Ending::PowerOff(_) => {
            return Err("no kernel was started: the loader powered the machine off".into());
        }
        Ending::Quit => {
            return Err("no kernel was started: the menu went back to the firmware".into());
        }
        Ending::Reboot if message.is_empty() => {
            return Err("no kernel was started: the loader restarted the machine".into());
        }
        Ending::Reboot => return Err(format!("{message} The machine restarts.")),
        Ending::Failed => return Err(message.into_owned()),
    };
    let id = workspace.chosen();
    // The loader boots another entry if the wish selects none.
    if wish.is_some_and(|wish| !boot::entries::glob::selects(wish, id)) {
        let wish = entry.unwrap_or_default();
        return Err(format!(
            "there is no entry {wish}; `gapboot list` shows the entries of a disk"
        ));
    }
    Ok((String::from_utf8_lossy(id).into_owned(), handoff))
}

/// The handoff for people.
fn for_people(report: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = format!(
        "entry    {}\ncmdline  {}\n",
        text(&report["id"]),
        text(&report["cmdline"])
    );
    for piece in ["kernel", "initrd"] {
        let number = |key: &str| {
            let value = report.get(piece).and_then(|piece| piece.get(key));
            value
                .and_then(serde_json::Value::as_u64)
                .unwrap_or_default()
        };
        let (address, size) = (number("address"), number("size"));
        lines += &format!("{piece}   {address:#x}, {size} bytes\n");
    }
    lines
}
