//! That memory does not grow with content: alone in its process, because the mark is the process's.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Seek, SeekFrom, Write};

use common::{pair, reference, SALT};
use salus_vault::Vault;

/// The most memory that this process ever had resident, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<u64>().unwrap() * 1024
}

/// 72 MiB of content; 2 GiB where `SALUS_LONG=1`.
#[tokio::test(flavor = "multi_thread")]
async fn sealing_and_opening_a_file_takes_less_than_64_megabytes() {
    let long = std::env::var("SALUS_LONG").is_ok_and(|value| value == "1");
    let bytes: u64 = if long { 2 << 30 } else { 72 << 20 };
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("image.dcm"), folder.path().join("opened.dcm"));
    let mut file = std::fs::File::create(&source).unwrap();
    file.set_len(bytes).unwrap();
    file.seek(SeekFrom::End(-5)).unwrap();
    file.write_all(b"there").unwrap();

    let vault = Vault::local(folder.path().join("vault")).unwrap();
    let (owner, record) = (pair(1), reference(1, 1));
    let before = peak();
    let sealed = vault.seal_file(record, "application/dicom", &source, &SALT, &[owner.public_key()]).await.unwrap();
    let sealing = peak();
    let opened = vault.open_file(record, &owner, &target, Some(&sealed.commitment)).await.unwrap();
    let opening = peak();
    println!("{bytes} bytes: peak {before} before, {sealing} after sealing, {opening} after opening");
    assert_eq!(opened.content_bytes(), bytes);
    assert_eq!(std::fs::metadata(&target).unwrap().len(), bytes);
    assert!(opening < 64 << 20, "{opening} bytes of memory");
}
