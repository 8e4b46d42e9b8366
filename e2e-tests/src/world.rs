//! A suite of contracts and the people around it, for one test.

use crate::raw::Raw;
use crate::samples::{DAY, UNIT};
use crate::Result;
use ink_primitives::AccountId;
use salus_client::bundle::Bundles;
use salus_client::contracts::{AccessGrants, Claims, ConsentRegistry};
use salus_client::deployment::{self, Deployment, Mode};
use salus_client::message::{Executed, Message, Query};
use salus_client::rules::Rule;
use salus_client::{domain_account, ink_account, signer, AccountId32, CallError, Chain, Keypair};
use salus_domain::codes::Role;
use salus_domain::consent::Consent;
use salus_domain::ids::{Account, ConsentId, RecordId};
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecided, AccessDecision, RecordRegistered, RecordTerms};
use salus_localnet::{Node, Options};
use scale::Decode;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// What each person of a world has at first.
const FUNDS: u128 = 500 * UNIT;

/// The chain, a suite that nobody else uses, and accounts that nobody else has. Tests share only the node.
pub struct World {
    /// The chain.
    pub chain: Chain,
    /// The same chain, past the typed client.
    pub raw: Raw,
    /// Where the suite is.
    pub deployment: Deployment,
    /// Its consent registry.
    pub registry: ConsentRegistry,
    /// Its access grants.
    pub grants: AccessGrants,
    /// Its claims.
    pub claims: Claims,
    /// Who deployed it, and names authorities.
    pub governor: Keypair,
    /// Who vouches for providers, once named.
    pub authority: Keypair,
    /// For whom the doctor works. Only a name: it has no funds.
    pub hospital: Keypair,
    /// A provider.
    pub doctor: Keypair,
    /// Whose data and consents it is about.
    pub patient: Keypair,
    /// Who opens plans.
    pub insurer: Keypair,
    /// Who decides appeals against the insurer.
    pub arbiter: Keypair,
    /// A provider of another organisation.
    pub researcher: Keypair,
    /// Nobody in particular.
    pub stranger: Keypair,
    today: Mutex<Option<Timestamp>>,
}

impl World {
    /// A world on the node that all tests share.
    ///
    /// # Errors
    /// Where the node, the bundles or the deployment fail.
    pub async fn new() -> Result<Self> {
        let url = tokio::task::spawn_blocking(salus_localnet::url_for_tests).await?;
        Self::on(&url).await
    }

    /// A world on the node at an address.
    ///
    /// # Errors
    /// As [`World::new`].
    pub async fn on(url: &str) -> Result<Self> {
        let raw = Raw::connect(url).await?;
        let nonce = unique();
        let name = |who: &str| signer::from_suri(&format!("//e2e//{nonce}//{who}"));
        let governor = name("governor")?;
        let (authority, hospital, doctor) = (name("authority")?, name("hospital")?, name("doctor")?);
        let (patient, insurer, arbiter) = (name("patient")?, name("insurer")?, name("arbiter")?);
        let (researcher, stranger) = (name("researcher")?, name("stranger")?);
        let people = [&governor, &authority, &doctor, &patient, &insurer, &arbiter, &researcher, &stranger];
        raw.endow(&people.map(account), FUNDS).await?;
        let chain = Chain::connect(url).await?;
        let salt = nonce.to_le_bytes();
        let deployment = deployment::deploy(
            &chain,
            &governor,
            &bundles()?,
            &salt,
            deployment::EMERGENCY_TERMS,
            Mode::DeployNow,
            |_| {},
        )
        .await?;
        let (registry, grants, claims) = (deployment.registry(), deployment.grants(), deployment.claims());
        Ok(Self {
            chain,
            raw,
            deployment,
            registry,
            grants,
            claims,
            governor,
            authority,
            hospital,
            doctor,
            patient,
            insurer,
            arbiter,
            researcher,
            stranger,
            today: Mutex::default(),
        })
    }

    /// Another account, with funds.
    ///
    /// # Errors
    /// The node's.
    pub async fn somebody(&self) -> Result<Keypair> {
        let somebody = signer::from_suri(&format!("//e2e//{}//somebody", unique()))?;
        self.raw.endow(&[account(&somebody)], FUNDS).await?;
        Ok(somebody)
    }

    /// Submits a message that must succeed, and waits until it is in a block.
    ///
    /// # Errors
    /// Where it does not succeed.
    pub async fn run<T: Decode, E: Decode + Rule>(&self, who: &Keypair, message: Message<T, E>) -> Result<Executed<T>> {
        Ok(message.submit(&self.chain, who).await.map_err(|error| format!("{}: {error}", message.name()))?)
    }

    /// Submits a message that the contract must refuse, and says why it did.
    ///
    /// # Errors
    /// Where it is not the contract that refuses.
    pub async fn refused<T: Decode + Debug, E: Decode + Rule>(
        &self,
        who: &Keypair,
        message: Message<T, E>,
    ) -> Result<E> {
        match message.submit(&self.chain, who).await {
            Err(CallError::Refused(refusal)) => Ok(refusal),
            Err(CallError::Client(error)) => Err(format!("{}: {error}", message.name()).into()),
            Ok(done) => Err(format!("{} was not refused: {:?}", message.name(), done.forecast).into()),
        }
    }

    /// The answer to a query.
    ///
    /// # Errors
    /// The client's.
    pub async fn read<T: Decode>(&self, query: Query<T>) -> Result<T> {
        Ok(query.read(&self.chain).await?)
    }

    /// The time of the newest block.
    ///
    /// # Errors
    /// The client's.
    pub async fn now(&self) -> Result<Timestamp> {
        Ok(self.chain.now().await?)
    }

    /// The time from which this world counts days back: midnight may pass between two claims for the same service. It is that of
    /// the newest block, and stays until the chain's clock is half a day further.
    ///
    /// # Errors
    /// The client's.
    pub async fn today(&self) -> Result<Timestamp> {
        let now = self.now().await?;
        let mut today = self.today.lock().map_err(|_| "a thread of this test has panicked")?;
        let kept = today.filter(|kept| now < kept.plus(DAY / 2)).unwrap_or(now);
        *today = Some(kept);
        Ok(kept)
    }

    /// The authority is named and vouches for the doctor at the hospital, for a year.
    ///
    /// # Errors
    /// Where one of it fails.
    pub async fn establish(&self) -> Result {
        self.run(&self.governor, self.grants.add_authority(id(&self.authority))).await?;
        self.credential(&self.doctor, &self.hospital, Role::Doctor, 365 * DAY).await
    }

    /// The authority vouches for a provider, for so many milliseconds from now.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn credential(&self, who: &Keypair, organisation: &Keypair, role: Role, lasts: u64) -> Result {
        let until = self.now().await?.plus(lasts);
        let message = self.grants.credential(id(who), id(organisation), role.into(), until);
        self.run(&self.authority, message).await?;
        Ok(())
    }

    /// The patient records a consent.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn consents(&self, consent: &Consent) -> Result<ConsentId> {
        Ok(self.run(&self.patient, self.registry.record(consent)).await?.recorded()?)
    }

    /// The doctor registers a record of the patient.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn registers(&self, terms: RecordTerms) -> Result<RecordId> {
        let done = self.run(&self.doctor, self.grants.register_record(id(&self.patient), terms)).await?;
        Ok(done.event::<RecordRegistered>()?.record)
    }

    /// Somebody asks for access to a record for treatment; the decision is that of the event, without its end.
    ///
    /// # Errors
    /// Where it does not come to a decision.
    pub async fn asks(&self, who: &Keypair, record: RecordId) -> Result<AccessDecision> {
        use salus_domain::codes::{Action, Purpose};
        let done = self.run(who, self.grants.request_access(record, Purpose::Treat, Action::Access, None)).await?;
        Ok(endless(done.event::<AccessDecided>()?.decision))
    }
}

/// Starts a node that only this test uses: for tests that move the clock or end the node.
///
/// # Errors
/// Where there is none to start.
pub async fn node_of_my_own() -> Result<Node> {
    Ok(tokio::task::spawn_blocking(|| Node::find_or_start(Options::default())).await??)
}

/// The folder of the bundles.
#[must_use]
pub fn bundles_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../bundles"))
}

/// The bundles.
///
/// # Errors
/// Where they are missing.
pub fn bundles() -> Result<Bundles> {
    Ok(Bundles::read(&bundles_folder())
        .map_err(|error| format!("{error}\n  (in this repository: cargo xtask bundles)"))?)
}

/// Whose key pair it is, as the client has it.
#[must_use]
pub fn account(who: &Keypair) -> AccountId32 {
    who.public_key().to_account_id()
}

/// Whose key pair it is, as ink! has it.
#[must_use]
pub fn id(who: &Keypair) -> AccountId {
    ink_account(&account(who))
}

/// Whose key pair it is, as the rules have it.
#[must_use]
pub fn person(who: &Keypair) -> Account {
    domain_account(&account(who))
}

/// A number that no other world has, in this process or another one on the same node.
pub(crate) fn unique() -> u64 {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
    let seed = format!("{} {} {counter}", since.as_nanos(), std::process::id());
    let [a, b, c, d, e, f, ..] = salus_client::blake2b_256(seed.as_bytes());
    u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
}

/// A decision without its end, to compare what does not depend on the clock.
#[must_use]
pub fn endless(decision: AccessDecision) -> AccessDecision {
    match decision {
        AccessDecision::Permitted { version, ground, .. } => {
            AccessDecision::Permitted { version, ground, until: salus_domain::time::Timestamp::MAX }
        }
        refused => refused,
    }
}
