//! The arguments of `gapboot uki build`: ukify's, as far as they are about
//! what goes into the file.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short, Value};

use super::content::{Content, Source};
use super::pe::Pe;
use crate::error::Error;

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

/// Where distributions install systemd's stub.
const STUBS: [&str; 2] = [
    "/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
    "/lib/systemd/boot/efi/linuxx64.efi.stub",
];
const OS_RELEASES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// What is asked for.
pub struct Options {
    /// The EFI stub.
    pub stub: Option<PathBuf>,
    /// The file to be made.
    pub output: PathBuf,
    /// The base, then the profiles.
    pub parts: Vec<Part>,
}

/// What is given for one profile, or for all of them.
#[derive(Default)]
pub struct Part {
    /// `.profile`.
    pub profile: Option<Content>,
    /// `.linux`.
    pub linux: Option<Content>,
    /// `.initrd`, in pieces.
    pub initrds: Vec<Content>,
    /// `.ucode`.
    pub microcode: Option<Content>,
    /// `.cmdline`.
    pub cmdline: Option<Content>,
    /// `.osrel`.
    pub os_release: Option<Content>,
    /// `.uname`.
    pub uname: Option<Content>,
    /// `.splash`.
    pub splash: Option<Content>,
    /// Others by name.
    pub others: Vec<(String, Content)>,
}

impl Options {
    /// Reads the arguments.
    pub fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut stub = None;
        let mut output = None;
        let mut parts = vec![Part::default()];
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
                "profile" => parts.push(Part {
                    profile: Some(text("--profile", parser.value()?, verbatim)?),
                    ..Part::default()
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
            parts[0].os_release = first_of(&OS_RELEASES)
                .map(|path| Ok::<_, Error>(Source::open(path)?.all()))
                .transpose()?;
        }
        let stub = stub.or_else(|| first_of(&STUBS).map(Path::to_owned));
        Ok(Self {
            stub,
            output,
            parts,
        })
    }
}

impl Part {
    fn option(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), Error> {
        let mut file =
            || -> Result<Content, Error> { Ok(Source::open(Path::new(&parser.value()?))?.all()) };
        match name {
            "linux" => once(&mut self.linux, "--linux", kernel(parser.value()?)?),
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

/// A kernel, which may be a PE file, but not one with a kernel in it.
fn kernel(path: OsString) -> Result<Content, Error> {
    let path = Path::new(&path);
    if let Ok((source, pe)) = Pe::open(path)
        && pe.sections.iter().any(|section| section.name() == ".linux")
    {
        return Err(Error::failed(format!(
            "{} is a unified kernel image: name a kernel (`gapboot uki convert` makes an image \
             start on BIOS machines)",
            source.name()
        )));
    }
    Ok(Source::open(path)?.all())
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
        Some(path) => Ok(Source::open(Path::new(path))?.all()),
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

fn first_of(paths: &[&'static str]) -> Option<&'static Path> {
    let mut paths = paths.iter().map(|path: &&'static str| Path::new(*path));
    paths.find(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}
