//! What a record consists of: bytes, their media type, and what is said of them on the chain.

use crate::operations::documents::{Document, FileError};
use crate::operations::{secret_of, OperationError};
use salus_client::{blake2b_256, AccountId32, Keypair};
use salus_domain::codes::{Class, Confidentiality, SensitivitySet};
use salus_domain::ids::Hash;
use salus_domain::time::Period;
use salus_fhir::record::compile;
use salus_interface::access::RecordTerms;
use salus_vault::{digest_reader, ContentDigest};
use sha2::{Digest, Sha256};
use std::io::{Error, ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// The media type of a FHIR resource (FHIR R4, section 3.1.0.1.9).
pub const FHIR_JSON: &str = "application/fhir+json";

/// What is said of content on the chain, beside the commitment to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What kind of data it is.
    pub class: Class,
    /// How confidential it is.
    pub confidentiality: Confidentiality,
    /// Why it is sensitive.
    pub sensitivity: SensitivitySet,
    /// When the data was made.
    pub data_period: Option<Period>,
}

#[derive(Clone, Debug)]
enum Source {
    Memory(Document),
    File(PathBuf),
}

/// The content of a record, in memory or in a file that is read as a stream.
#[derive(Clone, Debug)]
pub struct Content {
    source: Source,
    /// Its media type.
    pub media_type: String,
    /// What is said of it.
    pub labels: Labels,
}

impl Content {
    /// A FHIR resource. What is said of it is in it.
    ///
    /// # Errors
    /// [`OperationError::Document`].
    pub fn fhir(document: Document) -> Result<Self, OperationError> {
        let compiled = document.compile(compile)?;
        let labels = Labels {
            class: compiled.class,
            confidentiality: compiled.confidentiality,
            sensitivity: compiled.sensitivity,
            data_period: compiled.data_period,
        };
        Ok(Self { source: Source::Memory(document), media_type: FHIR_JSON.to_owned(), labels })
    }

    /// Any other file.
    #[must_use]
    pub fn file(file: &Path, media_type: String, labels: Labels) -> Self {
        Self { source: Source::File(file.to_owned()), media_type, labels }
    }

    /// Reads it from the beginning.
    async fn reader(&self) -> Result<Box<dyn AsyncRead + Send + Unpin + '_>, OperationError> {
        match &self.source {
            Source::Memory(document) => Ok(Box::new(document.bytes.as_slice())),
            Source::File(file) => {
                let opened = tokio::fs::File::open(file).await;
                let opened = opened.map_err(|error| FileError::Unreadable(file.display().to_string(), error))?;
                Ok(Box::new(opened))
            }
        }
    }

    /// What is to be said of it on the chain, and how it is to be sealed. It is read once.
    ///
    /// The salt follows from the registrant's secret, the patient and the content: registering the same content again
    /// finds the record that is there.
    ///
    /// # Errors
    /// [`OperationError::File`], [`OperationError::Vault`] where it cannot be read.
    pub async fn describe(&self, patient: &AccountId32, registrant: &Keypair) -> Result<Described, OperationError> {
        let digest = digest_reader(self.reader().await?).await?;
        let secret = secret_of(registrant, "salus-record-salt");
        let salt = blake2b_256(&[secret, patient.0, *digest.as_bytes()].concat());
        let Labels { class, confidentiality, sensitivity, data_period } = self.labels;
        let commitment = Hash(digest.commit(&salt));
        let terms = RecordTerms { commitment, class, confidentiality, sensitivity, data_period };
        Ok(Described { terms, salt, digest })
    }

    /// Reads it to be sealed. The last bytes are given out only if all of it is what was described: a file that is
    /// changed meanwhile is not sealed.
    ///
    /// # Errors
    /// [`OperationError::File`].
    pub async fn checked(&self, described: &Described) -> Result<impl AsyncRead + '_, OperationError> {
        Ok(Checked { reader: self.reader().await?, hash: Sha256::new(), expected: described.digest })
    }
}

/// What is to be said of content on the chain.
#[derive(Clone, Debug)]
pub struct Described {
    /// What the chain is told.
    pub terms: RecordTerms,
    /// The salt of the commitment.
    pub salt: [u8; 32],
    digest: ContentDigest,
}

/// A reader whose end is an error unless it gave what was expected.
struct Checked<R> {
    reader: R,
    hash: Sha256,
    expected: ContentDigest,
}

impl<R: AsyncRead + Unpin> AsyncRead for Checked<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<IoResult<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.reader).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if !read.is_empty() || buffer.remaining() == 0 {
            self.hash.update(read);
            return Poll::Ready(Ok(()));
        }
        let digest: [u8; 32] = self.hash.clone().finalize().into();
        Poll::Ready(match ContentDigest::from(digest) == self.expected {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::InvalidData, "it was changed while it was read")),
        })
    }
}

/// The media type that a file's name suggests.
#[must_use]
pub fn guess(file: &Path) -> String {
    mime_guess::from_path(file).first_or_octet_stream().essence_str().to_owned()
}

/// Whether a media type is that of a FHIR resource in JSON.
#[must_use]
pub fn is_fhir(media_type: &str) -> bool {
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FHIR_JSON)
}

/// The class of content that does not say it itself: images and recordings are `Media`, all else is a document.
#[must_use]
pub fn class_of(media_type: &str) -> Class {
    match media_type.split('/').next() {
        Some("image" | "audio" | "video") => Class::Media,
        _ => Class::DocumentReference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::signer::from_suri;
    use tokio::io::AsyncReadExt;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    const LABELS: Labels = Labels {
        class: Class::DocumentReference,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: None,
    };

    #[tokio::test]
    async fn the_same_content_is_described_alike_wherever_it_comes_from() -> Result {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("letter.pdf");
        std::fs::write(&file, b"%PDF-1.7")?;
        let (dave, patient) = (from_suri("//Dave")?, AccountId32([1; 32]));
        let of_file = Content::file(&file, guess(&file), LABELS);
        let document = Document { file: "letter.pdf".into(), bytes: b"%PDF-1.7".to_vec() };
        let of_memory = Content { source: Source::Memory(document), ..of_file.clone() };
        let described = of_file.describe(&patient, &dave).await?;
        assert_eq!(described.terms, of_memory.describe(&patient, &dave).await?.terms);
        assert_ne!(described.terms, of_file.describe(&AccountId32([2; 32]), &dave).await?.terms);
        assert_ne!(described.terms, of_file.describe(&patient, &from_suri("//Eve")?).await?.terms);
        assert_eq!(described.terms.commitment.0, salus_vault::commit(&described.salt, b"%PDF-1.7"));
        Ok(())
    }

    #[tokio::test]
    async fn a_file_that_is_changed_before_it_is_sealed_is_not_read_to_the_end() -> Result {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("letter.txt");
        std::fs::write(&file, b"before")?;
        let content = Content::file(&file, guess(&file), LABELS);
        let described = content.describe(&AccountId32([1; 32]), &from_suri("//Dave")?).await?;
        let mut read = Vec::new();
        content.checked(&described).await?.read_to_end(&mut read).await?;
        assert_eq!(read, b"before");
        std::fs::write(&file, b"after!")?;
        let changed = content.checked(&described).await?.read_to_end(&mut Vec::new()).await;
        assert!(changed.is_err_and(|error| error.kind() == ErrorKind::InvalidData));
        Ok(())
    }

    #[test]
    fn a_media_type_is_guessed_and_gives_a_class() {
        let of = |name: &str| guess(Path::new(name));
        assert_eq!(of("letter.PDF"), "application/pdf");
        assert_eq!(of("scan.png"), "image/png");
        assert_eq!(of("no-extension"), "application/octet-stream");
        assert_eq!((class_of("image/png"), class_of("application/pdf")), (Class::Media, Class::DocumentReference));
        assert!(is_fhir("application/fhir+json; charset=utf-8") && !is_fhir("application/json"));
    }
}
