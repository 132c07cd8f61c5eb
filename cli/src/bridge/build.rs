//! Makes a bridge: a kernel, modules, this program as the init, and options, in one
//! Unified Kernel Image.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::archive::{Archive, Source};
use super::include::Include;
use super::init;
use super::kernel::Kernel;
use super::modules::{Modules, Selection};
use super::options::{self, Setting};
use super::sets::Set;
use crate::error::Error;
use crate::output_file::OutputFile;
use crate::system::System;
use crate::uki::build::build as build_image;
use crate::uki::content::Content;
use crate::uki::inputs::{Inputs, ProfileInputs};
use crate::uki::stub::Stub;

/// The kernel's command line by default. Its messages would be written over the menu.
/// Without `console=`, the kernel uses the consoles that it finds.
pub const COMMAND_LINE: &str = "quiet";

/// Directories that the init mounts file systems on.
const MOUNT_POINTS: [&str; 5] = ["dev", "proc", "run", "sys", "tmp"];

/// What is asked for.
pub struct Request {
    /// The kernel; by default the running one's.
    pub kernel: Option<PathBuf>,
    /// The directory of its modules; by default that of its version.
    pub modules: Option<PathBuf>,
    /// A set of modules.
    pub set: Set,
    /// Modules besides those of the set.
    pub names: Vec<String>,
    /// Files besides the modules.
    pub includes: Vec<Include>,
    /// Options that are built in.
    pub settings: Vec<Setting>,
    /// The kernel's command line.
    pub cmdline: String,
    /// The EFI stub. Without it, the bridge does not start on UEFI.
    pub efi_stub: Option<PathBuf>,
    /// The file to be made.
    pub output: PathBuf,
    /// The program that becomes the init.
    pub init: PathBuf,
    /// The system in which the defaults are.
    pub system: System,
}

/// Makes the file, and says what is in it.
///
/// # Errors
/// The kernel is no use for a bridge, or a file cannot be read or written.
pub fn build(
    stub: Stub,
    request: &Request,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Error> {
    // Compressing takes long: what can be wrong is found before it.
    drop(OutputFile::create(&request.output)?);
    let kernel = Kernel::open(request.kernel.as_deref(), &request.system)?;
    let version = kernel.version.clone();
    let directory = request.modules.clone().unwrap_or_else(|| {
        let default = format!("/lib/modules/{version}");
        request.system.path(&default)
    });
    let modules = Modules::read(&directory, &version)?;
    let mut notes: Vec<String> = kernel
        .check(&directory, &request.system)?
        .into_iter()
        .collect();
    let mut names = request.names.clone();
    let asked_for = request.settings.iter().filter_map(Setting::module);
    names.extend(asked_for.map(str::to_owned));
    let selection = modules.select(request.set, &names)?;
    selection.check_version(&version)?;
    if !selection.lacking.is_empty() {
        notes.push(format!(
            "Linux {version} has no modules for {}",
            selection.lacking.join(", ")
        ));
    }
    let archive = request.archive(&selection, &version)?;
    let part = ProfileInputs {
        linux: Some(kernel.content),
        initrds: vec![Content::Bytes(archive.compressed()?)],
        cmdline: Some(Content::Bytes(request.cmdline.clone().into_bytes())),
        os_release: Some(Content::Bytes(os_release(&version).into_bytes())),
        ..ProfileInputs::default()
    };
    let inputs = Inputs {
        stub: request.efi_stub.clone(),
        output: request.output.clone(),
        parts: vec![part],
        notes,
    };
    build_image(stub, inputs, err)?;
    let size = size(&request.output)?;
    writeln!(
        out,
        "{}: {size} bytes, {} modules of Linux {version}",
        request.output.display(),
        selection.count()
    )?;
    Ok(())
}

impl Request {
    fn archive(&self, selection: &Selection, version: &str) -> Result<Archive, Error> {
        let mut archive = Archive::default();
        for directory in MOUNT_POINTS {
            archive.directory(directory)?;
        }
        archive.file("init", true, Source::Bytes(init::read(&self.init)?))?;
        let settings = options::text(&self.settings);
        archive.file(options::PATH, false, Source::Bytes(settings.into_bytes()))?;
        let place = |path: &str| format!("lib/modules/{version}/{path}");
        for (path, file) in selection.files() {
            archive.file(&place(path), false, Source::Path(file))?;
        }
        for (name, text) in selection.indexes() {
            archive.file(&place(name), false, Source::Bytes(text.into_bytes()))?;
        }
        for include in &self.includes {
            let included = include.open()?;
            let source = Source::Content(included.content);
            archive.file(&included.path, included.is_executable, source)?;
        }
        Ok(archive)
    }
}

/// What menus show. Of several bridges, the newest gapboot's comes first.
fn os_release(version: &str) -> String {
    let own = env!("CARGO_PKG_VERSION");
    format!(
        "NAME=\"gapboot bridge\"\n\
         ID=gapboot-bridge\n\
         PRETTY_NAME=\"gapboot bridge {own} (Linux {version})\"\n\
         VERSION=\"{own} (Linux {version})\"\n\
         VERSION_ID={own}\n"
    )
}

fn size(path: &Path) -> Result<u64, Error> {
    let metadata = fs::metadata(path).map_err(|error| Error::file("read", path, &error))?;
    Ok(metadata.len())
}
