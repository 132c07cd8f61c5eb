//! `gapboot uki build`. Its arguments are ukify's, as far as they are about what
//! goes into the file.
//!
//! What is given after a `--profile` belongs to that profile, so the order of the
//! options counts: it is taken from clap's matches.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{ArgMatches, Args, FromArgMatches};

use crate::commands::arguments::LoaderArgument;
use crate::commands::context::Context;
use crate::error::Error;
use crate::uki::build::build;
use crate::uki::content::{Content, SourceFile};
use crate::uki::inputs::{
    Inputs, ProfileInputs, initrd, installed_stub, kernel, own_os_release, splash,
};

/// Make a Unified Kernel Image that is a bzImage as well.
///
/// It starts on UEFI, on BIOS machines and by kexec. A TEXT that begins with @
/// names a file that holds the text. A file may be a pipe.
#[derive(Args, Debug)]
#[command(
    override_usage = "gapboot uki build --linux KERNEL [OPTIONS] --output FILE",
    after_help = "\
Without an EFI stub the file starts on BIOS machines and by kexec, not on UEFI.
A command that is killed leaves the file that was there before, and perhaps a file
.gapboot-XXXXXX beside it, which may be deleted.

Example:
  gapboot uki build --linux vmlinuz --initrd initrd.img --cmdline @cmdline \\
          --os-release @/etc/os-release --output os.efi"
)]
struct Description {
    /// the kernel, a bzImage
    #[arg(long, value_name = "KERNEL", required = true)]
    linux: Vec<OsString>,
    /// an initrd; given more than once they are joined
    #[arg(long, value_name = "FILE")]
    initrd: Vec<OsString>,
    /// an archive with microcode, handed over first
    #[arg(long, value_name = "FILE")]
    microcode: Vec<OsString>,
    /// the kernel's command line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    cmdline: Vec<OsString>,
    /// what it is called; default: this system's, which is said then
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    os_release: Vec<OsString>,
    /// `uname -r` of the kernel; default: what the kernel says
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    uname: Vec<OsString>,
    /// a picture to be shown under UEFI
    #[arg(long, value_name = "BMP")]
    splash: Vec<OsString>,
    /// any other section
    #[arg(long, value_name = "NAME:TEXT", allow_hyphen_values = true)]
    section: Vec<OsString>,
    /// begins a profile: options after it are its own
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    profile: Vec<OsString>,
    /// the EFI stub; default: systemd's
    #[arg(long, value_name = "FILE")]
    stub: Option<PathBuf>,
    /// the file to be made
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    loader: LoaderArgument,
}

/// Options that describe what goes into the file, by their names in the matches.
const PARTS: [&str; 9] = [
    "linux",
    "initrd",
    "microcode",
    "cmdline",
    "os_release",
    "uname",
    "splash",
    "section",
    "profile",
];

/// The arguments in their order.
#[derive(Debug)]
pub struct Arguments {
    /// What goes into the file: options by name, with their values.
    parts: Vec<(&'static str, OsString)>,
    stub: Option<PathBuf>,
    output: PathBuf,
    loader: LoaderArgument,
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut parts = Vec::new();
        for name in PARTS {
            let places = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<OsString>(name).into_iter().flatten();
            parts.extend(
                places
                    .zip(values)
                    .map(|(at, value)| (at, name, value.clone())),
            );
        }
        parts.sort_by_key(|(at, ..)| *at);
        let described = Description::from_arg_matches(matches)?;
        Ok(Self {
            parts: parts
                .into_iter()
                .map(|(_, name, value)| (name, value))
                .collect(),
            stub: described.stub,
            output: described.output,
            loader: described.loader,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: clap::Command) -> clap::Command {
        Description::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Description::augment_args_for_update(command)
    }
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        build(self.loader.stub()?, self.inputs()?, context.err)
    }

    /// Reads what the arguments name.
    ///
    /// # Errors
    /// An argument is wrong, or a file cannot be read.
    pub fn inputs(self) -> Result<Inputs, Error> {
        // What comes before the first profile is for all of them.
        let mut base = ProfileInputs::default();
        let mut profiles: Vec<ProfileInputs> = Vec::new();
        for (name, value) in self.parts {
            if name == "profile" {
                profiles.push(ProfileInputs {
                    profile: Some(text("--profile", &value, verbatim)?),
                    ..ProfileInputs::default()
                });
                continue;
            }
            profiles
                .last_mut()
                .unwrap_or(&mut base)
                .option(name, &value)?;
        }
        let mut notes = Vec::new();
        let mut all = std::iter::once(&base).chain(&profiles);
        if all.all(|part| part.os_release.is_none()) {
            let (release, note) = own_os_release()?;
            base.os_release = release;
            notes.push(note);
        }
        Ok(Inputs {
            stub: self.stub.or_else(installed_stub),
            output: self.output,
            parts: std::iter::once(base).chain(profiles).collect(),
            notes,
        })
    }
}

impl ProfileInputs {
    fn option(&mut self, name: &str, value: &OsStr) -> Result<(), Error> {
        // An empty section of a profile hides that of the base.
        let may_hide = self.profile.is_some();
        let file = |check: fn(&Rc<SourceFile>) -> Result<Content, Error>| {
            let source = SourceFile::open(Path::new(value))?;
            match may_hide && source.size() == 0 {
                true => Ok(source.all()),
                false => check(&source),
            }
        };
        match name {
            "linux" => once(&mut self.linux, "--linux", file(kernel)?),
            "microcode" => once(&mut self.microcode, "--microcode", file(initrd)?),
            "splash" => once(&mut self.splash, "--splash", file(splash)?),
            "cmdline" => {
                let line = text("--cmdline", value, one_line)?;
                once(&mut self.cmdline, "--cmdline", line)
            }
            "os_release" => {
                let release = text("--os-release", value, verbatim)?;
                once(&mut self.os_release, "--os-release", release)
            }
            "uname" => {
                let uname = text("--uname", value, verbatim)?;
                once(&mut self.uname, "--uname", uname)
            }
            "section" => {
                let section = value.to_str().and_then(|value| value.split_once(':'));
                let Some((name, value)) = section else {
                    return Err(Error::usage("--section takes NAME:TEXT or NAME:@FILE"));
                };
                let content = text("--section", value.as_ref(), verbatim)?;
                self.others.push((name.to_owned(), content));
                Ok(())
            }
            _ => {
                self.initrds.push(file(initrd)?);
                Ok(())
            }
        }
    }
}

fn once<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), Error> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::usage(format!(
            "{name} is given twice: give it once for each profile"
        ))),
    }
}

/// `TEXT` or `@FILE`; a file is taken as it is.
fn text(option: &str, value: &OsStr, given: fn(&str) -> String) -> Result<Content, Error> {
    let wrong = || {
        Error::usage(format!(
            "the text of {option} is not UTF-8: write it as UTF-8"
        ))
    };
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
