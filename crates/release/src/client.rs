//! The client of the service.

use crate::request::{Asked, Proof, Target};
use crate::server::hex_hash;
use crate::service::system_clock;
use crate::wire::{
    Destroyed, Entries, EnvelopeChanged, Hashes, Health, Hex32, LogHead, PermitPlace, Problem, ReleaseRequest, Released,
};
use base64::prelude::{Engine, BASE64_STANDARD};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, Response, StatusCode};
use salus_client::deployment::Deployment;
use salus_client::{domain_account, AccountId32, Keypair};
use salus_domain::ids::RecordId;
use salus_vault::{EncryptionPublicKey, RecordRef};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long the service may take until it begins to answer: longer than it gives itself.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a connection is kept for the next request: less long than the service keeps it.
const IDLE: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes. Ciphertexts are streamed.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Why the client has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The address is not one.
    #[error("{0} is not the address of a release service\n  next: give one such as https://releases.example.org")]
    BadUrl(String),
    /// The genesis hash in the deployment is not one.
    #[error("the genesis hash of the deployment cannot be read")]
    BadGenesis,
    /// The system has no randomness to give, or no TLS.
    #[error("a request cannot be made on this system")]
    NoSystem,
    /// The service does not answer.
    #[error(
        "the release service does not answer as it should: {0}\n  next: see whether it runs; then do the same again"
    )]
    Unreachable(String),
    /// The service refused.
    #[error("refused by the release service ({}): {}\n  next: {}", .0.code, .0.message, .0.next)]
    Refused(Box<Problem>),
    /// The answer is not one of this service.
    #[error("the answer of the release service cannot be read\n  next: check its address")]
    Undecodable,
}

impl ReleaseError {
    /// The name of the rejection, where it is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for ReleaseError {
    fn from(error: reqwest::Error) -> Self {
        // Its address has tickets in it.
        Self::Unreachable(error.without_url().to_string())
    }
}

/// An answer to a release, with its envelope read.
#[derive(Clone, Debug)]
pub struct Release {
    /// The envelope, for `unwrap_and_decrypt`.
    pub envelope: Vec<u8>,
    /// The rest.
    pub answer: Released,
}

/// A release service, asked in the name of one account.
pub struct ReleaseClient {
    http: reqwest::Client,
    base: String,
    target: Target,
    account: Keypair,
}

impl ReleaseClient {
    /// The service at `url` (`https://…`, or `http://…` on the same machine), for the suite of `deployment`.
    ///
    /// # Errors
    /// [`ReleaseError::BadUrl`], [`ReleaseError::BadGenesis`], [`ReleaseError::NoSystem`].
    pub fn new(url: &str, deployment: &Deployment, account: Keypair) -> Result<Self, ReleaseError> {
        let base = url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base).map_err(|_| ReleaseError::BadUrl(url.to_owned()))?;
        // The path is signed as the service sees it: nothing may stand before it.
        if !matches!(parsed.scheme(), "http" | "https") || parsed.path() != "/" || parsed.query().is_some() {
            return Err(ReleaseError::BadUrl(url.to_owned()));
        }
        // The TLS of this process; where something else has chosen one already, that stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()
            .map_err(|_| ReleaseError::NoSystem)?;
        let genesis = hex_hash(&deployment.genesis_hash).ok_or(ReleaseError::BadGenesis)?;
        let access_grants = domain_account(&deployment.access_grants.address);
        Ok(Self { http, base, target: Target { genesis, access_grants }, account })
    }

    /// Collects the envelope of a record version for a permit. `key`: the one that can be opened; `None`: whichever is on the
    /// chain.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn release(
        &self,
        record: RecordId,
        version: u32,
        permit: PermitPlace,
        key: Option<&EncryptionPublicKey>,
    ) -> Result<Release, ReleaseError> {
        let key = key.map(|key| Hex32(*key.as_bytes()));
        let request = ReleaseRequest { record: Hex32(record.0), version, permit, key };
        let body = serde_json::to_vec(&request).map_err(|_| ReleaseError::Undecodable)?;
        let answer: Released = self.json(Method::POST, "/v1/releases", body).await?;
        let envelope = BASE64_STANDARD.decode(&answer.envelope).map_err(|_| ReleaseError::Undecodable)?;
        Ok(Release { envelope, answer })
    }

    /// The ciphertext of what was released.
    ///
    /// # Errors
    /// [`ReleaseError`]; an item of the stream is one where the connection broke.
    pub async fn content(
        &self,
        released: &Released,
    ) -> Result<impl Stream<Item = Result<Bytes, ReleaseError>> + Send + Unpin + 'static, ReleaseError> {
        let response = self.send(Method::GET, &released.content, Vec::new()).await?;
        Ok(response.bytes_stream().map(|bytes| bytes.map_err(ReleaseError::from)))
    }

    /// Puts an envelope into the vault (`salus_vault::rewrap` makes one).
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn put_envelope(
        &self,
        record: RecordRef,
        to: &EncryptionPublicKey,
        envelope: Vec<u8>,
    ) -> Result<EnvelopeChanged, ReleaseError> {
        self.json(Method::PUT, &envelope_path(record, to), envelope).await
    }

    /// Takes an envelope out of the vault.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn remove_envelope(
        &self,
        record: RecordRef,
        from: &EncryptionPublicKey,
    ) -> Result<EnvelopeChanged, ReleaseError> {
        self.json(Method::DELETE, &envelope_path(record, from), Vec::new()).await
    }

    /// Has the vault destroy a record that the chain says is erased.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn erase(&self, record: RecordId) -> Result<Destroyed, ReleaseError> {
        self.json(Method::POST, &format!("/v1/records/{}/erasure", hex::encode(record.0)), Vec::new()).await
    }

    /// A page of the entries about a patient, from an index on.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn entries_of(&self, patient: &AccountId32, from: u64) -> Result<Entries, ReleaseError> {
        self.json(Method::GET, &format!("/v1/patients/{patient}/entries?from={from}"), Vec::new()).await
    }

    /// A page of all entries in `from..to`; `None`: to the end.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn entries(&self, from: u64, to: Option<u64>) -> Result<Entries, ReleaseError> {
        let to = to.map(|to| format!("&to={to}")).unwrap_or_default();
        self.json(Method::GET, &format!("/v1/log/entries?from={from}{to}"), Vec::new()).await
    }

    /// How far the log is.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn head(&self) -> Result<LogHead, ReleaseError> {
        self.json(Method::GET, "/v1/log/head", Vec::new()).await
    }

    /// The proof that entry `index` is in the log of `size` entries.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn proof(&self, index: u64, size: u64) -> Result<Hashes, ReleaseError> {
        self.json(Method::GET, &format!("/v1/log/proof?index={index}&size={size}"), Vec::new()).await
    }

    /// The proof that the log of `new` entries begins with that of `old` entries.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Hashes, ReleaseError> {
        self.json(Method::GET, &format!("/v1/log/consistency?old={old}&new={new}"), Vec::new()).await
    }

    /// Whether the service can release. That it cannot is an answer.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub async fn health(&self) -> Result<Health, ReleaseError> {
        let response = self.http.get(format!("{}/health", self.base)).send().await?;
        read(response).await
    }

    async fn json<T: DeserializeOwned>(&self, method: Method, path: &str, body: Vec<u8>) -> Result<T, ReleaseError> {
        read(self.send(method, path, body).await?).await
    }

    /// Signs a request and sends it; an answer that is not 200 is an error.
    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response, ReleaseError> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| ReleaseError::NoSystem)?;
        let asked = Asked { method: method.as_str(), path_and_query: path, body: &body };
        let proof = Proof::sign(&self.account, &self.target, &asked, system_clock(), nonce);
        let request = self.http.request(method, format!("{}{path}", self.base)).header(AUTHORIZATION, proof.header());
        let response = request.body(body).send().await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(ReleaseError::Refused(Box::new(read(response).await?)))
    }
}

fn envelope_path(record: RecordRef, key: &EncryptionPublicKey) -> String {
    format!("/v1/records/{}/{}/envelopes/{key}", record.record, record.version)
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ReleaseError> {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(bytes) = stream.next().await {
        body.extend_from_slice(&bytes?);
        if body.len() > MAX_ANSWER {
            return Err(ReleaseError::Undecodable);
        }
    }
    serde_json::from_slice(&body).map_err(|_| ReleaseError::Undecodable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::deployment::Deployed;
    use salus_client::signer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    fn deployment() -> Deployment {
        let address = AccountId32([2; 32]);
        let deployed = Deployed { address, code_hash: String::new(), bundle_sha256: String::new() };
        Deployment {
            network: String::new(),
            genesis_hash: format!("0x{}", hex::encode([1; 32])),
            deployer: address,
            block: 0,
            consent_registry: deployed.clone(),
            access_grants: deployed.clone(),
            claims: deployed,
        }
    }

    fn client(url: &str) -> Result<ReleaseClient> {
        Ok(ReleaseClient::new(url, &deployment(), signer::from_suri("//Alice")?)?)
    }

    /// What a client says of a service that answers anything with these bytes.
    async fn told_by(answer: &'static [u8]) -> Result<ReleaseError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = client(&format!("http://{}/", listener.local_addr()?))?;
        let answering = async {
            let (mut stream, _) = listener.accept().await?;
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            stream.write_all(answer).await?;
            stream.shutdown().await
        };
        let (asked, answered) = tokio::join!(client.head(), answering);
        answered?;
        Ok(asked.err().ok_or("it was answered")?)
    }

    #[test]
    fn an_address_has_no_path_because_the_path_is_signed() -> Result {
        let alice = signer::from_suri("//Alice")?;
        for url in ["", "127.0.0.1:80", "ws://127.0.0.1:80", "http://127.0.0.1:80/releases", "http://127.0.0.1/?a=b"] {
            let refused = ReleaseClient::new(url, &deployment(), alice.clone());
            assert!(matches!(refused, Err(ReleaseError::BadUrl(_))), "{url}");
        }
        let other = Deployment { genesis_hash: "0x12".into(), ..deployment() };
        let refused = ReleaseClient::new("https://releases.example.org", &other, alice);
        assert!(matches!(refused, Err(ReleaseError::BadGenesis)));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_no_answer_of_the_service_is_an_error() -> Result {
        let nonsense = told_by(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await?;
        assert!(matches!(nonsense, ReleaseError::Undecodable), "{nonsense}");
        let proxy = told_by(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 2\r\n\r\nhi").await?;
        assert!(matches!(proxy, ReleaseError::Undecodable), "{proxy}");
        let elsewhere = told_by(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n").await?;
        assert!(!matches!(elsewhere, ReleaseError::Refused(_)), "{elsewhere}");
        let torn = told_by(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi").await?;
        assert!(matches!(torn, ReleaseError::Unreachable(_)), "{torn}");
        Ok(())
    }
}
