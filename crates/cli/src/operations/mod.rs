//! What users do, each as one function over chain, documents and vault: shared by the commands and the story.

pub mod accounting;
pub mod appeals;
pub mod audits;
pub mod authorisations;
pub mod claims;
pub mod consents;
pub mod disclosures;
pub mod documents;
pub mod emergencies;
#[cfg(test)]
pub(crate) mod emitted;
pub mod envelopes;
pub mod found;
pub mod history;
pub mod keys;
pub mod links;
pub mod orders;
pub mod plans;
pub mod records;
pub mod rotations;
pub mod shares;

use salus_client::contracts::TokenError;
use salus_client::deployment::Deployment;
use salus_client::{AccountId32, CallError, Chain, ClientError, Keypair};
use salus_interface::access::{AccessError, Refusal};
use salus_interface::claims::ClaimsError;
use salus_interface::consent::ConsentError;

/// A deployed suite on a chain that is connected.
#[derive(Clone)]
pub struct Suite {
    /// The chain.
    pub chain: Chain,
    /// Where the contracts are.
    pub deployment: Deployment,
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The consent registry, or the way to it.
    #[error(transparent)]
    Consent(#[from] CallError<ConsentError>),
    /// Access grants, or the way to it.
    #[error(transparent)]
    Access(#[from] CallError<AccessError>),
    /// Claims, or the way to it.
    #[error(transparent)]
    Claims(#[from] CallError<ClaimsError>),
    /// A PSP22 token, or the way to it.
    #[error(transparent)]
    Token(#[from] CallError<TokenError>),
    /// The chain.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A history that cannot be told.
    #[error(transparent)]
    History(#[from] salus_client::history::HistoryError),
    /// A document says something that cannot be expressed.
    #[error("{file}: {refused}")]
    Document {
        /// The file.
        file: String,
        /// What is refused and why.
        refused: salus_fhir::Refused,
    },
    /// A document is in a format that is not read.
    #[error("{file}: {format}")]
    Format {
        /// The file.
        file: String,
        /// In which.
        format: documents::Format,
    },
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] documents::FileError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] salus_vault::VaultError),
    /// A release service.
    #[error(transparent)]
    Release(#[from] salus_release::client::ReleaseError),
    /// A release service says something else than its log.
    #[error("the release service says something else than entry {index} of its log\n  next: tell the patient and an authority, with the log (`salus audit verify`)")]
    NotAsLogged {
        /// The entry.
        index: u64,
    },
    /// A log of releases.
    #[error(transparent)]
    Audit(#[from] audits::AuditFailed),
    /// A reference of a document stands for no account.
    #[error("{file}: {element} refers to {reference}, which stands for no account\n  next: add it to the directory (--directory)")]
    UnknownReference {
        /// The file.
        file: String,
        /// The element that refers.
        element: &'static str,
        /// To what.
        reference: String,
    },
    /// A document is about somebody else.
    #[error("{file}: {element} is {named}, but {expected} was expected\n  next: {}", way_out(.element))]
    WrongParty {
        /// The file.
        file: String,
        /// The element.
        element: &'static str,
        /// Who it names, in SS58.
        named: String,
        /// Who it should name; several where any of them will do.
        expected: String,
    },
    /// Somebody has not published an encryption key.
    #[error("{0} has not published an encryption key\n  next: have that account run `salus key publish`")]
    NoEncryptionKey(AccountId32),
    /// Access was refused. The decision is on the chain.
    #[error("access refused: {}\n  next: {}", salus_client::rules::Rule::rule(.0), salus_client::rules::Rule::next_step(.0))]
    AccessRefused(Refusal),
    /// There is no such record.
    #[error("there is no record {0} on this chain\n  next: check the record's id")]
    NoRecord(String),
    /// A record was amended between the decision and its opening.
    #[error(
        "the record was amended to version {newest} after access to version {permitted} was granted\n  next: ask again"
    )]
    AmendedMeanwhile {
        /// The version that the permit is for.
        permitted: u32,
        /// The newest version.
        newest: u32,
    },
    /// The key that an account published is none of those that follow from its secret.
    #[error("the encryption key that {account} published does not follow from its secret\n  next: publish one that does (`salus key publish`)")]
    ForeignKey {
        /// The account.
        account: AccountId32,
    },
    /// A version of a record is in the vault with other content than that it is to be amended with.
    #[error("version {version} of the record is in the vault with other content, which was never registered\n  next: amend it with that content first, then with this")]
    SealedOtherwise {
        /// The version.
        version: u32,
    },
    /// A record is not the patient's.
    #[error("there is no record {0} of the signer's\n  next: see what there is with `salus record list`")]
    NotOwn(String),
    /// Nothing is within the scope of a share.
    #[error("the signer has no record like that\n  next: see what there is with `salus record list`")]
    NothingToShare,
    /// Single records with too many different labels.
    #[error("the records have {labels} different labels, more than one consent can name\n  next: share them by several links, or by --class")]
    ScopeTooWide {
        /// How many.
        labels: usize,
    },
    /// A text that is no share link, or one for another chain.
    #[error(transparent)]
    Link(#[from] links::LinkError),
    /// An export cannot be written, or what is there is not one that can be completed.
    #[error(transparent)]
    Export(#[from] records::export::ExportError),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness\n  next: do the same again")]
    NoRandomness,
    /// A coverage has no beginning or no end.
    #[error("{file}: Coverage.period has no {side}\n  next: {next}")]
    OpenCoverage {
        /// The file.
        file: String,
        /// What it lacks: `start` or `end`.
        side: &'static str,
        /// What to do about it.
        next: &'static str,
    },
    /// A coverage that ends before it begins.
    #[error("{file}: Coverage.period ends before it begins\n  next: give a later end")]
    EmptyCoverage {
        /// The file.
        file: String,
    },
    /// A coverage of more years than are kept of one member.
    #[error("{file}: Coverage.period is longer than {limit} years\n  next: give an earlier end")]
    TooManyYears {
        /// The file.
        file: String,
        /// How many years there can be.
        limit: usize,
    },
    /// A plan file says something beside an InsurancePlan that would not count.
    #[error("{file}: {element} does not count beside an InsurancePlan: {why}\n  next: leave it out of the plan file, or say it in the InsurancePlan")]
    BesideInsurancePlan {
        /// The plan file.
        file: String,
        /// The element of it: `exceptions[0].inNetwork`.
        element: String,
        /// Why it would not count.
        why: &'static str,
    },
    /// There is no such plan.
    #[error("there is no plan {0} on this chain\n  next: check the plan's number")]
    NoPlan(u32),
    /// There is no such claim.
    #[error(
        "there is no claim {0} on this chain\n  next: check the claim's id; see what there is with `salus claim list`"
    )]
    NoClaim(String),
    /// A document is another claim's, or its procedures are committed to with another key.
    #[error("{file} is not what was claimed as {claim}: {differs}")]
    OtherClaim {
        /// The file.
        file: String,
        /// The claim.
        claim: String,
        /// What is not the same, and what to do about it.
        differs: &'static str,
    },
    /// Somebody ended what is done in batches.
    #[error("it was interrupted before all was done\n  next: look at what was done")]
    Interrupted,
    /// Nothing was decided about a claim.
    #[error("claim {0} waits, nothing was decided about it\n  next: see for what it waits with `salus claim show`")]
    NotDecided(String),
    /// Somebody proposes nothing to a patient.
    #[error("{proposer} proposes nothing to {patient}")]
    NoProposal {
        /// The patient.
        patient: AccountId32,
        /// Who was to propose something.
        proposer: AccountId32,
    },
    /// A chain's block states an event that cannot be read.
    #[error("the chain's time {0} is out of range")]
    Time(u64),
}

/// What to do where an element names somebody else: an insurer follows from the plan, everybody else from who signs.
fn way_out(element: &str) -> &'static str {
    match element.ends_with(".insurer") {
        true => "check the plan's number (--plan): `salus plan show` says whose it is",
        false => "sign as the account that the document is about",
    }
}

/// A secret that follows from the account's secret, for one use.
fn secret_of(account: &Keypair, purpose: &'static str) -> [u8; 32] {
    // The public key of a hard derivation can only be computed with the account's secret. It is never published.
    let derived = account.derive([subxt_signer::DeriveJunction::hard(purpose)]);
    salus_client::blake2b_256(&derived.public_key().0)
}

/// The account of a key pair.
#[must_use]
pub fn account_of(keypair: &Keypair) -> AccountId32 {
    keypair.public_key().to_account_id()
}
