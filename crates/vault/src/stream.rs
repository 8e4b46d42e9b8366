//! Content on its way through the cipher, a few megabytes at a time. When sealing, one batch is encrypted while the next
//! is hashed, the one after that read, and those before are written; when opening, one is decrypted while the one before
//! is hashed and written, and the next is read.

use std::{pin::pin, sync::Arc};

use bytes::{BufMut, Bytes};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::{
    buffer::{grow, Buffer},
    commitment::{ContentDigest, SALT_BYTES},
    content::{sealed_bytes, Header, Opener, Sealer, CHUNK_BYTES, MAX_HEADER_BYTES, TAG_BYTES},
    key::ContentKey,
    store::Upload,
    RecordRef, VaultError,
};

/// The plaintext of a batch.
const BATCH_BYTES: usize = 16 * CHUNK_BYTES;
/// Less is encrypted in less time than it takes to hand it to another thread.
const INLINE_BYTES: usize = 64 * 1024;

/// Reads in batches of `size` bytes, and knows of each whether it is the last.
struct Batches<R> {
    reader: R,
    size: usize,
    /// How many bytes a buffer has room for, if it needs it all.
    room: usize,
    carry: Buffer,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Batches<R> {
    /// `carry` comes before what is read. The batches are to have room for `room` bytes.
    fn new(reader: R, size: usize, room: usize, carry: Buffer) -> Self {
        Self { reader, size, room: room.max(size + 1), carry, ended: false }
    }

    /// The next batch, in memory with all the room.
    async fn next(&mut self) -> std::io::Result<Buffer> {
        let buffer = Buffer::new(Vec::with_capacity(self.room));
        self.fill(buffer).await
    }

    /// The next batch, in the memory of an old one. It is the last if `ended` is set.
    async fn fill(&mut self, mut buffer: Buffer) -> std::io::Result<Buffer> {
        // One byte more than there is to be, to tell "just full" from "more to come".
        let (wanted, room) = (self.size + 1, self.room);
        buffer.clear();
        grow(&mut buffer, self.carry.len(), room);
        buffer.extend_from_slice(&self.carry);
        self.carry.clear();
        while buffer.len() < wanted {
            if buffer.len() == buffer.capacity() {
                grow(&mut buffer, 1, room);
            }
            let left = wanted - buffer.len();
            let read = self.reader.read_buf(&mut (&mut *buffer).limit(left)).await?;
            if read == 0 {
                self.ended = true;
                return Ok(buffer);
            }
        }
        // Whoever has the buffer next may not wipe what is behind its end.
        self.carry.extend(buffer.last_mut().map(std::mem::take));
        buffer.truncate(self.size);
        Ok(buffer)
    }
}

/// Runs `work` where it does not hold up other tasks, unless there is little of it.
async fn compute<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, VaultError> {
    if bytes <= INLINE_BYTES {
        return Ok(work());
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(VaultError::ShutDown),
    }
}

/// Encrypts everything that comes from `content` into `upload`; the digest of it.
///
/// Errors: `TooLarge` as soon as one byte more than `limit` was read, `Source`, `Store`, `ShutDown`.
pub(crate) async fn seal(
    sealer: Sealer,
    salt: &[u8; SALT_BYTES],
    content: impl AsyncRead,
    limit: u64,
    upload: &mut Upload<'_>,
) -> Result<ContentDigest, VaultError> {
    let content = pin!(content.take(limit + 1));
    upload.put(Bytes::copy_from_slice(sealer.header())).await?;

    let mut batches = Batches::new(content, BATCH_BYTES, sealed_bytes(BATCH_BYTES), Zeroizing::new(salt.to_vec()));
    let mut filled = Some(batches.fill(Buffer::default()).await.map_err(VaultError::Source)?);
    // What is hashed, and not encrypted yet; and whether it is the last.
    let mut hashed: Option<(Buffer, bool)> = None;
    let (mut sealer, mut hash) = (Some(sealer), Sha256::new());
    // The salt is no part of the content.
    let (mut skip, mut total) = (SALT_BYTES, 0);
    while filled.is_some() || hashed.is_some() {
        let plain = filled.take();
        let last = batches.ended;
        total += plain.as_ref().map_or(0, |plain| plain.len() - skip) as u64;
        if total > limit {
            return Err(VaultError::TooLarge { limit, actual: total });
        }
        let hashing = compute(plain.as_ref().map_or(0, |plain| plain.len()), move || {
            hash.update(plain.as_ref().and_then(|plain| plain.get(skip..)).unwrap_or_default());
            (hash, plain)
        });
        let encrypting = async {
            match (sealer.take(), hashed.take()) {
                (Some(sealer), Some((plain, last))) => {
                    compute(plain.len(), move || encrypt(sealer, plain, last)).await.map(Some)
                }
                (rest, _) => Ok(rest.map(|sealer| (Some(sealer), Some(vec![])))),
            }
        };
        let reading = async {
            match last {
                true => Ok(None),
                false => batches.next().await.map(Some),
            }
        };
        let (done, encrypted, next) = tokio::join!(hashing, encrypting, reading);
        let plain;
        (hash, plain) = done?;
        hashed = plain.map(|plain| (plain, last));
        if let Some((rest, encrypted)) = encrypted? {
            // More chunks than the cipher can count are far more than the limit.
            let encrypted = encrypted.ok_or(VaultError::TooLarge { limit, actual: total })?;
            sealer = rest;
            upload.put(encrypted.into()).await?;
        }
        skip = 0;
        filled = next.map_err(VaultError::Source)?;
    }
    Ok(ContentDigest::from(<[u8; 32]>::from(hash.finalize())))
}

fn encrypt(mut sealer: Sealer, plain: Buffer, last: bool) -> (Option<Sealer>, Option<Vec<u8>>) {
    match last {
        false => {
            let encrypted = sealer.encrypt(plain);
            (Some(sealer), encrypted)
        }
        true => (None, sealer.encrypt_last(plain)),
    }
}

/// What was found when a content object was opened.
pub(crate) struct Found {
    pub(crate) media_type: String,
    pub(crate) salt: Zeroizing<[u8; SALT_BYTES]>,
    pub(crate) content_bytes: u64,
    /// Only where it was asked for.
    pub(crate) digest: Option<ContentDigest>,
}

/// Whether content is hashed on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hashing {
    Hashed,
    NotHashed,
}

/// Decrypts `object` into `out`. A batch is written when all of it is authentic, the first ones before it is known that
/// the last ones are.
///
/// Errors: those of `Header::read`, `Header::opener` and `Opener`, `TooLarge` before more than `limit` bytes are written,
/// `Source`, `Store`, `Target`, `ShutDown`.
pub(crate) async fn open(
    record: RecordRef,
    key: &ContentKey,
    object: impl AsyncRead,
    limit: u64,
    hashing: Hashing,
    out: impl AsyncWrite,
) -> Result<Found, VaultError> {
    let (mut object, mut out) = (pin!(object), pin!(out));
    let mut head = Batches::new(&mut object, MAX_HEADER_BYTES, 0, Buffer::default());
    let mut start = head.fill(Buffer::default()).await.map_err(source)?;
    start.extend(head.carry.pop());
    let header = Header::read(&start, record)?;
    let opener = header.opener(key)?;
    let rest = Zeroizing::new(start.get(header.bytes..).unwrap_or_default().to_vec());

    let batch = (BATCH_BYTES / header.chunk).max(1) * (header.chunk + TAG_BYTES);
    let mut batches = Batches::new(object, batch, 0, rest);
    let mut sealed = Some((opener, batches.fill(Buffer::default()).await.map_err(source)?));
    // What is decrypted, and not written yet.
    let mut plain: Option<Arc<Buffer>> = None;
    let mut spare = Buffer::default();
    let mut hash = (hashing == Hashing::Hashed).then(Sha256::new);
    let mut salt = None;
    let (mut skip, mut total) = (0, 0);
    while sealed.is_some() || plain.is_some() {
        let last = batches.ended;
        let more = sealed.is_some() && !last;
        let decrypting = async {
            match sealed.take() {
                None => Ok(None),
                Some((opener, buffer)) => compute(buffer.len(), move || decrypt(opener, buffer, last)).await?.map(Some),
            }
        };
        let reading = async {
            match more {
                true => batches.fill(std::mem::take(&mut spare)).await,
                false => Ok(Buffer::default()),
            }
        };
        let unhashed = plain.clone();
        let hashed = compute(plain.as_ref().map_or(0, |plain| plain.len()), move || {
            if let (Some(hash), Some(plain)) = (&mut hash, &unhashed) {
                hash.update(plain.get(skip..).unwrap_or_default());
            }
            hash
        });
        let writing = async {
            match &plain {
                None => Ok(()),
                Some(plain) => out.write_all(plain.get(skip..).unwrap_or_default()).await,
            }
        };
        let (decrypted, next, hashed, written) = tokio::join!(decrypting, reading, hashed, writing);
        written.map_err(VaultError::Target)?;
        hash = hashed?;
        if let Some(written) = plain.take().and_then(Arc::into_inner) {
            spare = written;
        }
        let Some((opener, buffer)) = decrypted? else {
            continue;
        };
        skip = 0;
        if salt.is_none() {
            salt = buffer.first_chunk::<SALT_BYTES>().map(|salt| Zeroizing::new(*salt));
            skip = SALT_BYTES;
        }
        total += buffer.len().saturating_sub(skip) as u64;
        if total > limit {
            return Err(VaultError::TooLarge { limit, actual: total });
        }
        plain = Some(Arc::new(buffer));
        if let Some(opener) = opener {
            sealed = Some((opener, next.map_err(source)?));
        }
    }
    out.flush().await.map_err(VaultError::Target)?;
    // Content that has no room for a salt is none.
    let salt = salt.ok_or(VaultError::ContentTampered { record })?;
    let digest = hash.map(|hash| ContentDigest::from(<[u8; 32]>::from(hash.finalize())));
    Ok(Found { media_type: header.media_type, salt, content_bytes: total, digest })
}

fn decrypt(mut opener: Opener, mut buffer: Buffer, last: bool) -> Result<(Option<Opener>, Buffer), VaultError> {
    match last {
        false => opener.decrypt(&mut buffer).map(|()| (Some(opener), buffer)),
        true => opener.decrypt_last(&mut buffer).map(|()| (None, buffer)),
    }
}

/// An error of the object store comes through a reader as one of input and output.
fn source(error: std::io::Error) -> VaultError {
    match error.downcast::<object_store::Error>() {
        Ok(error) => VaultError::Store(error),
        Err(error) => VaultError::Source(error),
    }
}
