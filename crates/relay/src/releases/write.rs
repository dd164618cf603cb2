//! Files that are whole or not there: written beside their place, flushed to the disk, then moved in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names of files that are being written start with this; leftovers of a crash are removed at start.
const UNFINISHED: &str = ".writing-";

/// Puts a file in place, whether there was one before or not. When this returns, it survives a power cut.
///
/// # Errors
/// What the file system says; then the old file, if any, is still there unchanged.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_with(path, bytes, &mut OpenOptions::new())
}

/// The same for a file that only its owner may read.
///
/// # Errors
/// As [`put`].
pub fn put_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    put_with(path, bytes, &mut options)
}

fn put_with(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let beside = folder.join(format!("{UNFINISHED}{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let written = write_flushed(&beside, bytes, options).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    flush_folder(folder)
}

fn write_flushed(path: &Path, bytes: &[u8], options: &mut OpenOptions) -> io::Result<()> {
    let mut file = options.write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder and those above it, each one's entry flushed in the folder that holds it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    flush_folder(above)
}

fn flush_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes what a crash left unfinished below `folder`, and adds up the bytes of all that is whole. A folder that is not
/// there holds nothing.
///
/// # Errors
/// What the file system says.
pub fn tidy(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            bytes += tidy(&entry.path())?;
        } else if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        } else {
            bytes += meta.len();
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_put_and_replaced_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.json");
        put(&path, b"one").unwrap();
        put(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(tidy(folder.path()).unwrap(), 5);
    }

    #[test]
    fn what_a_crash_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        put(&folder.path().join("a/whole"), b"12").unwrap();
        fs::write(folder.path().join("a/.writing-7"), b"half").unwrap();
        assert_eq!(tidy(folder.path()).unwrap(), 2);
        assert!(!folder.path().join("a/.writing-7").exists());
        assert_eq!(tidy(&folder.path().join("nowhere")).unwrap(), 0);
    }
}
