//! What a log of a million entries costs: `cargo bench -p salus-audit`. Sizes and memory are printed before the times.

use divan::counter::ItemsCount;
use divan::{black_box, Bencher};
use salus_audit::{leaf_of, sha_256, Id, InclusionProof, Log, LogError, LogFile, Tree};
use salus_domain::ids::Hash;
use salus_domain::merkle::verify_consistency;
use std::sync::LazyLock;
use tempfile::TempDir;

const ENTRIES: u64 = 1_000_000;
/// How long an entry is, in bytes: a decision with its ids, commitments and signature.
const LENGTH: usize = 256;
/// The size of an earlier log, which is not a power of two.
const OLD: u64 = 333_333;

/// A log of so many entries.
static LOG: LazyLock<(TempDir, LogFile)> = LazyLock::new(|| made().unwrap_or_else(|error| panic!("{error}")));

fn main() {
    let (directory, log) = &*LOG;
    let before = resident();
    let again = LogFile::read(directory.path().join("log"));
    println!("memory of a log: {} MiB", resident().saturating_sub(before) >> 10);
    drop(again);
    println!("file: {} MiB", directory.path().join("log").metadata().map_or(0, |file| file.len()) >> 20);
    let proof = prove(log);
    let json = serde_json::to_vec(&proof).map_or(0, |json| json.len());
    let consistency = log.tree().consistency(OLD, ENTRIES).unwrap_or_default().len();
    println!("inclusion: {} hashes, {} bytes, with its entry in JSON {json}", proof.path.len(), 32 * proof.path.len());
    println!("consistency with {OLD}: {consistency} hashes, {} bytes", 32 * consistency);
    divan::main();
}

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn id(number: u64) -> Id {
    sha_256(&number.to_le_bytes())
}

/// Appends the entries from `from` to `to`, by so many threads.
fn append(log: &Log, threads: u64, from: u64, to: u64) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || -> Result<(), LogError> {
                let mut mine = (from + thread..to).step_by(threads as usize);
                mine.try_for_each(|number| log.append(id(number), &[7; LENGTH]).map(drop))
            });
        }
    });
}

fn made() -> Result<(TempDir, LogFile), Box<dyn std::error::Error>> {
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = directory.path().join("log");
    append(&Log::open(&path)?, 512, 0, ENTRIES);
    let file = LogFile::read(&path)?;
    assert_eq!(file.tree().size(), ENTRIES);
    Ok((directory, file))
}

fn prove(log: &LogFile) -> InclusionProof {
    log.prove(OLD, ENTRIES).unwrap_or_else(|error| panic!("{error}"))
}

/// Many writers share a write and an fdatasync.
#[divan::bench(args = [1, 8, 32, 128], sample_count = 5, sample_size = 1)]
fn append_durably(bencher: Bencher, threads: u64) {
    let count = 64 * threads;
    let fresh = || {
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap_or_else(|error| panic!("{error}"));
        let log = Log::open(directory.path().join("log")).unwrap_or_else(|error| panic!("{error}"));
        (directory, log)
    };
    bencher.counter(ItemsCount::new(count)).with_inputs(fresh).bench_refs(|(_, log)| append(log, threads, 0, count));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn open_from_file(bencher: Bencher) {
    let path = LOG.0.path().join("log");
    bencher.counter(ItemsCount::new(ENTRIES)).bench(|| LogFile::read(&path).map(|log| log.tree().root()));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn build_tree_from_leaves(bencher: Bencher) {
    let leaves: Vec<Hash> = (0..ENTRIES).map(|number| leaf_of(&id(number), &[])).collect();
    bencher.counter(ItemsCount::new(ENTRIES)).bench(|| leaves.iter().copied().collect::<Tree>().root());
}

#[divan::bench]
fn root_at(bencher: Bencher) {
    bencher.bench(|| LOG.1.tree().root_at(black_box(OLD)));
}

#[divan::bench]
fn make_inclusion(bencher: Bencher) {
    bencher.bench(|| LOG.1.tree().inclusion(black_box(OLD), ENTRIES));
}

#[divan::bench]
fn make_inclusion_with_entry(bencher: Bencher) {
    bencher.bench(|| prove(black_box(&LOG.1)));
}

#[divan::bench]
fn verify_inclusion_with_entry(bencher: Bencher) {
    let proof = prove(&LOG.1);
    bencher.bench(|| black_box(&proof).verify().is_ok());
}

#[divan::bench]
fn make_consistency(bencher: Bencher) {
    bencher.bench(|| LOG.1.tree().consistency(black_box(OLD), ENTRIES));
}

#[divan::bench]
fn verify_growth(bencher: Bencher) {
    let tree = LOG.1.tree();
    let roots = tree.root_at(OLD).zip(tree.root_at(ENTRIES)).zip(tree.consistency(OLD, ENTRIES));
    bencher.bench(|| {
        let ((old, new), proof) = black_box(&roots).as_ref()?;
        Some(verify_consistency(&sha_256, OLD, *old, ENTRIES, *new, proof))
    });
}
