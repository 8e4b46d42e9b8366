//! Runs of `seal` that end early, and several at once.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    Arc,
};

use common::{pair, reference, Bench, CONTENT, MEDIA_TYPE, SALT};
use futures_util::{future::join_all, stream::BoxStream};
use object_store::{
    memory::InMemory, path::Path, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use salus_vault::{EncryptionKeyPair, Vault, VaultError};

/// A store that fails every write after the first few, as a crash would.
#[derive(Debug)]
struct Failing {
    inner: Arc<InMemory>,
    writes_left: AtomicUsize,
}

impl std::fmt::Display for Failing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Failing")
    }
}

type Answer<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = object_store::Result<T>> + Send + 'a>>;

impl ObjectStore for Failing {
    fn put_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Answer<'c, PutResult>
    where
        'a: 'c,
        'b: 'c,
    {
        let left = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.inner.put_opts(location, payload, options),
            Err(_) => Box::pin(async {
                Err(object_store::Error::Generic { store: "Failing", source: "out of order".into() })
            }),
        }
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        options: PutMultipartOptions,
    ) -> Answer<'c, Box<dyn MultipartUpload>>
    where
        'a: 'c,
        'b: 'c,
    {
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'a, 'b, 'c>(&'a self, location: &'b Path, options: GetOptions) -> Answer<'c, GetResult>
    where
        'a: 'c,
        'b: 'c,
    {
        self.inner.get_opts(location, options)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_delimiter<'a, 'b, 'c>(&'a self, prefix: Option<&'b Path>) -> Answer<'c, ListResult>
    where
        'a: 'c,
        'b: 'c,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'a, 'b, 'd, 'c>(&'a self, from: &'b Path, to: &'d Path, options: CopyOptions) -> Answer<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        'd: 'c,
    {
        self.inner.copy_opts(from, to, options)
    }
}

/// Writes of a sealing for two recipients: content, two envelopes, manifest.
const WRITES: usize = 4;

async fn interrupted_after(bench: &Bench, writes: usize, keys: &[&EncryptionKeyPair]) {
    let failing = Vault::new(Arc::new(Failing { inner: bench.store.clone(), writes_left: writes.into() }));
    let recipients: Vec<_> = keys.iter().map(|pair| pair.public_key()).collect();
    let failed = failing.seal(reference(1, 1), MEDIA_TYPE, b"of the first run", &SALT, &recipients).await;
    assert!(matches!(failed, Err(VaultError::Store(_))), "{failed:?}");
}

#[tokio::test]
async fn a_half_written_record_is_invisible() {
    let (owner, doctor) = (pair(1), pair(2));
    for writes in 0..WRITES {
        let bench = Bench::new();
        interrupted_after(&bench, writes, &[&owner, &doctor]).await;
        assert_eq!(bench.paths().await.len(), writes);
        assert!(bench.vault.records().await.unwrap().is_empty());
        let refused = bench.vault.open(reference(1, 1), &owner).await;
        assert!(matches!(refused, Err(VaultError::NotFound { .. })));
    }
}

#[tokio::test]
async fn a_half_written_record_is_healed_by_sealing_again() {
    let (owner, doctor) = (pair(1), pair(2));
    for writes in 0..WRITES {
        let bench = Bench::new();
        interrupted_after(&bench, writes, &[&owner, &doctor]).await;
        bench.seal(reference(1, 1), &[&owner]).await;

        let opened = bench.vault.open(reference(1, 1), &owner).await.unwrap();
        assert_eq!(opened.content(), CONTENT);
        // Nothing of the first run is left: content, envelope and manifest of the second, and no other recipient.
        assert_eq!(bench.paths().await.len(), 3);
        let recipients = bench.vault.recipients(reference(1, 1)).await.unwrap();
        assert_eq!(recipients, [owner.public_key()]);
    }
}

#[tokio::test]
async fn healing_leaves_files_alone_that_no_sealing_wrote() {
    let bench = Bench::new();
    let record = reference(1, 1);
    let notes: Path = format!("records/{}/1/notes/today", record.record).into();
    bench.write(&notes, b"keep").await;
    bench.seal(record, &[&pair(1)]).await;
    assert_eq!(bench.read(&notes).await, b"keep");
}

#[tokio::test]
async fn leftovers_of_an_interrupted_local_write_do_not_hinder() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::local(folder.path()).unwrap();
    let record = reference(1, 1);
    // This is how the file system store names a file it has not finished.
    let version = folder.path().join(format!("records/{}/1", record.record));
    let sealing = version.join("0".repeat(32));
    std::fs::create_dir_all(&sealing).unwrap();
    std::fs::write(sealing.join("content#1"), b"half").unwrap();
    std::fs::write(version.join("manifest#1"), b"half").unwrap();
    assert!(vault.records().await.unwrap().is_empty());

    let owner = pair(1);
    vault.seal(record, MEDIA_TYPE, CONTENT, &SALT, &[owner.public_key()]).await.unwrap();
    assert_eq!(vault.records().await.unwrap(), [record]);
    let opened = vault.open(record, &owner).await.unwrap();
    assert_eq!(opened.content(), CONTENT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_sealings_at_once_exactly_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Arc::new(pair(1));
    let record = reference(1, 1);
    let runs = (0..8u8).map(|run| {
        // A vault each, as separate processes would have.
        let vault = Vault::local(folder.path()).unwrap();
        let owner = owner.clone();
        tokio::spawn(async move {
            let keys = [owner.public_key()];
            let sealed = vault.seal(record, MEDIA_TYPE, &[run; 1000], &SALT, &keys).await;
            (run, sealed)
        })
    });
    let mut winners = vec![];
    for finished in join_all(runs).await {
        match finished.unwrap() {
            (run, Ok(_)) => winners.push(run),
            (_, Err(error)) => assert!(matches!(error, VaultError::AlreadySealed { .. })),
        }
    }
    let [winner] = winners[..] else {
        panic!("winners: {winners:?}");
    };
    let vault = Vault::local(folder.path()).unwrap();
    let opened = vault.open(record, &owner).await.unwrap();
    assert_eq!(opened.content(), [winner; 1000]);
}
