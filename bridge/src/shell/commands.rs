//! The commands of the shell.

use std::fs;
use std::path::Path;
use std::process::Command;

use menus::storage::{Device, Kind, Location};

use super::end::End;
use crate::console::Screen;
use crate::devices::disks::description;
use crate::log;
use crate::menu::Item;
use crate::options::block::Block;
use crate::places::Places;
use crate::session::Session;

/// The commands, with what they do.
pub const COMMANDS: [(&str, &str); 19] = [
    (
        "boot [ENTRY]",
        "start an entry by its number or id, or what root, kernel, initrd... say",
    ),
    ("cat FILE", "show a file"),
    (
        "cmdline [TEXT]",
        "set the command line, or show what was set",
    ),
    ("disks", "show the disks, and the file systems on them"),
    ("dmesg", "show the kernel's messages"),
    ("entries", "show the entries of the menu"),
    ("exit", "go back to the menu"),
    ("find PATH", "show the devices with this file"),
    ("help", "show this"),
    ("initrd FILE", "add an initrd"),
    ("kernel FILE", "set the kernel"),
    ("ls [DIRECTORY]", "show a directory, or the devices"),
    (
        "modprobe NAME [ARGUMENTS]",
        "load a module of the bridge's kernel",
    ),
    (
        "module FILE [ARGUMENTS]",
        "add a module of a Multiboot kernel",
    ),
    (
        "mount DEVICE KIND",
        "mount a file system for reading only, and show where",
    ),
    ("poweroff", "turn the machine off"),
    ("reboot", "restart the machine"),
    ("root [DEVICE]", "set the device of files that name none"),
    ("sh", "run the shell of busybox, if it is included"),
];

/// Bytes of the largest file that is shown.
const MOST: usize = 1 << 20;
/// Names of a directory that are shown.
const NAMES: usize = 4096;
/// Where busybox may be.
const SHELLS: [&str; 3] = ["/bin/sh", "/bin/busybox", "/usr/bin/busybox"];

/// What follows a command.
pub enum Next {
    /// Another line.
    Prompt,
    /// The end of the shell.
    End(End),
}

/// Runs a line.
///
/// # Errors
/// Why nothing came of it: a sentence.
pub fn run(
    session: &mut Session,
    screen: &mut Screen,
    items: &[Item],
    block: &mut Block,
    line: &str,
) -> Result<Next, String> {
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let needed = || match rest {
        "" => Err(format!("{command} needs more: `help` shows how it is used")),
        rest => Ok(rest),
    };
    match command {
        "" => {}
        "boot" => return boot(session, screen, items, block, rest),
        "cat" => cat(session, screen, &file(session, block, needed()?)?)?,
        "cmdline" if rest.is_empty() => screen.line(&block.cmdline.clone()),
        "cmdline" => rest.clone_into(&mut block.cmdline),
        "disks" => disks(session, screen),
        "dmesg" => log::kernel_messages()
            .iter()
            .for_each(|line| screen.line(line)),
        "entries" => entries(items, screen),
        "exit" => return Ok(Next::End(End::Menu)),
        "find" => find(session, screen, needed()?),
        "help" => help(screen),
        "kernel" => {
            file(session, block, needed()?)?;
            block.kernel = Some(rest.to_owned());
        }
        "initrd" | "module" => {
            let path = needed()?.split_whitespace().next().unwrap_or_default();
            file(session, block, path)?;
            block.set(command, rest)?;
        }
        "ls" => ls(session, screen, block, rest)?,
        "modprobe" => {
            let (name, arguments) = rest
                .split_once(char::is_whitespace)
                .unwrap_or((needed()?, ""));
            screen.devices().load(name, arguments);
        }
        "mount" => {
            let (device, kind) = needed()?
                .split_once(char::is_whitespace)
                .ok_or("mount needs a device and the kind of its file system")?;
            let at = session.mount_at(device.trim_start_matches("/dev/"), kind.trim(), screen)?;
            screen.line(&at.display().to_string());
        }
        "poweroff" => return Ok(Next::End(End::PowerOff)),
        "reboot" => return Ok(Next::End(End::Reboot)),
        "root" if rest.is_empty() => screen.line(block.root.as_deref().unwrap_or("none")),
        "root" => {
            Places(&*session.offers).device(rest)?;
            block.root = Some(rest.to_owned());
        }
        "sh" => busybox(screen)?,
        other => return Err(format!("{other} is no command: `help` shows them")),
    }
    Ok(Next::Prompt)
}

fn file(session: &Session, block: &Block, path: &str) -> Result<Location, String> {
    let places = Places(&*session.offers);
    let at = places.file(path, block.root.as_deref())?;
    match session.offers.storage().kind(&at) {
        Ok(_) => Ok(at),
        Err(failure) => Err(format!("{} {}", places.name(&at), failure)),
    }
}

fn boot(
    session: &mut Session,
    screen: &mut Screen,
    items: &[Item],
    block: &Block,
    name: &str,
) -> Result<Next, String> {
    let payload = if name.is_empty() {
        let boots = block.boots(&Places(&*session.offers))?;
        session.offers.kernel("the kernel", &boots)?
    } else {
        let number: Option<usize> = name.parse().ok();
        let place = number.and_then(|number| number.checked_sub(1));
        let item = items.iter().find(|item| item.id == name);
        let item = item.or_else(|| items.get(place?));
        let item = item.ok_or_else(|| format!("{name} is no entry: `entries` shows them"))?;
        session.prepared(item, None, screen)?
    };
    Ok(Next::End(End::Start(Box::new(payload))))
}

fn cat(session: &Session, screen: &mut Screen, at: &Location) -> Result<(), String> {
    let bytes = session.offers.storage().read(at, MOST);
    let bytes = bytes.map_err(|failure| format!("{} {}", at.path, failure))?;
    for line in String::from_utf8_lossy(&bytes).lines() {
        screen.line(&line.replace('\t', "    "));
    }
    Ok(())
}

fn entries(items: &[Item], screen: &mut Screen) {
    for (item, number) in items.iter().zip(1..) {
        screen.line(&format!("{number:3}  {}", item.title));
        if !item.id.is_empty() {
            screen.line(&format!("     {}", item.id));
        }
    }
}

fn help(screen: &mut Screen) {
    for (usage, what) in COMMANDS {
        screen.line(&format!("{usage:<26} {what}"));
    }
    screen.line("FILE is (sda1)/path, (LABEL=name)/path, (UUID=id)/path, or a path on the device of `root`.");
}

fn disks(session: &Session, screen: &mut Screen) {
    for disk in &session.disks {
        let what = description(Path::new("/"), &disk.name);
        screen.line(&format!("{:<12} {what}", disk.name));
    }
    for device in session.offers.storage().devices() {
        if let Some(line) = device_line(session, device) {
            screen.line(&line);
        }
    }
}

/// What is known of a device with a file system, or of a partition.
fn device_line(session: &Session, device: Device) -> Option<String> {
    let properties = session.offers.storage().properties(device);
    let called = session.offers.called(device);
    let partition = properties.partition;
    if properties.file_system.is_none() && partition.is_none() {
        return None;
    }
    let or_dash = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("-".into());
    let uuid = properties.uuid.filter(|uuid| !uuid.is_empty());
    let mounted = session
        .mounted
        .iter()
        .any(|mounted| mounted.device == called);
    Some(format!(
        "  {called:<10} {:<8} LABEL={} UUID={}{}",
        or_dash(properties.file_system),
        or_dash(properties.label),
        or_dash(uuid),
        if mounted { " (mounted)" } else { "" }
    ))
}

fn find(session: &Session, screen: &mut Screen, path: &str) {
    let storage = session.offers.storage();
    let places = storage.devices().into_iter();
    let places = places.filter_map(|device| Location::new(device, path));
    let found = places.filter(|at| storage.kind(at).is_ok());
    for at in found {
        screen.line(&Places(&*session.offers).name(&at));
    }
}

fn ls(session: &Session, screen: &mut Screen, block: &Block, path: &str) -> Result<(), String> {
    let storage = session.offers.storage();
    if path.is_empty() && block.root.is_none() {
        let lines = storage.devices().into_iter();
        for line in lines.filter_map(|device| device_line(session, device)) {
            screen.line(&line);
        }
        return Ok(());
    }
    let at = file(session, block, if path.is_empty() { "/" } else { path })?;
    if let Ok(Kind::File { size }) = storage.kind(&at) {
        screen.line(&format!("{size:>10}  {}", at.path));
        return Ok(());
    }
    let names = storage.directory(&at, NAMES);
    let names = names.map_err(|failure| format!("{} {}", at.path, failure))?;
    for name in names {
        let below = at.join(&name).map(|below| storage.kind(&below));
        let line = match below {
            Some(Ok(Kind::File { size })) => format!("{size:>10}  {name}"),
            Some(Ok(Kind::Directory)) => format!("{:>10}  {name}/", ""),
            _ => format!("{:>10}  {name}", "?"),
        };
        screen.line(&line);
    }
    Ok(())
}

/// Runs the shell of busybox on the kernel's console.
fn busybox(screen: &mut Screen) -> Result<(), String> {
    let shell = SHELLS.iter().find(|path| Path::new(path).exists());
    let shell =
        shell.ok_or("busybox is not included: `gapboot bridge build --include` does that")?;
    screen.flush();
    let console = || {
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/console")
    };
    let fail = |error: std::io::Error| format!("{shell} does not run: {error}");
    let mut command = Command::new(shell);
    if shell.ends_with("busybox") {
        command.arg("sh");
    }
    let consoles = [console(), console(), console()].map(|file| file.map_err(fail));
    let [input, output, errors] = consoles;
    let status = command
        .stdin(input?)
        .stdout(output?)
        .stderr(errors?)
        .status();
    // Process 1 may have taken leave of it already.
    match status {
        Ok(_) => Ok(()),
        Err(error) if error.raw_os_error() == Some(10) => Ok(()),
        Err(error) => Err(fail(error)),
    }
}
