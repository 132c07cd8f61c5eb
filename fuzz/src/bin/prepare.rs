//! Writes the seeds of each target into a directory with the target's name, below
//! the directory that is the argument. For each target, prints its name and the
//! longest useful length of an input.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let root = std::env::args_os().nth(1).map(PathBuf::from);
    let root = root.ok_or_else(|| std::io::Error::other("usage: prepare DIRECTORY"))?;
    for target in fuzz::TARGETS {
        let directory = root.join(target.name);
        std::fs::create_dir_all(&directory)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(directory.join(format!("seed-{number}")), seed)?;
        }
        println!("{} {}", target.name, target.longest);
    }
    Ok(())
}
