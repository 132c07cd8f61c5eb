//! `gapboot uki build`. Its arguments are ukify's, as far as they are about what
//! goes into the file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short, Value};

use crate::commands::command::Context;
use crate::error::Error;
use crate::uki::build::build;
use crate::uki::content::{Content, SourceFile};
use crate::uki::inputs::{Inputs, ProfileInputs, installed_stub, kernel, own_os_release};
use crate::uki::stub::Stub;

/// What `build --help` prints.
pub const HELP: &str = "\
Usage: gapboot uki build --linux KERNEL [OPTIONS] --output FILE

Makes a Unified Kernel Image that is a bzImage as well. TEXT|@FILE is a text or
a file that holds it.

      --linux KERNEL            the kernel, a bzImage
      --initrd FILE             an initrd; given more than once they are joined
      --microcode FILE          an archive with microcode, handed over first
      --cmdline TEXT|@FILE      the kernel's command line
      --os-release TEXT|@FILE   what it is called; default: this system's
      --uname VERSION           `uname -r` of the kernel; default: what it says
      --splash BMP              a picture to be shown under UEFI
      --section NAME:TEXT|@FILE any other section
      --profile TEXT|@FILE      begins a profile: options behind it are its own
      --stub FILE               the EFI stub; default: systemd's
      --output FILE, -o FILE    the file to be made
  -h, --help                    this text

Without an EFI stub the file starts on BIOS machines and by kexec, not on UEFI.
";

/// Makes a file as the arguments say.
pub fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let inputs = match Inputs::parse(parser) {
        Err(Error::Help) => return Ok(context.out.write_all(HELP.as_bytes())?),
        inputs => inputs?,
    };
    build(Stub::embedded()?, inputs, context.err)
}

impl Inputs {
    /// Reads the arguments.
    pub fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut stub = None;
        let mut output = None;
        let mut parts = vec![ProfileInputs::default()];
        while let Some(argument) = parser.next()? {
            let argument = match argument {
                Short('h') | Long("help") => return Err(Error::Help),
                Short('o') => "output".to_owned(),
                Long(name) => name.to_owned(),
                Value(value) => {
                    let problem = format!("{value:?} belongs to no option");
                    return Err(Error::usage(problem));
                }
                other => return Err(Error::usage(other.unexpected())),
            };
            match argument.as_str() {
                "stub" => once(&mut stub, "--stub", PathBuf::from(parser.value()?))?,
                "output" => once(&mut output, "--output", PathBuf::from(parser.value()?))?,
                "profile" => parts.push(ProfileInputs {
                    profile: Some(text("--profile", parser.value()?, verbatim)?),
                    ..ProfileInputs::default()
                }),
                name => {
                    let part = parts.last_mut().ok_or(Error::usage("no part"))?;
                    part.option(name, &mut parser)?;
                }
            }
        }
        let output = output.ok_or(Error::usage("--output is missing"))?;
        if parts.iter().all(|part| part.linux.is_none()) {
            return Err(Error::usage("--linux is missing"));
        }
        if parts.iter().all(|part| part.os_release.is_none()) {
            parts[0].os_release = own_os_release()?;
        }
        let stub = stub.or_else(installed_stub);
        Ok(Self {
            stub,
            output,
            parts,
        })
    }
}

impl ProfileInputs {
    fn option(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), Error> {
        let mut file = || -> Result<Content, Error> {
            Ok(SourceFile::open(Path::new(&parser.value()?))?.all())
        };
        match name {
            "linux" => once(
                &mut self.linux,
                "--linux",
                kernel(Path::new(&parser.value()?))?,
            ),
            "initrd" => {
                self.initrds.push(file()?);
                Ok(())
            }
            "microcode" => once(&mut self.microcode, "--microcode", file()?),
            "splash" => once(&mut self.splash, "--splash", file()?),
            "cmdline" => {
                let line = text("--cmdline", parser.value()?, one_line)?;
                once(&mut self.cmdline, "--cmdline", line)
            }
            "os-release" => {
                let release = text("--os-release", parser.value()?, verbatim)?;
                once(&mut self.os_release, "--os-release", release)
            }
            "uname" => {
                let uname = text("--uname", parser.value()?, verbatim)?;
                once(&mut self.uname, "--uname", uname)
            }
            "section" => {
                let value = parser.value()?;
                let section = value.to_str().and_then(|value| value.split_once(':'));
                let Some((name, value)) = section else {
                    return Err(Error::usage("--section takes NAME:TEXT or NAME:@FILE"));
                };
                let content = text("--section", value.into(), verbatim)?;
                self.others.push((name.to_owned(), content));
                Ok(())
            }
            unknown => Err(Error::usage(format!("--{unknown} is not an option"))),
        }
    }
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::usage(format!("{name} is given twice"))),
    }
}

/// `TEXT` or `@FILE`; a file is taken as it is.
fn text(option: &str, value: OsString, given: fn(&str) -> String) -> Result<Content, Error> {
    let wrong = || Error::usage(format!("{option} takes UTF-8"));
    let value = value.to_str().ok_or_else(wrong)?;
    match value.strip_prefix('@') {
        Some(path) => Ok(SourceFile::open(Path::new(path))?.all()),
        None => Ok(Content::Bytes(given(value).into_bytes())),
    }
}

fn verbatim(text: &str) -> String {
    text.to_owned()
}

/// Space in an argument that was broken into lines has no meaning.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
