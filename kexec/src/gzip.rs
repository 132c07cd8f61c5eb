//! Files that are compressed by gzip (RFC 1952).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use flate2::read::MultiGzDecoder;

use crate::error::Error;
use crate::memory_file::in_memory;

/// The first bytes of a file that is compressed by gzip: magic, and the only method.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// What is unpacked at most, in bytes: more could not lie below 4 GiB.
const LARGEST: u64 = 1 << 32;

/// The content of a file that is compressed by gzip as a whole. `None` if it is not, or
/// only in a part, as an initrd may be that consists of several.
///
/// # Errors
/// The file cannot be read, what it holds is larger than 4 GiB, or Linux has no memory
/// for it.
pub fn unpacked(file: &File) -> Result<Option<File>, Error> {
    let failed = |error: io::Error| Error::text(format!("cannot unpack it: {error}"));
    let mut start = [0; MAGIC.len()];
    let is_gzip = match file.read_exact_at(&mut start, 0) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(failed(error)),
        result => result.is_ok() && start == MAGIC,
    };
    if !is_gzip {
        return Ok(None);
    }
    let mut from = file;
    from.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut decoder = MultiGzDecoder::new(from);
    let mut to = in_memory("unpacked")?;
    let mut block = vec![0; 1 << 20];
    let mut size = 0_u64;
    loop {
        let bytes = match decoder.read(&mut block) {
            Ok(0) => return Ok(Some(to)),
            Ok(count) => block.get(..count).unwrap_or_default(),
            Err(error) if is_about_content(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if size > LARGEST {
            return Err(Error::text(
                "it holds more than 4 GiB when it is unpacked: use a smaller file",
            ));
        }
        to.write_all(bytes).map_err(failed)?;
    }
}

/// True if the error says that what was read is not gzip, or not whole.
fn is_about_content(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut file = in_memory("test").unwrap();
        file.write_all(bytes).unwrap();
        let mut content = Vec::new();
        let mut file = unpacked(&file).unwrap()?;
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut content).unwrap();
        Some(content)
    }

    #[test]
    fn only_what_is_gzip_to_its_end() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"content").unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(of(&packed).unwrap(), b"content");
        assert_eq!(of(&packed.repeat(2)).unwrap(), b"contentcontent");
        for other in [
            &b""[..],
            b"content",
            &packed[..3],
            &packed[..packed.len() - 1],
            &[&packed[..], b"07070100"].concat(),
            &[&packed[..12], &[0xff; 40]].concat(),
        ] {
            assert_eq!(of(other), None, "{other:?}");
        }
    }
}
