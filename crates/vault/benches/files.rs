//! What the vault costs on a disk, beside the cipher's crate on the same file:
//! `cargo bench -p salus-vault --bench files`.
//!
//! Both read the content from a file, leave it encrypted on the disk (flushed), read that, and leave the content in a
//! file (flushed). The vault also commits to the content, twice, and keeps keys and envelopes.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use chacha20poly1305::{aead::Aead, KeyInit, XChaCha20Poly1305};
use divan::{counter::BytesCount, Bencher};
use salus_vault::{EncryptionKeyPair, RecordRef, Vault};
use tempfile::TempDir;

const MIB: u64 = 1024 * 1024;
const SALT: [u8; 32] = [3; 32];

fn main() {
    divan::main();
}

/// Content of so many MiB, and an empty folder beside it, on the disk that the build is on.
fn content(mib: u64) -> (TempDir, PathBuf) {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("content");
    let mut out = File::create(&file).unwrap();
    let bytes: Vec<u8> = (0..MIB).map(|at| (at % 251) as u8).collect();
    (0..mib).for_each(|_| out.write_all(&bytes).unwrap());
    out.sync_all().unwrap();
    (folder, file)
}

/// An empty folder; removed after the time was taken.
fn empty(beside: &Path) -> TempDir {
    let folder = TempDir::new_in(beside.parent().unwrap()).unwrap();
    File::open(folder.path()).unwrap().sync_all().unwrap();
    folder
}

fn write(path: &Path, bytes: &[u8]) {
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
}

mod mib_64 {
    use super::*;

    #[divan::bench(sample_count = 30, sample_size = 1)]
    fn vault(bencher: Bencher) {
        super::vault(bencher, 64);
    }

    #[divan::bench(sample_count = 30, sample_size = 1)]
    fn bare_cipher(bencher: Bencher) {
        super::bare_cipher(bencher, 64);
    }
}

mod mib_512 {
    use super::*;

    #[divan::bench(sample_count = 7, sample_size = 1)]
    fn vault(bencher: Bencher) {
        super::vault(bencher, 512);
    }

    #[divan::bench(sample_count = 7, sample_size = 1)]
    fn bare_cipher(bencher: Bencher) {
        super::bare_cipher(bencher, 512);
    }
}

/// `seal_file`, then `open_file`.
fn vault(bencher: Bencher, mib: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let owner = EncryptionKeyPair::from_seed(&[1; 32]);
    let record = RecordRef { record: [1; 32].into(), version: 1 };
    let (_folder, file) = content(mib);
    bencher.counter(BytesCount::new(mib * MIB)).with_inputs(|| empty(&file)).bench_local_values(|folder| {
        runtime.block_on(async {
            let vault = Vault::local(folder.path().join("vault")).unwrap();
            let keys = [owner.public_key()];
            vault.seal_file(record, "application/dicom", &file, &SALT, &keys).await.unwrap();
            vault.open_file(record, &owner, folder.path().join("opened"), None).await.unwrap();
        });
        folder
    });
}

/// The whole file as one message, as the cipher's crate offers it: a vector in, a vector out.
fn bare_cipher(bencher: Bencher, mib: u64) {
    let cipher = XChaCha20Poly1305::new((&[1; 32]).into());
    let nonce: [u8; 24] = [2; 24];
    let (_folder, file) = content(mib);
    bencher.counter(BytesCount::new(mib * MIB)).with_inputs(|| empty(&file)).bench_local_values(|folder| {
        let (sealed, opened) = (folder.path().join("sealed"), folder.path().join("opened"));
        write(&sealed, &cipher.encrypt((&nonce).into(), fs::read(&file).unwrap().as_slice()).unwrap());
        write(&opened, &cipher.decrypt((&nonce).into(), fs::read(&sealed).unwrap().as_slice()).unwrap());
        folder
    });
}
