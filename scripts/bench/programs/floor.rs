//! The least that reading every file of a tree takes: each one opened, asked for its length, and read at three places.
//! usage: floor DIRECTORY...

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

fn main() {
    let mut open: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (mut files, mut bytes) = (0_u64, 0_usize);
    let mut buffer = vec![0; 16 * 1024];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                let Ok(file) = File::open(entry.path()) else { continue };
                let length = file.metadata().map_or(0, |metadata| metadata.len());
                files += 1;
                // The head, somewhere within, and the section headers, which come last.
                for (at, want) in [(0, 16 * 1024), (length / 2, 4096), (length.saturating_sub(4096), 4096)] {
                    bytes += file.read_at(&mut buffer[..want], at).unwrap_or(0);
                }
            }
        }
    }
    println!("{files} files, {bytes} bytes");
}
