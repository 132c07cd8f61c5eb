//! Puts the loader into `gapboot`.
//!
//! `./x dist` builds the stages first and names their directory in
//! `GAPBOOT_DIST` (an absolute path). Without it the crate builds all the same, so that `cargo
//! test` needs no freestanding toolchain; commands that write the loader then
//! say what is missing.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=GAPBOOT_DIST");
    let stages = match env::var("GAPBOOT_DIST") {
        Ok(dist) if !dist.is_empty() => embed(Path::new(&dist)),
        _ => "None".to_owned(),
    };
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(
        Path::new(&out).join("stages.rs"),
        format!("const EMBEDDED: Option<Embedded> = {stages};\n"),
    )
    .expect("OUT_DIR can be written");
}

/// The expression that holds the stages of `dist`.
fn embed(dist: &Path) -> String {
    let file = |name: &str| -> Option<String> {
        let path = dist.join(name);
        if !path.is_file() {
            return None;
        }
        let path = fs::canonicalize(path).expect("a file that exists has a path");
        println!("cargo::rerun-if-changed={}", path.display());
        Some(format!("include_bytes!({path:?})"))
    };
    let needed = |name: &str| {
        file(name).unwrap_or_else(|| {
            panic!(
                "GAPBOOT_DIST names {}, where there is no {name}: run ./x dist",
                dist.display()
            )
        })
    };
    let overlay = file("overlay.bin").map_or("None".to_owned(), |bytes| format!("Some({bytes})"));
    format!(
        "Some(Embedded {{ stage1: {}, stage2: {}, overlay: {overlay} }})",
        needed("stage1.bin"),
        needed("stage2.bin"),
    )
}
