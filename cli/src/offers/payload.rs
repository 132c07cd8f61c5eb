//! What kexec starts of an entry.

use std::fs::File;
use std::io::Write;
use std::rc::Rc;

use kexec::Payload;
use kexec::payload::in_memory;
use menus::menu::{Boots, Entry, Menu};
use menus::storage::Location;
use volumes::{Bytes, Volumes};

use super::listed::not_started;
use super::others::explain;
use super::tree::TreeMenu;
use crate::error::Error;
use crate::menu::MenuEntry;
use crate::number::{to_u64, to_usize};
use crate::uki::content::SourceFile;
use crate::uki::payload::{Extras, of_source};

/// Bytes that are copied at once.
const BLOCK: u64 = 1 << 20;

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
    let mut payload = match &entry.boots {
        Boots::Linux {
            kernel,
            initrds,
            cmdline: own,
        } => {
            let initrds = initrds.iter().map(|initrd| file(volumes, initrd));
            let extras = Extras {
                initrds: initrds.collect::<Result<_, _>>()?,
                ..Extras::default()
            };
            of_source(&file(volumes, kernel)?, &extras, cmdline.unwrap_or(own))?
        }
        Boots::Multiboot {
            kernel,
            cmdline: own,
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
            of_source(&file(volumes, kernel)?, &extras, cmdline.unwrap_or(own))?
        }
        other => {
            let reason = not_started(volumes, menu, other).unwrap_or_default();
            return Err(Error::failed(format!(
                "{} starts no kernel: {}",
                entry.id,
                reason.trim_end_matches('.')
            )));
        }
    };
    payload.name.clone_from(&entry.id);
    Ok(payload)
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
        let found = found.map_err(|failure| {
            Error::failed(format!("{}: {path} {}", entry.id, explain(&failure)))
        });
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

/// A file of a device, to be read by what reads files: itself, if it is one of a mounted
/// tree, else a copy in memory.
pub(super) fn file(volumes: &Volumes, at: &Location) -> Result<Rc<SourceFile>, Error> {
    let failed = |problem: &str| Error::failed(format!("{} {problem}", at.path));
    let bytes = volumes
        .file(at)
        .map_err(|failure| failed(&explain(&failure)))?;
    let file = match bytes.as_file() {
        Some(file) => file
            .try_clone()
            .map_err(|error| failed(&format!("cannot be read: {error}"))),
        None => copy(&*bytes).map_err(|error| failed(&error.to_string())),
    };
    SourceFile::of(file?, at.path.clone())
}

/// A copy of all bytes in memory.
fn copy(bytes: &dyn Bytes) -> Result<File, Error> {
    let mut copy = in_memory("file")?;
    let mut at = 0;
    while at < bytes.size() {
        let count = bytes.size().saturating_sub(at).min(BLOCK);
        let mut block = vec![0; to_usize(count)];
        let read = bytes.read_at(at, &mut block);
        read.map_err(|error| Error::failed(format!("cannot be read: {error}")))?;
        copy.write_all(&block).map_err(|error| {
            Error::failed(format!(
                "cannot be copied to memory: {error}; free some memory"
            ))
        })?;
        at = at.saturating_add(to_u64(block.len()));
    }
    Ok(copy)
}
