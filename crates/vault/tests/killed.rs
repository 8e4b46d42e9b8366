//! A process that works on a local vault and is killed, at 200 moments or more: what it said it had done is done, nothing is half
//! there, nothing is on disk in clear, and whatever it was doing can be completed.
//!
//! The process is this test program, told by a variable to be the worker.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use common::{files_below, pair, MEDIA_TYPE};
use salus_vault::{commit, EncryptionKeyPair, RecordId, RecordRef, Vault, VaultError};

const FOLDER: &str = "SALUS_VAULT_WORKER_FOLDER";
const PLAN: &str = "SALUS_VAULT_WORKER_PLAN";
const KILLS: u64 = 200;
/// So many, where a slow machine gets little done between them.
const MOST_KILLS: u64 = 2_000;
/// So many kills fall upon one folder before the next begins with an empty one.
const KILLS_PER_FOLDER: u64 = 10;
const MARKER: &[u8] = b"PATIENT-MARKER-4711";

/// xorshift64: moments and contents differ, and are the same in every run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn id(run: u64, number: u64) -> RecordId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&run.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

fn content(record: &RecordId) -> Vec<u8> {
    let number = usize::from(record.as_bytes()[15]);
    // Mostly a chunk; for some several; for the first of some runs more than one part of an upload.
    let bytes = match (number, record.as_bytes()[7] % 40) {
        (0, 9) => 5_500_000,
        (_, 3 | 23) => 200_000,
        _ => 500 + number * 100,
    };
    let line = [MARKER, record.as_bytes()].concat();
    let mut content = line.repeat(bytes.div_ceil(line.len()));
    content.truncate(bytes);
    content
}

fn version(record: RecordId) -> RecordRef {
    RecordRef { record, version: 1 }
}

fn salt(record: &RecordId) -> [u8; 32] {
    *record.as_bytes()
}

/// The patient's key, of which every run has another one.
fn patient(run: u64) -> EncryptionKeyPair {
    EncryptionKeyPair::from_seed(&[(run % 199) as u8 + 50; 32])
}

fn doctor() -> EncryptionKeyPair {
    pair(2)
}

async fn seal(vault: &Vault, record: RecordId, run: u64) -> Result<(), VaultError> {
    let keys = [patient(run).public_key()];
    vault.seal(version(record), MEDIA_TYPE, &content(&record), &salt(&record), &keys).await.map(drop)
}

/// Says that something begins or is done; a reader at the other end of a pipe has it even if this process dies.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n:{words}").unwrap();
    out.flush().unwrap();
}

/// Takes over the keys of earlier runs, then seals, shares and destroys.
async fn work(folder: &Path, first_key: u64, run: u64, records: u64) {
    let vault = Vault::local(folder).unwrap();
    say("ready");
    for old in first_key..run {
        let rotated = vault.rotate(&patient(old), &patient(old + 1).public_key(), |_, _| {}).await.unwrap();
        assert!(rotated.is_complete(), "{rotated:?}");
        say(&format!("rotated {}", old + 1));
    }
    for number in 0..records {
        let record = id(run, number);
        say(&format!("sealing {record}"));
        seal(&vault, record, run).await.unwrap();
        say(&format!("sealed {record}"));
        vault.share(version(record), &patient(run), &doctor().public_key()).await.unwrap();
        say(&format!("shared {record}"));
        if number % 3 == 2 {
            let victim = id(run, number - 1);
            say(&format!("destroying {victim}"));
            let destruction = vault.destroy(&victim).await.unwrap();
            say(&format!("destroyed {victim} {}", hex::encode(destruction.digest())));
        }
    }
}

/// What is known of a record.
#[derive(Debug, Default, Clone)]
struct Known {
    sealed: bool,
    shared: bool,
    destroying: bool,
    destroyed: Option<String>,
}

#[derive(Default)]
struct Ledger {
    records: BTreeMap<RecordId, Known>,
    /// The last key that everything was said to be moved to.
    key: u64,
}

impl Ledger {
    fn hear(&mut self, line: &str) {
        let Some(words) = line.strip_prefix(':') else {
            return;
        };
        let mut words = words.split(' ');
        let what = words.next().unwrap();
        if what == "ready" {
            return;
        }
        let subject = words.next().unwrap();
        if what == "rotated" {
            self.key = subject.parse().unwrap();
            return;
        }
        let known = self.records.entry(subject.parse().unwrap()).or_default();
        match what {
            "sealing" => {}
            "sealed" => known.sealed = true,
            "shared" => known.shared = true,
            "destroying" => known.destroying = true,
            "destroyed" => known.destroyed = Some(words.next().unwrap().to_owned()),
            other => panic!("unknown: {other}"),
        }
    }
}

async fn assert_opens(vault: &Vault, record: RecordId, keys: &[EncryptionKeyPair]) {
    let mut refusals = vec![];
    for key in keys {
        match vault.open(version(record), key).await {
            Ok(opened) => {
                assert!(opened.content() == content(&record));
                opened.verify_commitment(&commit(&salt(&record), &content(&record))).unwrap();
                return;
            }
            Err(refused @ VaultError::NoEnvelope { .. }) => refusals.push(refused),
            Err(other) => panic!("{record}: {other:?}"),
        }
    }
    panic!("{record}: {refusals:?}");
}

async fn check(folder: &Path, ledger: &mut Ledger, run: u64) {
    for file in files_below(folder) {
        let stored = std::fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&stored, MARKER).is_none(), "plaintext in {}", file.display());
    }

    let vault = Vault::local(folder).unwrap();
    let keys: Vec<_> = (ledger.key..=run).map(patient).collect();
    let listed = vault.records().await.unwrap();
    for record in &listed {
        assert_opens(&vault, record.record, &keys).await;
    }
    for (record, known) in &mut ledger.records {
        if let Some(digest) = &known.destroyed {
            let again = vault.destroy(record).await.unwrap();
            assert_eq!(&hex::encode(again.digest()), digest);
            assert_destroyed(folder, &vault, *record).await;
            continue;
        }
        if known.destroying {
            // Whatever it had come to, this completes it, and the list has all that there was.
            let destruction = vault.destroy(record).await.unwrap();
            let paths: Vec<_> = destruction.objects().iter().map(|object| object.path.as_str()).collect();
            assert!(paths.iter().any(|path| path.ends_with("/1/manifest")), "{paths:?}");
            assert!(paths.iter().any(|path| path.ends_with("/content")), "{paths:?}");
            assert!(paths.iter().filter(|path| path.contains("/envelopes/")).count() >= 2, "{paths:?}");
            known.destroyed = Some(hex::encode(destruction.digest()));
            assert_destroyed(folder, &vault, *record).await;
            continue;
        }
        if !known.sealed {
            // Sealed by its last write, or not at all; either way sealing it again completes it.
            let there = listed.contains(&version(*record));
            match seal(&vault, *record, run).await {
                Ok(()) => assert!(!there),
                Err(VaultError::AlreadySealed { .. }) => assert!(there),
                Err(other) => panic!("{record}: {other:?}"),
            }
            known.sealed = true;
        } else {
            assert!(listed.contains(&version(*record)), "{record} was lost");
        }
        assert_opens(&vault, *record, &keys).await;
        if known.shared {
            assert_opens(&vault, *record, &[doctor()]).await;
        }
    }
}

async fn assert_destroyed(folder: &Path, vault: &Vault, record: RecordId) {
    let opened = vault.open(version(record), &doctor()).await;
    assert!(matches!(opened, Err(VaultError::Destroyed { record: r }) if r == record), "{opened:?}");
    let mut left = files_below(&folder.join(format!("records/{record}")));
    left.sort();
    let names: Vec<_> = left.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    // A write that the kill hit between linking its file into place and removing the other name of it.
    let names: Vec<_> = names.into_iter().filter(|name| !name.contains('#')).collect();
    assert_eq!(names, ["closed", "destroyed"]);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Without the variables, a worker that nobody kills.
#[test]
fn a_worker_that_is_not_killed_does_all_it_says() {
    let Ok(folder) = std::env::var(FOLDER) else {
        let folder = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            work(folder.path(), 0, 2, 6).await;
            let vault = Vault::local(folder.path()).unwrap();
            // Of six records the second and the fifth were destroyed.
            assert_eq!(vault.records().await.unwrap().len(), 4);
            let mut ledger = Ledger { key: 2, ..Ledger::default() };
            for number in 0..6 {
                let done = format!(":sealed {}", id(2, number));
                ledger.hear(&done);
            }
            for number in [1, 4] {
                ledger.hear(&format!(":destroying {}", id(2, number)));
            }
            check(folder.path(), &mut ledger, 2).await;
        });
        return;
    };
    let plan = std::env::var(PLAN).unwrap();
    let (first_key, run) = plan.split_once(' ').unwrap();
    runtime().block_on(work(Path::new(&folder), first_key.parse().unwrap(), run.parse().unwrap(), u64::MAX));
}

#[test]
fn a_worker_killed_at_any_moment_loses_nothing_and_leaves_nothing_half_done() {
    let mut dice = Dice(0x5a1u64);
    let mut folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::default();
    let (mut acknowledged, mut interrupted) = (0, 0);
    // The kills are to fall upon work, not beside it.
    let enough = |acknowledged, interrupted| acknowledged > 100 && interrupted > 20;
    for run in 1.. {
        if run > KILLS && enough(acknowledged, interrupted) {
            break;
        }
        assert!(run <= MOST_KILLS, "{acknowledged} records were sealed, {interrupted} operations were interrupted");
        if run % KILLS_PER_FOLDER == 1 {
            folder = tempfile::tempdir().unwrap();
            ledger = Ledger { key: run, ..Ledger::default() };
        }
        let mut worker = Command::new(std::env::current_exe().unwrap())
            .args(["a_worker_that_is_not_killed_does_all_it_says", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(PLAN, format!("{} {run}", ledger.key))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(worker.stdout.take().unwrap());
        let mut line = String::new();
        while line != ":ready\n" {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "the worker ended early");
        }
        // The moment is the point of it.
        std::thread::sleep(Duration::from_micros(dice.roll(80_000)));
        worker.kill().unwrap();
        let ended = worker.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(9), "it ended by itself: {ended:?}");
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        // A word that was cut off was not said.
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        whole.lines().for_each(|line| ledger.hear(line));
        acknowledged += whole.lines().filter(|line| line.starts_with(":sealed")).count();
        let open = |known: &Known| !known.sealed || (known.destroying && known.destroyed.is_none());
        interrupted += ledger.records.values().filter(|known| open(known)).count();
        runtime().block_on(check(folder.path(), &mut ledger, run));
    }
}
