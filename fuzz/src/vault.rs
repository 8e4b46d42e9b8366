//! The objects of a vault that somebody else keeps.

use salus_vault::{fuzzing, unwrap_and_decrypt, Destruction, EncryptionKeyPair, RecordRef};
use std::future::Future;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

/// The envelope in `corpus/vault_decrypt`, and the content that belongs to it: they are those of the vault's known answers.
const ENVELOPE: &[u8] = include_bytes!("../corpus/vault_objects/envelope");
const CONTENT: &[u8] = include_bytes!("../corpus/vault_objects/content");
const PLAIN: &[u8] = br#"{"resourceType":"Observation"}"#;

static RECIPIENT: LazyLock<EncryptionKeyPair> =
    LazyLock::new(|| EncryptionKeyPair::from_seed(&std::array::from_fn(|at| at as u8)));

fn record() -> RecordRef {
    RecordRef { record: [0x11; 32].into(), version: 3 }
}

/// The readers of all kinds of objects.
pub fn objects(data: &[u8]) {
    let _ = fuzzing::manifest(data, record());
    let _ = fuzzing::envelope(data, record(), RECIPIENT.public_key());
    if let Ok(bytes) = fuzzing::content_header(data, record()) {
        assert!(bytes <= data.len());
    }
    if let Ok(destruction) = Destruction::decode(data, record().record) {
        assert_eq!(destruction.encode(), data);
        let _ = destruction.digest();
    }
}

/// An envelope with the content behind it, and the same content with an envelope that is right. Nothing opens that was
/// changed.
pub fn decrypt(data: &[u8]) {
    let (envelope, content) = data.split_at(data.len().min(ENVELOPE.len()));
    if fuzzing::unwrap(envelope, record(), &RECIPIENT).is_ok() {
        assert_eq!(envelope, ENVELOPE, "an envelope was changed and opens");
    }
    if fuzzing::content(content, record(), [0x33; 32]).is_ok() {
        assert_eq!(content, CONTENT, "content was changed and opens");
    }
    for envelope in [envelope, ENVELOPE] {
        let mut plain = Vec::new();
        let opening = unwrap_and_decrypt(record(), envelope, content, &RECIPIENT, &mut plain);
        if let Ok(unsealed) = ready(opening) {
            assert_eq!((envelope, content, plain.as_slice()), (ENVELOPE, CONTENT, PLAIN));
            assert_eq!(unsealed.media_type(), "application/fhir+json");
        }
    }
}

/// The output of a future that waits for nothing: it reads and writes memory.
fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
