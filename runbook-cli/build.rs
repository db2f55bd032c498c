//! Lists the bundled runbooks: every `runbooks/*.toml` of the workspace becomes a text in the
//! binary. Must not know what is in them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../runbooks");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut listing = String::from("&[\n");
    for path in runbooks(&folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        println!("cargo:rerun-if-changed={}", path.display());
        writeln!(listing, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    listing.push(']');
    fs::write(Path::new(&variable("OUT_DIR")).join("bundled.rs"), listing)
}

/// Every runbook in the folder, by name; none where there is no such folder.
fn runbooks(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it for a build script")
}
