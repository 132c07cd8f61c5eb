//! `multiboot`, `module`, `chainloader`, and commands that load what cannot be started here.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::linux::command_line;
use crate::grub::loaded::Loaded;
use crate::grub::machine::{Call, FALSE, Machine, Status, TRUE};
use crate::menu::{Chain, Module};

/// `multiboot KERNEL words...`
pub(super) fn multiboot(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let words = after_options(call.arguments);
    let [kernel, words @ ..] = words else {
        return machine.refuse("filename expected");
    };
    let version = match call.name {
        "multiboot2" => 2,
        _ => 1,
    };
    let loaded = machine.loadable(kernel).and_then(|kernel| {
        Ok(Loaded::Multiboot {
            version,
            kernel,
            cmdline: command_line(words)?,
            modules: Vec::new(),
        })
    });
    machine.load(loaded)
}

/// `module FILE words...`
pub(super) fn module(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let [file, words @ ..] = after_options(call.arguments) else {
        return machine.refuse("filename expected");
    };
    if !matches!(machine.state.loaded, Loaded::Multiboot { .. }) {
        return machine.refuse("you need to load the multiboot kernel first");
    }
    let module = machine.loadable(file).and_then(|file| {
        let cmdline = command_line(words)?;
        Ok(Module { file, cmdline })
    });
    match (module, &mut machine.state.loaded) {
        (Ok(module), Loaded::Multiboot { modules, .. }) => {
            modules.push(module);
            TRUE
        }
        (Ok(_), _) => FALSE,
        (Err(why), _) => machine.load(Err(why)),
    }
}

fn after_options(words: &[String]) -> &[String] {
    let options = words.iter().take_while(|word| {
        matches!(
            word.as_str(),
            "--nounzip" | "--quirk-bad-kludge" | "--quirk-modules-after-kernel"
        )
    });
    words.get(options.count()..).unwrap_or_default()
}

/// `chainloader [--force] FILE`, where `+1` is the first sector.
pub(super) fn chainloader(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let mut words = call.arguments.iter().filter(|word| !word.starts_with("--"));
    let Some(file) = words.next() else {
        return machine.refuse("filename expected");
    };
    let chain = match machine.split(file) {
        Ok((device, "+1")) => match (
            file.starts_with('('),
            machine.state.variables.doubtful("root"),
        ) {
            (false, Some(doubt)) => Err(alloc::format!("{doubt}, so what it starts is not known")),
            _ => Ok(Chain::Sector(device)),
        },
        Ok((_, list)) if !list.starts_with('/') => Err(alloc::format!(
            "the list of blocks {list} is not understood"
        )),
        Ok(_) => machine.loadable(file).map(Chain::File),
        Err(why) => Err(why),
    };
    machine.load(chain.map(Loaded::Chain))
}

/// What the other commands start that load something.
pub(super) fn other_system(name: &str) -> Option<&'static str> {
    Some(match name {
        "ntldr" => "Windows",
        "freedos" => "FreeDOS",
        "truecrypt" => "TrueCrypt",
        "plan9" => "Plan 9",
        "pxechainloader" => "a program from the network",
        "appleloader" => "Mac OS",
        "xen_hypervisor" | "xen_module" => "Xen by a protocol that is not Multiboot",
        "legacy_kernel" | "legacy_initrd" | "legacy_initrd_nounzip" => {
            "a kernel as GRUB Legacy does"
        }
        "legacy_configfile"
        | "legacy_source"
        | "extract_legacy_entries_source"
        | "extract_legacy_entries_configfile" => "a menu of GRUB Legacy: see the file itself",
        "syslinux_configfile"
        | "syslinux_source"
        | "extract_syslinux_entries_source"
        | "extract_syslinux_entries_configfile" => "a menu of SYSLINUX: see the file itself",
        "extract_entries_source" | "extract_entries_configfile" => "entries of another file",
        "uki" => "unified kernel images as Fedora does",
        name if name.starts_with("xnu_") => "Mac OS",
        name if ["kfreebsd", "knetbsd", "kopenbsd", "kernel_netbsd"]
            .iter()
            .any(|bsd| name.starts_with(bsd)) =>
        {
            "a BSD system"
        }
        _ => return None,
    })
}

/// One of these.
pub(super) fn other(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let system = other_system(call.name).unwrap_or("another system");
    let why = alloc::format!("`{}` starts {system}, which is not started here", call.name);
    machine.state.loaded = Loaded::Other(why);
    TRUE
}

/// A command that changes the machine: it is not done here.
pub(super) fn left_out(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    machine.note(&match call.name {
        "cryptomount" => "it opens an encrypted disk, which is not done here".to_string(),
        name => alloc::format!("what `{name}` does to the machine is not done here"),
    });
    TRUE
}

/// `insmod NAME`: all modules are here, except those for disks that only GRUB opens.
pub(super) fn insmod(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let name = call
        .arguments
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let kind = match name {
        "lvm" => "on LVM",
        "luks" | "luks2" | "cryptodisk" | "geli" => "encrypted",
        "mdraid09" | "mdraid1x" | "mdraid" | "dm_nv" | "ldm" => "on RAID",
        _ => return TRUE,
    };
    machine.note(&alloc::format!(
        "it may need a disk that is {kind}, which is read here only if it is mounted"
    ));
    TRUE
}
