//! What kexec starts of an entry.

use kexec::Payload;
use menus::menu::{Boots, Entry, Menu};
use volumes::Volumes;

use super::file::file;
use super::listed::not_started;
use super::tree::TreeMenu;
use crate::error::Error;
use crate::menu::MenuEntry;
use crate::uki::payload::{Extras, of_source};

/// What Xen must be told by kexec. It asks the BIOS for disks and screen modes, and the
/// BIOS waits for ever for devices that Linux has taken over. GRUB's entries add the same
/// words where there is no BIOS (`xen_rm_opts` of grub-mkconfig).
const NO_BIOS: &str = "no-real-mode edd=off";

/// What another loader's entry starts. A command line that is given replaces the entry's.
///
/// # Errors
/// It starts no kernel, or a file cannot be read.
pub fn of_entry(
    volumes: &Volumes,
    menu: &Menu,
    entry: &Entry,
    cmdline: Option<&str>,
) -> Result<Payload, Error> {
    match &entry.boots {
        Boots::Linux { .. } | Boots::Multiboot { .. } => {
            let boots = match (cmdline, &entry.boots) {
                (Some(line), boots) => with_cmdline(boots, line),
                (
                    None,
                    Boots::Multiboot {
                        kernel, cmdline, ..
                    },
                ) => with_cmdline(&entry.boots, &multiboot_line(&kernel.path, cmdline)),
                (None, boots) => boots.clone(),
            };
            of_boots(volumes, &entry.id, &boots)
        }
        other => {
            let reason = not_started(volumes, menu, other).unwrap_or_default();
            Err(Error::failed(format!(
                "{} starts no kernel: {}",
                entry.id,
                reason.trim_end_matches('.')
            )))
        }
    }
}

/// The same kernel with another command line.
fn with_cmdline(boots: &Boots, line: &str) -> Boots {
    let mut boots = boots.clone();
    if let Boots::Linux { cmdline, .. } | Boots::Multiboot { cmdline, .. } = &mut boots {
        line.clone_into(cmdline);
    }
    boots
}

/// What these files start. `name` is what messages call them.
///
/// # Errors
/// They are no kernel, or a file cannot be read.
pub fn of_boots(volumes: &Volumes, name: &str, boots: &Boots) -> Result<Payload, Error> {
    let mut payload = match boots {
        Boots::Linux {
            kernel,
            initrds,
            cmdline,
        } => {
            let initrds = initrds.iter().map(|initrd| file(volumes, initrd));
            let extras = Extras {
                initrds: initrds.collect::<Result<_, _>>()?,
                ..Extras::default()
            };
            of_source(&file(volumes, kernel)?, &extras, cmdline)?
        }
        Boots::Multiboot {
            kernel,
            cmdline,
            modules,
            ..
        } => {
            let modules = modules.iter().map(|module| {
                let file = file(volumes, &module.file)?;
                let string = format!("{} {}", module.file.path, module.cmdline);
                Ok((file, string.trim_end().to_owned()))
            });
            let extras = Extras {
                modules: modules.collect::<Result<_, Error>>()?,
                ..Extras::default()
            };
            of_source(&file(volumes, kernel)?, &extras, cmdline)?
        }
        _ => return Err(Error::failed(format!("{name} starts no kernel"))),
    };
    name.clone_into(&mut payload.name);
    Ok(payload)
}

/// The command line of an entry's Multiboot kernel.
fn multiboot_line(kernel: &str, own: &str) -> String {
    let name = kernel.rsplit('/').next().unwrap_or_default();
    match name.starts_with("xen") && !own.contains(NO_BIOS) {
        true => format!("{own} {NO_BIOS}").trim_start().to_owned(),
        false => own.to_owned(),
    }
}

/// What an entry of the Boot Loader Specification in a mounted tree starts.
///
/// # Errors
/// A file cannot be read, or is no kernel.
pub fn of_tree(
    volumes: &Volumes,
    tree: &TreeMenu,
    entry: &MenuEntry,
    cmdline: Option<&str>,
) -> Result<Payload, Error> {
    let find = |path: &str| {
        let found = tree.file(volumes, entry, path);
        let found =
            found.map_err(|failure| Error::failed(format!("{}: {path} {}", entry.id, failure)));
        file(volumes, &found?)
    };
    let kernels = [&entry.linux, &entry.uki, &entry.efi];
    let kernel = kernels.into_iter().flatten().next();
    let kernel = kernel.ok_or_else(|| Error::failed(format!("{} names no kernel", entry.id)))?;
    let initrds = entry.initrd.iter().map(|path| find(path));
    let extras = Extras {
        initrds: initrds.collect::<Result<_, _>>()?,
        ..Extras::default()
    };
    let options = entry.options.as_deref().unwrap_or_default();
    let options = cmdline.unwrap_or(options);
    // A stub takes the number of a profile in front of its command line.
    let line = match entry.profile {
        Some(profile) => format!("@{profile} {options}"),
        None => options.to_owned(),
    };
    let mut payload = of_source(&find(kernel)?, &extras, &line)?;
    payload.name.clone_from(&entry.id);
    Ok(payload)
}
