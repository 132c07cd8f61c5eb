//! What kexec starts of a file: a kernel, or what an image holds, put together as
//! its stub does it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::rc::Rc;

use kexec::memory_file::in_memory;
use kexec::payload::{Kind, Modules};
use kexec::{Payload, gzip, multiboot};

use super::content::{Content, SourceFile};
use super::inputs::initrd;
use super::pe::Pe;
use super::sections;
use crate::error::Error;
use crate::number::to_u64;

/// What a kernel is handed besides its command line.
#[derive(Default)]
pub struct Extras {
    /// Initrds, for Linux.
    pub initrds: Vec<Rc<SourceFile>>,
    /// Modules for a Multiboot kernel: each with its string, the file's name and, after a
    /// space, arguments.
    pub modules: Vec<(Rc<SourceFile>, String)>,
}

impl Extras {
    /// Opens files: initrds, and modules with their arguments after a space.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open(initrds: &[PathBuf], modules: &[String]) -> Result<Self, Error> {
        let initrds = initrds.iter().map(|path| SourceFile::open(path));
        let modules = modules.iter().map(|module| {
            let (path, _) = module.split_once(' ').unwrap_or((module, ""));
            Ok((SourceFile::open(path.as_ref())?, module.clone()))
        });
        Ok(Self {
            initrds: initrds.collect::<Result<_, Error>>()?,
            modules: modules.collect::<Result<_, Error>>()?,
        })
    }
}

/// A kernel in a file, which may be compressed by gzip, or a unified kernel image. A
/// command line that is given replaces that of the image; in front of it `@N` chooses a
/// profile.
///
/// A file that is a bzImage, as some images are too, is started as it is: then
/// a signature of all of it is one of what is started.
///
/// # Errors
/// A file cannot be read, or is neither a kernel nor an image with the profile; the
/// kernel does not take such extras.
pub fn of_source(
    source: &Rc<SourceFile>,
    extras: &Extras,
    cmdline: &str,
) -> Result<Payload, Error> {
    let on = |error: kexec::Error| Error::from(error).on(source.name().as_ref());
    let packed = source.file()?;
    let kernel = gzip::unpacked(&packed).map_err(on)?.unwrap_or(packed);
    let head = head(&kernel)
        .map_err(|error| Error::failed(format!("cannot read {}: {error}", source.name())))?;
    let is_linux = head.get(0x202..0x206) == Some(b"HdrS");
    let kind = if !is_linux && multiboot::is_kernel(&head) {
        if !extras.initrds.is_empty() {
            return Err(Error::usage(
                "a Multiboot kernel gets no initrds: use --module in place of --initrd",
            ));
        }
        let mut modules = Modules::new()?;
        for (module, string) in &extras.modules {
            let on = |error: kexec::Error| Error::from(error).on(module.name().as_ref());
            modules
                .add(&module.file()?, string.as_bytes())
                .map_err(on)?;
        }
        Kind::Multiboot {
            path: source.name().as_bytes().to_vec(),
            modules,
        }
    } else {
        if !extras.modules.is_empty() {
            return Err(Error::usage(
                "only Multiboot kernels get modules: use --initrd in place of --module",
            ));
        }
        let initrds = extras.initrds.iter().map(initrd);
        let initrds = initrds.collect::<Result<_, Error>>()?;
        if !is_linux {
            return of_image(source, initrds, cmdline);
        }
        Kind::Linux {
            initrd: joined(initrds)?,
        }
    };
    Ok(Payload {
        name: source.name().to_owned(),
        kernel,
        cmdline: cmdline.as_bytes().to_vec(),
        kind,
        node: None,
    })
}

/// A file's first bytes, in which both kinds of kernels have their header.
fn head(file: &File) -> std::io::Result<Vec<u8>> {
    let mut head = vec![0; multiboot::SEARCHED];
    let mut filled = 0_usize;
    loop {
        let rest = head.get_mut(filled..).unwrap_or_default();
        match file.read_at(rest, to_u64(filled))? {
            0 => break,
            count => filled = filled.saturating_add(count),
        }
    }
    head.truncate(filled);
    Ok(head)
}

/// What an image holds. Initrds that are `given` come after its microcode.
fn of_image(source: &Rc<SourceFile>, given: Vec<Content>, cmdline: &str) -> Result<Payload, Error> {
    let pe = Pe::of(source)?;
    let on = |error: Error| error.on(source.name().as_ref());
    let wrong = |what: &str| on(Error::failed(what));
    let mut all = sections::of(source, &pe).map_err(on)?;
    let profiles = sections::number(&mut all);
    let request = stub::command_line::request(cmdline.as_bytes());
    if request.profile >= profiles.max(1) {
        return Err(wrong("it has no such profile: correct @N in --cmdline"));
    }
    let own = match profiles {
        0 => 0,
        _ => request.profile.saturating_add(1),
    };
    let content = |name| {
        let section = sections::effective(&all, own, name);
        section.map(|section| section.content.clone())
    };
    let linux = content(".linux");
    let linux = linux.ok_or_else(|| wrong("there is no kernel in it: name another file"))?;
    let mut kernel = in_memory("kernel")?;
    write(&linux, &mut kernel)?;
    let extras = sections::extras(&all, profiles)?.into_iter();
    let extras = extras.filter(|section| section.profile == own);
    let mut initrds: Vec<Content> = content(".ucode").into_iter().collect();
    initrds.extend(given);
    initrds.extend(content(".initrd"));
    initrds.extend(extras.map(|section| section.content));
    let line = match (request.replacement, content(".cmdline")) {
        (Some(words), _) => words.to_vec(),
        (None, Some(line)) => one_line(&line.text(".cmdline")?),
        (None, None) => Vec::new(),
    };
    Ok(Payload {
        name: source.name().to_owned(),
        kernel,
        cmdline: line,
        kind: Kind::Linux {
            initrd: joined(initrds)?,
        },
        node: None,
    })
}

fn one_line(text: &[u8]) -> Vec<u8> {
    let mut line = vec![0; text.len().saturating_add(1)];
    let length = stub::command_line::one_line(text, &mut line);
    line.truncate(length.unwrap_or(0));
    line
}

/// Initrds, one after the other; none if there is nothing in them.
fn joined(initrds: Vec<Content>) -> Result<Option<File>, Error> {
    let all = Content::Joined(initrds);
    if all.size() == 0 {
        return Ok(None);
    }
    let mut file = in_memory("initrd")?;
    write(&all, &mut file)?;
    Ok(Some(file))
}

fn write(content: &Content, into: &mut File) -> Result<(), Error> {
    content.write(&mut |bytes| {
        into.write_all(bytes).map_err(|error| {
            Error::failed(format!(
                "cannot copy it to memory: {error}; free some memory"
            ))
        })
    })
}
