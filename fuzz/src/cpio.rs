//! cpio archives as systemd-stub makes them. The code is independent of the loader's.

/// A file of an archive: name and content.
pub type File<'a> = (&'a str, &'a [u8]);

/// An archive of files in a directory. `modes` are the permissions of the directory
/// and of the files.
pub fn archive(directory: &str, modes: [u32; 2], files: &[File]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut inode = 0;
    let mut record = |name: &str, mode: u32, content: &[u8]| {
        inode += 1;
        archive.extend(
            format!(
                "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{1:08x}{0:08x}{2:08x}\
                 {0:08x}{0:08x}{0:08x}{0:08x}{3:08x}{0:08x}{name}\0",
                0,
                1,
                content.len(),
                name.len() + 1
            )
            .bytes(),
        );
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(4), 0);
    };
    for (at, _) in directory.match_indices('/') {
        record(&directory[..at], 0o040_555, b"");
    }
    record(directory, 0o040_000 | modes[0], b"");
    for (name, content) in files {
        record(
            &format!("{directory}/{name}"),
            0o100_000 | modes[1],
            content,
        );
    }
    let zeros = |count: usize| "0".repeat(8 * count);
    let trailer = format!("070701{}00000001{}0000000B{}", zeros(4), zeros(6), zeros(1));
    archive.extend(trailer.bytes());
    archive.extend(*b"TRAILER!!!\0\0\0\0");
    archive
}
