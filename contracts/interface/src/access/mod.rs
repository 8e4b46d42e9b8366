//! Access grants: who is credentialed, which records exist, every decision on access to one, and the logs of release.

mod error;
mod events;
mod types;

pub use error::AccessError;
pub use events::*;
pub use types::*;

#[cfg(feature = "contract")]
use alloc::vec::Vec;
#[cfg(feature = "contract")]
use ink_primitives::AccountId;
#[cfg(feature = "contract")]
use salus_domain::codes::{Action, Purpose, RoleSet};
#[cfg(feature = "contract")]
use salus_domain::ids::{Hash, RecordId};
#[cfg(feature = "contract")]
use salus_domain::request::Principal;
#[cfg(feature = "contract")]
use salus_domain::time::Timestamp;

/// Credentials providers, keeps commitments to records, decides on access by the consent registry, and anchors logs.
///
/// Where a message names the patient, a proxy of the patient's with the power over records
/// (`salus_domain::codes::Power::Records`) may do it too, unless it says otherwise; the consent registry is asked.
#[cfg(feature = "contract")]
#[ink::trait_definition]
pub trait AccessGrants {
    /// Lets `authority` vouch for organisations and providers. Who may call: the governor. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`AccessError::NotGovernor`].
    ///
    /// # Events
    /// [`AuthorityAdded`], unless it was one.
    #[ink(message)]
    fn add_authority(&mut self, authority: AccountId) -> Result<(), AccessError>;

    /// Takes that back. What the authority vouched for is void at once, and what an organisation vouched for that it
    /// accredited. Who may call: the governor.
    ///
    /// # Errors
    /// [`AccessError::NotGovernor`], [`AccessError::NotFound`].
    ///
    /// # Events
    /// [`AuthorityRemoved`].
    #[ink(message)]
    fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError>;

    /// Lets `organisation` vouch for its own practitioners, in `roles` at the most, until `valid_until`; or not, while it is
    /// `suspended`. Effective at once, also for all whom the organisation vouched for before. Replaces what the same authority
    /// accredited before. Who may call: an authority.
    ///
    /// # Errors
    /// [`AccessError::NotAuthority`], [`AccessError::NoRoles`], [`AccessError::AlreadyOver`], and
    /// [`AccessError::OtherIssuer`] where another authority accredited it.
    ///
    /// # Events
    /// [`OrganisationAccredited`].
    #[ink(message)]
    fn accredit(
        &mut self,
        organisation: AccountId,
        roles: RoleSet,
        valid_until: Timestamp,
        suspended: bool,
    ) -> Result<(), AccessError>;

    /// Vouches that `provider` works for `organisation` in `roles` until `valid_until`. Replaces what the same issuer
    /// vouched for the same provider and organisation before, also a suspension. Who may call: an authority; an
    /// organisation that is accredited, for itself.
    ///
    /// # Errors
    /// [`AccessError::NotAuthority`], [`AccessError::BeyondAccreditation`], [`AccessError::NoRoles`],
    /// [`AccessError::AlreadyOver`], [`AccessError::TooManyCredentials`], [`AccessError::OtherIssuer`] where somebody else
    /// vouches for the same provider and organisation, and [`AccessError::Barred`] where the provider is barred and somebody
    /// else than another authority vouches, or the organisation is.
    ///
    /// # Events
    /// [`ProviderCredentialed`].
    #[ink(message)]
    fn credential(
        &mut self,
        provider: AccountId,
        organisation: AccountId,
        roles: RoleSet,
        valid_until: Timestamp,
    ) -> Result<(), AccessError>;

    /// Suspends a credential, or ends the suspension; effective at once. Who may call: the issuer; the organisation, to
    /// suspend; any authority, to bar. What a review or another authority barred only an authority reinstates, and not its own.
    ///
    /// # Errors
    /// [`AccessError::NotAuthority`], [`AccessError::NotFound`], [`AccessError::OtherIssuer`], [`AccessError::Barred`].
    ///
    /// # Events
    /// [`ProviderCredentialed`].
    #[ink(message)]
    fn suspend(&mut self, provider: AccountId, organisation: AccountId, suspended: bool) -> Result<(), AccessError>;

    /// Publishes the caller's X25519 public key (RFC 7748), to which keys of records are wrapped (RFC 9180). Replaces an
    /// earlier one. Who may call: anybody, for itself.
    ///
    /// # Errors
    /// [`AccessError::WeakKey`] for a key of small order.
    ///
    /// # Events
    /// [`KeyPublished`].
    #[ink(message)]
    fn publish_key(&mut self, key: [u8; 32]) -> Result<(), AccessError>;

    /// Takes the caller's encryption key back: nothing is wrapped to it or released for it any more. Who may call: anybody,
    /// for itself.
    ///
    /// # Errors
    /// [`AccessError::NotFound`].
    ///
    /// # Events
    /// [`KeyRevoked`].
    #[ink(message)]
    fn revoke_key(&mut self) -> Result<(), AccessError>;

    /// Registers a record of `patient`. Its id is `salus_domain::commitment::record_id` of the caller and the
    /// commitment. Who may call: a credentialed provider, or the patient (no proxy).
    ///
    /// # Errors
    /// [`AccessError::NotCredentialed`], [`AccessError::AlreadyRegistered`], [`AccessError::EmptyPeriod`].
    ///
    /// # Events
    /// [`RecordRegistered`].
    #[ink(message)]
    fn register_record(&mut self, patient: AccountId, record: RecordTerms) -> Result<RecordId, AccessError>;

    /// Commits to a new version of a record. Returns its number. Who may call: whoever registered the record, while still
    /// credentialed or the patient.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::NotCustodian`], [`AccessError::NotCredentialed`],
    /// [`AccessError::Erased`], [`AccessError::EmptyPeriod`], [`AccessError::VersionsUsedUp`].
    ///
    /// # Events
    /// [`RecordAmended`].
    #[ink(message)]
    fn amend_record(&mut self, record: RecordId, terms: RecordTerms) -> Result<u32, AccessError>;

    /// Gives a record up for good: from here on nobody is let in, in no version, and vaults may destroy it. What is said of
    /// it stays on the chain. Who may call: the patient.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::NotPatient`], [`AccessError::Erased`],
    /// [`AccessError::ConsentRegistryFailed`].
    ///
    /// # Events
    /// [`RecordErased`].
    #[ink(message)]
    fn erase_record(&mut self, record: RecordId) -> Result<(), AccessError>;

    /// Sets who must agree before anybody but the patient is let into a record, beside consent; or lifts that. The patient
    /// and the custodian have a condition each, and both hold. Who may call: the patient (no proxy), the custodian while it is
    /// credentialed.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::NotCustodian`], [`AccessError::NotCredentialed`], [`AccessError::BadCondition`],
    /// and [`AccessError::Erased`] unless it is lifted.
    ///
    /// # Events
    /// [`ConditionSet`].
    #[ink(message)]
    fn set_condition(&mut self, record: RecordId, condition: Option<Condition>) -> Result<(), AccessError>;

    /// Agrees that `accessor` is let into a record, for the agreement's purpose and what is under it, until it is over; or
    /// takes that back, effective at once. Replaces what the caller agreed to before. Who may call: a party that a condition of
    /// the record names; to take it back: whoever agreed.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::NotParty`], [`AccessError::Erased`], [`AccessError::AlreadyOver`].
    ///
    /// # Events
    /// [`AgreementChanged`].
    #[ink(message)]
    fn set_agreement(
        &mut self,
        record: RecordId,
        accessor: AccountId,
        agreement: Option<Agreement>,
    ) -> Result<(), AccessError>;

    /// Redeems a share link: the caller counts from here on as a member of the organisation
    /// `salus_domain::commitment::link_group`, wherever it names the link. What that lets the caller see is what the patient's
    /// consents say of that organisation. `signature` is the
    /// link's sr25519 signature of `salus_domain::commitment::redemption`; `key` is the link's X25519 public key. Who may
    /// call: a credentialed provider. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`AccessError::NotCredentialed`], [`AccessError::WeakKey`], [`AccessError::BadSignature`],
    /// [`AccessError::AlreadyRedeemed`].
    ///
    /// # Events
    /// [`LinkRedeemed`], unless the caller had redeemed it.
    #[ink(message)]
    fn redeem(&mut self, link: AccountId, key: [u8; 32], signature: [u8; 64]) -> Result<(), AccessError>;

    /// Decides whether the caller may access a record, and writes the decision down as an event, permit or refusal. A
    /// refusal is a result and not an error: it must leave its mark.
    ///
    /// The patient is always let in. Anybody else needs a valid credential; the patient's consent, of which the consent
    /// registry is asked in the same call; and what the conditions of the record ask for. For the purpose `BTG`, an
    /// emergency of the caller's with the patient that is not over stands for consent and conditions. Who may call: anybody.
    /// With `link`, the caller asks as a member of a share link that it has redeemed.
    ///
    /// # Errors
    /// [`AccessError::NotFound`]; [`AccessError::ConsentRegistryFailed`] where the registry did not answer.
    ///
    /// # Events
    /// [`AccessDecided`].
    #[ink(message)]
    fn request_access(
        &mut self,
        record: RecordId,
        purpose: Purpose,
        action: Action,
        link: Option<AccountId>,
    ) -> Result<AccessDecision, AccessError>;

    /// What [`AccessGrants::request_access`] would answer `accessor` now, without a mark. A release service asks again with
    /// it, in the newest final block.
    ///
    /// # Errors
    /// As [`AccessGrants::request_access`].
    #[ink(message)]
    fn may_access(
        &self,
        accessor: AccountId,
        record: RecordId,
        purpose: Purpose,
        action: Action,
        link: Option<AccountId>,
    ) -> Result<AccessDecision, AccessError>;

    /// Breaks the glass: lets the caller into all records of `patient` for the purpose `BTG`, without consent and
    /// conditions, for the time that [`AccessGrants::setup`] gives. The value sent is the bond. Who may call: a
    /// credentialed provider.
    ///
    /// # Errors
    /// [`AccessError::NotCredentialed`], [`AccessError::OwnEmergency`] for oneself and for this contract, [`AccessError::WrongBond`],
    /// [`AccessError::EmergencyOpen`].
    ///
    /// # Events
    /// [`EmergencyChanged`].
    #[ink(message, payable)]
    fn break_glass(&mut self, patient: AccountId, ground: EmergencyGround, statement: Hash) -> Result<(), AccessError>;

    /// Disputes an emergency: access is over at once, and the review has to take it into account. Who may call: the patient,
    /// until the deadline for the review.
    ///
    /// # Errors
    /// [`AccessError::NotPatient`], [`AccessError::NotFound`], [`AccessError::EmergencyClosed`],
    /// [`AccessError::ReviewOver`], [`AccessError::ConsentRegistryFailed`].
    ///
    /// # Events
    /// [`EmergencyChanged`].
    #[ink(message)]
    fn dispute(&mut self, patient: AccountId, provider: AccountId) -> Result<(), AccessError>;

    /// Closes an emergency by a finding, and pays the bond out: to the provider where it was justified, else to the patient.
    /// It is justified no earlier than the access is over or disputed, so that the patient had time to be heard. Who may
    /// call: an authority that is neither the provider nor the patient.
    ///
    /// # Errors
    /// [`AccessError::NotAuthority`], [`AccessError::OwnEmergency`], [`AccessError::NotFound`],
    /// [`AccessError::EmergencyClosed`], [`AccessError::ReviewTooEarly`], [`AccessError::ReviewOver`],
    /// [`AccessError::TransferFailed`].
    ///
    /// # Events
    /// [`EmergencyChanged`].
    #[ink(message)]
    fn review(&mut self, provider: AccountId, patient: AccountId, finding: Finding) -> Result<(), AccessError>;

    /// Closes an emergency that nobody reviewed in time, and pays the bond to the patient. Who may call: anybody.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::EmergencyClosed`], [`AccessError::ReviewNotOver`],
    /// [`AccessError::TransferFailed`].
    ///
    /// # Events
    /// [`EmergencyChanged`].
    #[ink(message)]
    fn forfeit(&mut self, provider: AccountId, patient: AccountId) -> Result<(), AccessError>;

    /// Anchors the caller's log: its first `size` entries have the Merkle root `root`, and begin with those anchored before,
    /// which `proof` shows (RFC 9162, section 2.1.4; empty for the first). Who may call: anybody, for its own log. The same
    /// again changes nothing.
    ///
    /// # Errors
    /// [`AccessError::NotConsistent`].
    ///
    /// # Events
    /// [`RootAnchored`], unless nothing changed.
    #[ink(message)]
    fn anchor(&mut self, size: u64, root: Hash, proof: Vec<Hash>) -> Result<(), AccessError>;

    /// Writes an entry of the caller's log as an event. `number` counts up by one from 0, so that an entry that is sent twice
    /// stands once. Who may call: anybody, for its own log.
    ///
    /// # Errors
    /// [`AccessError::OutOfOrder`].
    ///
    /// # Events
    /// [`ReleaseLogged`].
    #[ink(message)]
    fn log_release(&mut self, number: u64, release: Release) -> Result<(), AccessError>;

    /// As whom `account` counts now: the organisations and roles of its valid credentials. `None`: it has none.
    #[ink(message)]
    fn principal(&self, account: AccountId) -> Option<Principal>;

    /// What is kept of an account that vouches, or is vouched for.
    #[ink(message)]
    fn vouched(&self, account: AccountId) -> Vouched;

    /// The key that `account` published last, unless it took it back.
    #[ink(message)]
    fn encryption_key(&self, account: AccountId) -> Option<[u8; 32]>;

    /// What the chain knows of a record.
    #[ink(message)]
    fn record(&self, record: RecordId) -> Option<Record>;

    /// The condition that one side has set on a record.
    #[ink(message)]
    fn condition(&self, record: RecordId, side: Side) -> Option<Condition>;

    /// Who redeemed a share link.
    #[ink(message)]
    fn redemption(&self, link: AccountId) -> Option<Redemption>;

    /// The provider's last emergency with a patient.
    #[ink(message)]
    fn emergency(&self, provider: AccountId, patient: AccountId) -> Option<Emergency>;

    /// How an account's log stands.
    #[ink(message)]
    fn log(&self, account: AccountId) -> Log;

    /// Whether the entry with this leaf hash is number `index` of a log, as it is anchored (RFC 9162, section 2.1.3).
    #[ink(message)]
    fn verify_inclusion(&self, log: AccountId, leaf: Hash, index: u64, proof: Vec<Hash>) -> bool;

    /// What was fixed when the contract was instantiated.
    #[ink(message)]
    fn setup(&self) -> Setup;
}
