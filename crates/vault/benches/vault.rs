//! What the vault costs beside the primitives it is made of: `cargo bench -p salus-vault`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{cell::RefCell, sync::Arc};

use chacha20poly1305::{
    aead::{Aead, AeadInOut},
    KeyInit, XChaCha20Poly1305,
};
use divan::{counter::BytesCount, Bencher};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use object_store::memory::InMemory;
use salus_vault::{rewrap, EncryptionKeyPair, RecordRef, Vault};
use sha2::{Digest, Sha256};

type SuiteKem = hpke::kem::X25519HkdfSha256;
type SuiteKdf = hpke::kdf::HkdfSha256;
type SuiteAead = hpke::aead::ChaCha20Poly1305;

const CONTENT_BYTES: usize = 64 * 1024 * 1024;
const SALT: [u8; 32] = [3; 32];

fn main() {
    divan::main();
}

fn record() -> RecordRef {
    RecordRef { record: [1; 32].into(), version: 1 }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().build().unwrap()
}

#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod content {
    use super::*;

    /// The vault: encryption, commitment, a store in memory, and back.
    #[divan::bench]
    fn seal_and_open(bencher: Bencher) {
        let (runtime, owner) = (runtime(), EncryptionKeyPair::from_seed(&[1; 32]));
        let content = vec![0x5a; CONTENT_BYTES];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            runtime.block_on(async {
                let vault = Vault::new(Arc::new(InMemory::new()));
                let keys = [owner.public_key()];
                vault.seal(record(), "application/dicom", &content, &SALT, &keys).await.unwrap();
                vault.open(record(), &owner).await.unwrap()
            })
        });
    }

    /// Sealing and opening of a stream: what is opened is hashed, too, and goes nowhere.
    #[divan::bench]
    fn seal_and_open_streams(bencher: Bencher) {
        let (runtime, owner) = (runtime(), EncryptionKeyPair::from_seed(&[1; 32]));
        let content = vec![0x5a; CONTENT_BYTES];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            runtime.block_on(async {
                let vault = Vault::new(Arc::new(InMemory::new()));
                let keys = [owner.public_key()];
                vault.seal_reader(record(), "application/dicom", &content[..], &SALT, &keys).await.unwrap();
                vault.open_to(record(), &owner, tokio::io::sink()).await.unwrap()
            })
        });
    }

    #[divan::bench]
    fn seal(bencher: Bencher) {
        let (runtime, owner) = (runtime(), EncryptionKeyPair::from_seed(&[1; 32]));
        let content = vec![0x5a; CONTENT_BYTES];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            runtime.block_on(async {
                let vault = Vault::new(Arc::new(InMemory::new()));
                let keys = [owner.public_key()];
                vault.seal(record(), "application/dicom", &content, &SALT, &keys).await.unwrap()
            })
        });
    }

    #[divan::bench]
    fn open(bencher: Bencher) {
        let (runtime, owner) = (runtime(), EncryptionKeyPair::from_seed(&[1; 32]));
        let vault = Vault::new(Arc::new(InMemory::new()));
        let (content, keys) = (vec![0x5a; CONTENT_BYTES], [owner.public_key()]);
        let sealing = vault.seal(record(), "application/dicom", &content, &SALT, &keys);
        runtime.block_on(sealing).unwrap();
        bencher
            .counter(BytesCount::new(CONTENT_BYTES))
            .bench_local(|| runtime.block_on(vault.open(record(), &owner)).unwrap());
    }

    /// The cipher alone, the whole content as one message, as its crate offers it: a vector in, a vector out.
    #[divan::bench]
    fn bare_cipher(bencher: Bencher) {
        let cipher = XChaCha20Poly1305::new((&[1; 32]).into());
        let content = vec![0x5a; CONTENT_BYTES];
        let nonce: [u8; 24] = [2; 24];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            let sealed = cipher.encrypt((&nonce).into(), content.as_slice()).unwrap();
            cipher.decrypt((&nonce).into(), sealed.as_slice()).unwrap()
        });
    }

    /// The cipher alone, in place: no memory is allocated.
    #[divan::bench]
    fn bare_cipher_in_place(bencher: Bencher) {
        let cipher = XChaCha20Poly1305::new((&[1; 32]).into());
        let content = RefCell::new(vec![0x5a; CONTENT_BYTES]);
        let nonce: [u8; 24] = [2; 24];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            let mut content = content.borrow_mut();
            let nonce = (&nonce).into();
            let tag = cipher.encrypt_inout_detached(nonce, &[], content.as_mut_slice().into()).unwrap();
            cipher.decrypt_inout_detached(nonce, &[], content.as_mut_slice().into(), &tag).unwrap();
        });
    }

    /// The cipher and the digest that the commitment needs, one after the other.
    #[divan::bench]
    fn bare_cipher_and_sha256(bencher: Bencher) {
        let cipher = XChaCha20Poly1305::new((&[1; 32]).into());
        let content = vec![0x5a; CONTENT_BYTES];
        let nonce: [u8; 24] = [2; 24];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| {
            let digest = Sha256::digest(&content);
            let sealed = cipher.encrypt((&nonce).into(), content.as_slice()).unwrap();
            (digest, cipher.decrypt((&nonce).into(), sealed.as_slice()).unwrap())
        });
    }

    /// What the commitment costs alone.
    #[divan::bench]
    fn sha256(bencher: Bencher) {
        let content = vec![0x5a; CONTENT_BYTES];
        bencher.counter(BytesCount::new(CONTENT_BYTES)).bench_local(|| Sha256::digest(&content));
    }
}

mod envelope {
    use super::*;

    fn bare(recipient: &<SuiteKem as Kem>::PublicKey) -> (<SuiteKem as Kem>::EncappedKey, Vec<u8>) {
        hpke::single_shot_seal_with_rng::<SuiteAead, SuiteKdf, SuiteKem>(
            &OpModeS::Base,
            recipient,
            &[4; 100],
            &[5; 32],
            &[6; 100],
            &mut hpke::rand_core::UnwrapErr(getrandom::SysRng),
        )
        .unwrap()
    }

    /// A vault's envelope, and whose it is.
    fn stored() -> (Vec<u8>, EncryptionKeyPair) {
        let owner = EncryptionKeyPair::from_seed(&[1; 32]);
        let vault = Vault::new(Arc::new(InMemory::new()));
        let own = runtime().block_on(async {
            vault.seal(record(), "text/plain", b"", &SALT, &[owner.public_key()]).await.unwrap();
            vault.envelope(record(), &owner.public_key()).await.unwrap().unwrap()
        });
        (own, owner)
    }

    fn bare_open(
        secret: &<SuiteKem as Kem>::PrivateKey,
        enc: &<SuiteKem as Kem>::EncappedKey,
        sealed: &[u8],
    ) -> Vec<u8> {
        let (info, aad) = ([4; 100], [6; 100]);
        hpke::single_shot_open::<SuiteAead, SuiteKdf, SuiteKem>(&OpModeR::Base, secret, enc, &info, sealed, &aad)
            .unwrap()
    }

    /// The vault's envelope, opened.
    #[divan::bench]
    fn unwrap(bencher: Bencher) {
        let (own, owner) = stored();
        bencher.bench_local(|| salus_vault::fuzzing::unwrap(&own, record(), &owner).unwrap());
    }

    /// `hpke` alone: `single_shot_open`.
    #[divan::bench]
    fn unwrap_bare_hpke(bencher: Bencher) {
        let (secret, public) = SuiteKem::derive_keypair(&[1; 32]);
        let (enc, sealed) = bare(&public);
        let enc = enc.to_bytes();
        bencher.bench_local(|| {
            let enc = <SuiteKem as Kem>::EncappedKey::from_bytes(&enc).unwrap();
            bare_open(&secret, &enc, &sealed)
        });
    }

    /// The vault's envelope, made.
    #[divan::bench]
    fn wrap(bencher: Bencher) {
        let to = EncryptionKeyPair::from_seed(&[2; 32]).public_key();
        bencher.bench_local(|| salus_vault::fuzzing::wrap(record(), &to, [5; 32]).unwrap());
    }

    /// `hpke` alone: `single_shot_seal`.
    #[divan::bench]
    fn wrap_bare_hpke(bencher: Bencher) {
        let to = SuiteKem::derive_keypair(&[2; 32]).1.to_bytes();
        bencher.bench_local(|| bare(&<SuiteKem as Kem>::PublicKey::from_bytes(&to).unwrap()));
    }

    /// The vault's envelope, opened and wrapped anew.
    #[divan::bench]
    fn unwrap_and_wrap(bencher: Bencher) {
        let (own, owner) = stored();
        let to = EncryptionKeyPair::from_seed(&[2; 32]).public_key();
        bencher.bench_local(|| rewrap(record(), &own, &owner, &to).unwrap());
    }

    /// `hpke` alone: `single_shot_open`, then `single_shot_seal`.
    #[divan::bench]
    fn unwrap_and_wrap_bare_hpke(bencher: Bencher) {
        let (secret, public) = SuiteKem::derive_keypair(&[1; 32]);
        let (enc, sealed) = bare(&public);
        let (enc, to) = (enc.to_bytes(), SuiteKem::derive_keypair(&[2; 32]).1.to_bytes());
        bencher.bench_local(|| {
            let enc = <SuiteKem as Kem>::EncappedKey::from_bytes(&enc).unwrap();
            let opened = bare_open(&secret, &enc, &sealed);
            let to = <SuiteKem as Kem>::PublicKey::from_bytes(&to).unwrap();
            (opened, bare(&to))
        });
    }
}
