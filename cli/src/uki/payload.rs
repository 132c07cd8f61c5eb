//! What kexec starts of a file: a kernel, or what an image holds, put together as
//! its stub does it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use kexec::Payload;
use kexec::payload::in_memory;

use super::content::{Content, SourceFile};
use super::inputs::initrd;
use super::pe::Pe;
use super::sections;
use crate::error::Error;

/// A kernel or a unified kernel image in a file. A command line that is given
/// replaces that of the image; in front of it `@N` chooses a profile.
///
/// A file that is a bzImage, as some images are too, is started as it is: then
/// a signature of all of it is one of what is started.
///
/// # Errors
/// A file cannot be read, or is neither a kernel nor an image with the profile.
pub fn of_file(path: &Path, initrds: &[PathBuf], cmdline: &str) -> Result<Payload, Error> {
    let source = SourceFile::open(path)?;
    let initrds = initrds.iter().map(|path| SourceFile::open(path));
    of_source(
        &source,
        &initrds.collect::<Result<Vec<_>, Error>>()?,
        cmdline,
    )
}

/// The same of files that are open.
///
/// # Errors
/// Those of [`of_file`].
pub fn of_source(
    source: &Rc<SourceFile>,
    initrds: &[Rc<SourceFile>],
    cmdline: &str,
) -> Result<Payload, Error> {
    let initrds = initrds.iter().map(initrd);
    let initrds = initrds.collect::<Result<_, Error>>()?;
    if source.all().head(0x206)?.get(0x202..) != Some(b"HdrS") {
        return of_image(source, initrds, cmdline);
    }
    Ok(Payload {
        name: source.name().to_owned(),
        kernel: source.file()?,
        initrd: joined(initrds)?,
        cmdline: cmdline.as_bytes().to_vec(),
    })
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
        initrd: joined(initrds)?,
        cmdline: line,
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
