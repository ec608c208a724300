//! Lists the files of `web/dist` for `include_bytes!`, with a compressed twin of each that shrinks: compressing
//! the same script at each request took most of the time of a first page.

use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let built = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // The folder is always there (`web/dist/.gitkeep`), so a program without a page is not built anew each time.
    println!("cargo::rerun-if-changed={}", built.display());
    let mut files = Vec::new();
    walk(&built, &mut files)?;
    files.sort();
    let mut list = String::from("pub static ASSETS: &[Asset] = &[\n");
    for (i, file) in files.iter().enumerate() {
        let bytes = fs::read(file)?;
        let mut hash = DefaultHasher::new();
        bytes.hash(&mut hash);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        let small = encoder.finish()?;
        // What is compressed already (fonts, images) is sent as it is.
        let gzip = if small.len() * 10 < bytes.len() * 9 {
            let twin = out.join(format!("{i}.gz"));
            fs::write(&twin, small)?;
            format!("Some(include_bytes!({:?}))", twin.display().to_string())
        } else {
            "None".to_owned()
        };
        let path = file.strip_prefix(&built)?.to_string_lossy().replace('\\', "/");
        writeln!(
            list,
            "Asset {{ path: {path:?}, bytes: include_bytes!({:?}), gzip: {gzip}, mark: \"{:016x}\" }},",
            file.canonicalize()?.display().to_string(),
            hash.finish(),
        )?;
    }
    list.push_str("];\n");
    Ok(fs::write(out.join("assets.rs"), list)?)
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, out)?;
        } else if path.file_name().is_some_and(|n| !n.to_string_lossy().starts_with('.')) {
            out.push(path);
        }
    }
    Ok(())
}
