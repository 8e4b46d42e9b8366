//! The routes without a server and without a chain.

mod access;
mod changes;
mod envelopes;
mod fake;
mod keeping;
mod logs;
mod nodes;
mod releases;

use crate::nodes::Patience;
use crate::request::{Asked, Proof, Target};
use crate::server::Parts;
use crate::service::{Limits, Service};
use crate::{app, LogMode};
use axum::body::Body;
use axum::http::{header::AUTHORIZATION, Request, StatusCode};
use axum::Router;
use fake::Fake;
use http_body_util::BodyExt;
use ink_primitives::AccountId;
use salus_client::{signer, Keypair};
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, SensitivitySet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Account, ConsentId, Hash, RecordId};
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecided, AccessDecision, Ground, Record, RecordTerms};
use salus_vault::{EncryptionKeyPair, RecordRef, Vault};
use serde_json::{json, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const TARGET: Target = Target { genesis: Hash([1; 32]), access_grants: Account([2; 32]) };
/// Stands in the record, and nowhere else.
const SECRET: &[u8] = b"haemoglobin 4.1";
/// Where the doctor's permit stands.
const PERMIT: (u64, u32) = (5, 3);

struct Fixture {
    folder: tempfile::TempDir,
    node: Fake,
    service: Arc<Service<Fake>>,
    app: Router,
    clock: Arc<AtomicU64>,
    doctor: Keypair,
    patient: Keypair,
    custodian: Keypair,
    stranger: Keypair,
    doctor_key: EncryptionKeyPair,
    patient_key: EncryptionKeyPair,
    record: RecordRef,
}

/// How a test's service differs from others.
struct Differently {
    mode: LogMode,
    concurrency: usize,
    request: Duration,
    body: Duration,
    /// How long a node may take for an answer.
    node: Duration,
    /// How long a node may take at the start.
    start: Duration,
    /// The newest final block at first.
    head: u64,
}

impl Default for Differently {
    fn default() -> Self {
        let mode = LogMode::Batch { entries: 4, interval: Duration::from_secs(60) };
        Self {
            mode,
            concurrency: 64,
            request: Duration::from_secs(10),
            body: Duration::from_secs(10),
            node: Duration::from_millis(200),
            start: Duration::ZERO,
            head: 10,
        }
    }
}

fn of(who: &Keypair) -> Account {
    Account(who.public_key().0)
}

fn ink(who: &Keypair) -> AccountId {
    AccountId::from(who.public_key().0)
}

fn permitted(version: u32, until: Timestamp) -> AccessDecision {
    let deciding = Deciding { consent: ConsentId(0), provision: Some(0) };
    AccessDecision::Permitted { version, ground: Ground::Consent(deciding), until }
}

impl Fixture {
    /// A record of the patient, registered by the custodian, in the vault for the patient and the doctor; the doctor has a
    /// final permit.
    async fn new() -> Result<Self> {
        Self::with(Differently::default()).await
    }

    async fn with(differently: Differently) -> Result<Self> {
        let name = |name: &str| signer::from_suri(name);
        let (doctor, patient) = (name("//Doctor")?, name("//Patient")?);
        let (custodian, stranger) = (name("//Custodian")?, name("//Stranger")?);
        let (doctor_key, patient_key) =
            (EncryptionKeyPair::from_seed(&[1; 32]), EncryptionKeyPair::from_seed(&[2; 32]));
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("log"))?;
        let record = RecordRef { record: [7; 32].into(), version: 1 };
        let recipients = [doctor_key.public_key(), patient_key.public_key()];
        let vault = Vault::local(folder.path().join("vault"))?;
        vault.seal(record, "text/plain", SECRET, &[9; 32], &recipients).await?;

        let node = Fake::default();
        {
            let mut chain = node.chain();
            (chain.number, chain.time) = (differently.head, NOW);
            let terms = RecordTerms {
                commitment: Hash([0; 32]),
                class: Class::Observation,
                confidentiality: Confidentiality::N,
                sensitivity: SensitivitySet::EMPTY,
                data_period: None,
            };
            let facts = Record {
                patient: ink(&patient),
                custodian: ink(&custodian),
                version: 1,
                terms,
                patient_condition: false,
                custodian_condition: false,
                erased: false,
            };
            chain.records.insert(RecordId([7; 32]), facts);
            let until = NOW.plus(1_000);
            chain.answers.insert((of(&doctor), RecordId([7; 32])), Ok(permitted(1, until)));
            chain.keys.insert(of(&doctor), *doctor_key.public_key().as_bytes());
            let permit = AccessDecided {
                patient: ink(&patient),
                record: RecordId([7; 32]),
                accessor: ink(&doctor),
                purpose: Purpose::Treat,
                action: Action::Access,
                link: None,
                decision: permitted(1, until),
            };
            chain.credentialed.insert(of(&custodian));
            chain.decisions.insert(PERMIT.0, vec![(PERMIT.1, permit)]);
        }
        let clock = Arc::new(AtomicU64::new(NOW.0));
        let service = assemble(folder.path(), vec![node.clone()], &clock, differently).await?;
        let app = app(Arc::clone(&service));
        Ok(Self {
            folder,
            node,
            service,
            app,
            clock,
            doctor,
            patient,
            custodian,
            stranger,
            doctor_key,
            patient_key,
            record,
        })
    }

    /// Changes the doctor's permit.
    fn permit(&self, change: impl FnOnce(&mut AccessDecided)) {
        if let Some(decided) = self.node.chain().decisions.get_mut(&PERMIT.0).and_then(|decided| decided.first_mut()) {
            change(&mut decided.1);
        }
    }

    /// Changes what the chain says of the record, in a new block.
    fn facts(&self, change: impl FnOnce(&mut Record)) {
        let mut chain = self.node.chain();
        chain.number += 1;
        if let Some(facts) = chain.records.get_mut(&RecordId([7; 32])) {
            change(facts);
        }
    }

    fn sign(&self, who: &Keypair, method: &str, path: &str, body: &[u8]) -> Proof {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&NONCE.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        let asked = Asked { method, path_and_query: path, body };
        Proof::sign(who, &TARGET, &asked, Timestamp(self.clock.load(Ordering::Relaxed)), nonce)
    }

    async fn raw(&self, method: &str, path: &str, authorization: Option<String>, body: &[u8]) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(header) = authorization {
            request = request.header(AUTHORIZATION, header);
        }
        let response = self.app.clone().oneshot(request.body(Body::from(body.to_vec()))?).await?;
        let status = response.status();
        Ok(Answer { status, body: response.into_body().collect().await?.to_bytes().to_vec() })
    }

    async fn ask(&self, who: &Keypair, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
        let proof = self.sign(who, method, path, body);
        self.raw(method, path, Some(proof.header()), body).await
    }

    fn question(&self) -> Value {
        let record = hex::encode([7; 32]);
        json!({ "record": record, "version": 1, "permit": { "block": PERMIT.0, "event": PERMIT.1 } })
    }

    async fn release(&self, who: &Keypair, question: &Value) -> Result<Answer> {
        self.ask(who, "POST", "/v1/releases", &serde_json::to_vec(question)?).await
    }

    fn envelope_path(&self, key: &salus_vault::EncryptionPublicKey) -> String {
        format!("/v1/records/{}/1/envelopes/{key}", self.record.record)
    }
}

async fn assemble(
    folder: &std::path::Path,
    nodes: Vec<Fake>,
    clock: &Arc<AtomicU64>,
    differently: Differently,
) -> std::result::Result<Arc<Service<Fake>>, Box<dyn std::error::Error>> {
    let clock = Arc::clone(clock);
    let service = Service::assemble(Parts {
        nodes,
        vault: Vault::local(folder.join("vault"))?,
        log: folder.join("log").join("releases.log"),
        account: Account([5; 32]),
        target: TARGET,
        mode: differently.mode,
        start_timeout: differently.start,
        patience: Patience { timeout: differently.node, max_head_age: Some(Duration::from_secs(120)) },
        limits: Limits {
            concurrency: differently.concurrency,
            request: differently.request,
            body: differently.body,
            unanchored: differently.mode.max_unanchored(),
            logging: Duration::from_millis(100),
        },
        clock: Box::new(move || Timestamp(clock.load(Ordering::Relaxed))),
    })
    .await?;
    Ok(service)
}

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The answer of a request that was carried out.
    fn ok(&self) -> Result<Value> {
        if self.status != StatusCode::OK {
            return Err(format!("{}: {}", self.status, String::from_utf8_lossy(&self.body)).into());
        }
        self.json()
    }

    /// Status and name of a rejection.
    fn rejected(&self) -> Result<(u16, String)> {
        let problem = self.json()?;
        for field in ["code", "message", "next"] {
            if problem[field].as_str().is_none_or(str::is_empty) {
                return Err(format!("no {field} in {problem}").into());
            }
        }
        Ok((self.status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned()))
    }
}

fn rejected(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
