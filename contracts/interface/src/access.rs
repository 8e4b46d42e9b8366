//! Access grants: who is credentialed, which records exist, and every decision on access to one.

#[cfg(feature = "contract")]
use alloc::vec::Vec;
use ink_primitives::AccountId;
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, RoleSet, SensitivitySet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Hash, RecordId};
#[cfg(feature = "contract")]
use salus_domain::request::Principal;
use salus_domain::time::{Period, Timestamp};

/// Credentials providers, keeps commitments to records, and decides on access by the consent registry.
#[cfg(feature = "contract")]
#[ink::trait_definition]
pub trait AccessGrants {
    /// Lets `authority` vouch for providers. Who may call: the governor. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`AccessError::NotGovernor`].
    ///
    /// # Events
    /// [`AuthorityAdded`], unless it was one.
    #[ink(message)]
    fn add_authority(&mut self, authority: AccountId) -> Result<(), AccessError>;

    /// Takes that back. What the authority vouched for is void at once. Who may call: the governor.
    ///
    /// # Errors
    /// [`AccessError::NotGovernor`], [`AccessError::NotFound`].
    ///
    /// # Events
    /// [`AuthorityRemoved`].
    #[ink(message)]
    fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError>;

    /// Vouches that `provider` works for `organisation` in `roles` until `valid_until`. Replaces what the same authority
    /// vouched for the same provider and organisation before, also a suspension. Who may call: an authority.
    ///
    /// # Errors
    /// [`AccessError::NotAuthority`], [`AccessError::NoRoles`], [`AccessError::AlreadyOver`],
    /// [`AccessError::TooManyCredentials`], and [`AccessError::OtherAuthority`] where another authority vouches for the
    /// same provider and organisation.
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

    /// Suspends a credential, or ends the suspension; effective at once. Who may call: the authority that vouched.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::OtherAuthority`], [`AccessError::NotAuthority`].
    ///
    /// # Events
    /// [`CredentialSuspended`] or [`CredentialReinstated`].
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

    /// Registers a record of `patient`. Its id is `salus_domain::commitment::record_id` of the caller and the
    /// commitment. Who may call: a credentialed provider, or the patient.
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
    /// [`AccessError::EmptyPeriod`], [`AccessError::VersionsUsedUp`].
    ///
    /// # Events
    /// [`RecordAmended`].
    #[ink(message)]
    fn amend_record(&mut self, record: RecordId, terms: RecordTerms) -> Result<u32, AccessError>;

    /// Decides whether the caller may access a record, and writes the decision down as an event, permit or refusal. A
    /// refusal is a result and not an error: it must leave its mark.
    ///
    /// The patient is always let in. Anybody else needs a valid credential and the patient's consent, of which the
    /// consent registry is asked in the same call. Who may call: anybody.
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
    ) -> Result<AccessDecision, AccessError>;

    /// As whom `account` counts now: the organisations and roles of its valid credentials. `None`: it has none.
    #[ink(message)]
    fn principal(&self, account: AccountId) -> Option<Principal>;

    /// Every credential of `account`, also those that are suspended or over; at most
    /// [`Principal::MAX_ORGANISATIONS`].
    #[ink(message)]
    fn credentials(&self, account: AccountId) -> Vec<Credential>;

    /// The key that `account` published last.
    #[ink(message)]
    fn encryption_key(&self, account: AccountId) -> Option<[u8; 32]>;

    /// What the chain knows of a record.
    #[ink(message)]
    fn record(&self, record: RecordId) -> Option<Record>;

    /// Whether `account` may vouch for providers.
    #[ink(message)]
    fn is_authority(&self, account: AccountId) -> bool;

    /// Who may name authorities: the account that instantiated the contract.
    #[ink(message)]
    fn governor(&self) -> AccountId;

    /// The consent registry that is asked.
    #[ink(message)]
    fn consent_registry(&self) -> AccountId;
}

/// What an authority vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Credential {
    /// The authority.
    pub authority: AccountId,
    /// For whom the provider works.
    pub organisation: AccountId,
    /// In which roles.
    pub roles: RoleSet,
    /// The first moment at which it is no longer valid.
    pub valid_until: Timestamp,
    /// Whether the authority suspended it.
    pub suspended: bool,
}

/// What whoever registers a record says of it. No name, no pointer in clear, no clinical word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct RecordTerms {
    /// Salted commitment to the content.
    pub commitment: Hash,
    /// What kind of data it is.
    pub class: Class,
    /// How confidential it is.
    pub confidentiality: Confidentiality,
    /// Why it is sensitive; may be empty.
    pub sensitivity: SensitivitySet,
    /// When the data was made.
    pub data_period: Option<Period>,
}

/// What the chain knows of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Record {
    /// Whose data it is.
    pub patient: AccountId,
    /// Who registered it and may amend it.
    pub custodian: AccountId,
    /// The number of the newest version; the first is 1.
    pub version: u32,
    /// What was said of the newest version.
    pub terms: RecordTerms,
}

#[cfg(feature = "contract")]
crate::kept_in_one_cell!(Credential, Record);

/// The outcome of a request for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum AccessDecision {
    /// Access is granted to this version of the record.
    Permitted {
        /// The version.
        version: u32,
        /// On what ground.
        ground: Ground,
    },
    /// Access is refused.
    Refused(Refusal),
}

/// Why access is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Ground {
    /// A consent permits it.
    Consent(Deciding),
    /// The patient asked for their own record.
    Patient,
}

/// Why access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Refusal {
    /// No valid authority vouches for the caller.
    NotCredentialed,
    /// Every credential of the caller is over.
    CredentialExpired,
    /// The caller's credential is suspended.
    CredentialSuspended,
    /// No consent of the patient says anything about it.
    NoConsent,
    /// A consent of the patient denies it.
    DeniedBy(Deciding),
}

/// Why access grants refused a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum AccessError {
    /// Only the governor may do that.
    NotGovernor,
    /// Only a credentialing authority may do that.
    NotAuthority,
    /// Another authority vouched for it.
    OtherAuthority,
    /// Only a credentialed provider may do that.
    NotCredentialed,
    /// Only whoever registered the record may do that.
    NotCustodian,
    /// There is no such authority, credential or record.
    NotFound,
    /// A credential needs at least one role.
    NoRoles,
    /// It would be over before it begins.
    AlreadyOver,
    /// The provider works for as many organisations as one can.
    TooManyCredentials,
    /// The key is not one that a secret can be wrapped to.
    WeakKey,
    /// The caller has registered this commitment before.
    AlreadyRegistered,
    /// A period ends before it begins.
    EmptyPeriod,
    /// The record has no version numbers left.
    VersionsUsedUp,
    /// The consent registry did not answer; nothing was decided.
    ConsentRegistryFailed,
    /// The address given for the consent registry is not a contract's.
    NotAContract,
}

/// The governor let an authority vouch for providers.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AuthorityAdded {
    /// The authority.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub authority: AccountId,
}

/// The governor took that back.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AuthorityRemoved {
    /// The authority.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub authority: AccountId,
}

/// An authority vouched for a provider.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ProviderCredentialed {
    /// The provider.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// What the authority vouched for.
    pub credential: Credential,
}

/// An authority suspended a credential.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct CredentialSuspended {
    /// The provider.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// For whom the provider works.
    pub organisation: AccountId,
}

/// An authority ended a suspension.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct CredentialReinstated {
    /// The provider.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// For whom the provider works.
    pub organisation: AccountId,
}

/// Somebody published an encryption key.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct KeyPublished {
    /// Whose key it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub account: AccountId,
    /// The X25519 public key.
    pub key: [u8; 32],
}

/// A record was registered.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct RecordRegistered {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// Who registered it.
    pub custodian: AccountId,
    /// What was said of it.
    pub terms: RecordTerms,
}

/// A record has a new version.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct RecordAmended {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// The number of the version.
    pub version: u32,
    /// What was said of it.
    pub terms: RecordTerms,
}

/// Somebody asked for access to a record, and this was the answer.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AccessDecided {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// Which record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// Who asked.
    pub accessor: AccountId,
    /// What for.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// The answer.
    pub decision: AccessDecision,
}

crate::event::signatures! {
    AuthorityAdded(AccountId);
    AuthorityRemoved(AccountId);
    ProviderCredentialed(AccountId, Credential);
    CredentialSuspended(AccountId, AccountId);
    CredentialReinstated(AccountId, AccountId);
    KeyPublished(AccountId, [u8; 32]);
    RecordRegistered(AccountId, RecordId, AccountId, RecordTerms);
    RecordAmended(AccountId, RecordId, u32, RecordTerms);
    AccessDecided(AccountId, RecordId, AccountId, Purpose, Action, AccessDecision);
}
