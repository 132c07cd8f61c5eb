//! Puts the loader into `gapboot`.
//!
//! `./x dist` builds the stages first and names their directory in
//! `GAPBOOT_DIST` (an absolute path). Without it the crate builds all the same, so that `cargo
//! test` needs no freestanding toolchain; commands that write the loader then
//! say what is missing.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=GAPBOOT_DIST");
    let dist = env::var("GAPBOOT_DIST")
        .ok()
        .filter(|dist| !dist.is_empty());
    let dist = dist.map(PathBuf::from);
    let stages = dist.as_deref().map_or("None".to_owned(), embed);
    write(
        "stages.rs",
        &format!("const EMBEDDED: Option<Embedded> = {stages};\n"),
    );
    let stub = match &dist {
        Some(dist) => format!("Some({})", needed(dist, "stub.bin")),
        None => "None".to_owned(),
    };
    write(
        "stub.rs",
        &format!("const EMBEDDED: Option<&[u8]> = {stub};\n"),
    );
}

/// Writes a file for `include!`.
fn write(name: &str, text: &str) {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join(name), text).expect("OUT_DIR can be written");
}

/// The expression that holds the stages of `dist`.
fn embed(dist: &Path) -> String {
    let overlay = file(dist, "overlay.bin");
    let overlay = overlay.map_or("None".to_owned(), |bytes| format!("Some({bytes})"));
    format!(
        "Some(Embedded {{ stage1: {}, stage2: {}, overlay: {overlay} }})",
        needed(dist, "stage1.bin"),
        needed(dist, "stage2.bin"),
    )
}

/// The expression that holds a file, if there is one.
fn file(dist: &Path, name: &str) -> Option<String> {
    let path = dist.join(name);
    if !path.is_file() {
        return None;
    }
    let path = fs::canonicalize(path).expect("a file that exists has a path");
    println!("cargo::rerun-if-changed={}", path.display());
    Some(format!("include_bytes!({path:?})"))
}

/// The expression that holds a file without which there is no loader.
fn needed(dist: &Path, name: &str) -> String {
    file(dist, name).unwrap_or_else(|| {
        panic!(
            "GAPBOOT_DIST names {}, where there is no {name}: run ./x dist",
            dist.display()
        )
    })
}
