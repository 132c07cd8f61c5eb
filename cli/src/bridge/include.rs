//! Files that are added to a bridge.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::uki::content::{Content, SourceFile};

/// A file of this system, and its place in the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    file: PathBuf,
    /// Nothing if it follows from the file's name and mode.
    path: Option<String>,
}

/// A file that is to be packed.
pub struct Included {
    /// Its path in the bridge, without the first slash.
    pub path: String,
    /// It can be run.
    pub is_executable: bool,
    /// What it holds.
    pub content: Content,
}

impl Include {
    /// Reads `FILE` or `FILE:PATH`, where PATH begins with a slash.
    ///
    /// # Errors
    /// PATH is not the path of a file.
    pub fn parse(argument: &OsStr) -> Result<Self, Error> {
        let bytes = argument.as_bytes();
        let Some(colon) = bytes.windows(2).rposition(|two| two == b":/") else {
            let file = PathBuf::from(argument);
            return Ok(Self { file, path: None });
        };
        let (file, path) = bytes.split_at(colon);
        let path = String::from_utf8_lossy(&path[2..]).into_owned();
        let is_name = |name: &str| !["", ".", ".."].contains(&name);
        if path.contains(['\0', char::REPLACEMENT_CHARACTER]) || !path.split('/').all(is_name) {
            return Err(Error::usage(format!(
                "/{path} is not the path of a file: --include takes FILE or FILE:/PATH/NAME"
            )));
        }
        Ok(Self {
            file: OsString::from(OsStr::from_bytes(file)).into(),
            path: Some(path),
        })
    }

    /// Opens the file. Without a path, programs belong into `/bin`, and other files into
    /// the root directory.
    ///
    /// # Errors
    /// It cannot be read, is a directory, or needs a path.
    pub fn open(&self) -> Result<Included, Error> {
        let content = SourceFile::open(&self.file)?.all();
        let metadata = fs::metadata(&self.file);
        let metadata = metadata.map_err(|error| Error::file("read", &self.file, &error))?;
        let is_executable = metadata.permissions().mode() & 0o111 != 0;
        let path = match &self.path {
            Some(path) => path.clone(),
            None => {
                let name = self.name()?;
                match is_executable {
                    true => format!("bin/{name}"),
                    false => name.to_owned(),
                }
            }
        };
        Ok(Included {
            path,
            is_executable,
            content,
        })
    }

    fn name(&self) -> Result<&str, Error> {
        let name = Path::file_name(&self.file).and_then(OsStr::to_str);
        name.ok_or_else(|| {
            Error::failed(format!(
                "{} has no name that is UTF-8: name its place by --include FILE:/PATH/NAME",
                self.file.display()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let parse = |text: &str| Include::parse(OsStr::new(text));
        let read = |text: &str| {
            let include = parse(text).unwrap();
            (include.file.display().to_string(), include.path)
        };
        assert_eq!(read("a/b"), ("a/b".into(), None));
        assert_eq!(read("a:b"), ("a:b".into(), None));
        assert_eq!(read("a:b:/c/d"), ("a:b".into(), Some("c/d".into())));
        for wrong in ["a:/", "a:/b/", "a:/b//c", "a:/b/../init", "a:/."] {
            assert!(matches!(parse(wrong), Err(Error::Usage(_))), "{wrong}");
        }
    }

    #[test]
    fn places() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("tool");
        fs::write(&file, "x").unwrap();
        let open = |argument: &OsStr| {
            let included = Include::parse(argument).unwrap().open().unwrap();
            (included.path, included.is_executable)
        };
        assert_eq!(open(file.as_os_str()), ("tool".into(), false));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o744)).unwrap();
        assert_eq!(open(file.as_os_str()), ("bin/tool".into(), true));
        let mut named = file.clone().into_os_string();
        named.push(":/sbin/other");
        assert_eq!(open(&named), ("sbin/other".into(), true));
    }
}
