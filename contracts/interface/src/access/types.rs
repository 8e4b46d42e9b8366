//! What access grants keep and answer.

use ink_primitives::AccountId;
use salus_domain::codes::{Class, Confidentiality, Purpose, RoleSet, SensitivitySet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{Hash, RecordId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};

/// What an authority vouched for, of an organisation: it may vouch for its own practitioners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Accreditation {
    /// The authority.
    pub authority: AccountId,
    /// The roles that it may give.
    pub roles: RoleSet,
    /// The first moment at which it is no longer valid.
    pub valid_until: Timestamp,
    /// Whether the authority suspended it.
    pub suspended: bool,
}

/// What an authority, or an accredited organisation, vouched for of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Credential {
    /// Who vouched: an authority, or the organisation itself.
    pub issuer: AccountId,
    /// For whom the provider works.
    pub organisation: AccountId,
    /// In which roles.
    pub roles: RoleSet,
    /// The first moment at which it is no longer valid.
    pub valid_until: Timestamp,
    /// Whether it counts.
    pub standing: Standing,
}

/// Whether a credential counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Standing {
    /// It counts.
    Good,
    /// Its issuer or its organisation suspended it; the issuer lifts that.
    Suspended,
    /// The review of an emergency, or an authority that had not vouched, suspended it; an authority lifts that.
    Barred,
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
    /// Whether the patient has set a condition on its release.
    pub patient_condition: bool,
    /// Whether the custodian has.
    pub custodian_condition: bool,
    /// Whether it was erased: nobody is let in any more, the patient included.
    pub erased: bool,
}

/// Who set a condition on the release of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Side {
    /// The patient.
    Patient,
    /// The custodian.
    Custodian,
}

/// Who must agree before anybody but the patient is let into a record: two physicians, a patient and an ethics board, …
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Condition {
    /// Whose agreement counts: 1 to [`Condition::MAX_PARTIES`] in ascending order, each once.
    pub parties: alloc::vec::Vec<AccountId>,
    /// How many of them must agree.
    pub needed: u8,
}

impl Condition {
    /// How many parties a condition can name.
    pub const MAX_PARTIES: usize = 8;
}

/// What a party agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Agreement {
    /// To which version of the record: what is amended needs a new agreement.
    pub version: u32,
    /// For what; purposes under it are covered (v3-ActReason).
    pub purpose: Purpose,
    /// The first moment at which it no longer holds.
    pub until: Timestamp,
}

/// Who redeemed a share link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Redemption {
    /// Who.
    pub provider: AccountId,
    /// The X25519 public key of the link, to which the patient wrapped the keys of the shared records.
    pub key: [u8; 32],
}

/// What an emergency costs and allows, the same for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct EmergencyTerms {
    /// What a provider deposits, in the native token's smallest unit.
    pub bond: Amount,
    /// For how long it is let in, in milliseconds.
    pub access: u64,
    /// Within what time an authority must review it, in milliseconds since the glass was broken; more than `access`, at most
    /// 366 days.
    pub review: u64,
}

/// On what ground a provider breaks the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum EmergencyGround {
    /// The patient's life or health is in danger, and there is no time to ask.
    ThreatToPatient,
    /// The patient cannot consent, nor anybody for the patient.
    UnableToConsent,
    /// The life or health of others is in danger.
    ThreatToOthers,
}

/// How an emergency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum EmergencyState {
    /// Not reviewed.
    Open,
    /// Not reviewed, and the patient disputes it.
    Disputed,
    /// An authority found it justified; the bond went back.
    Justified,
    /// An authority found it unjustified; the bond went to the patient.
    Unjustified,
    /// As [`EmergencyState::Unjustified`], and the authority suspended the provider.
    Barred,
    /// Nobody reviewed it in time; the bond went to the patient.
    Unreviewed,
}

/// A provider's last emergency with a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Emergency {
    /// Which of the provider's emergencies with the patient: they count up from 1.
    pub number: u32,
    /// On what ground.
    pub ground: EmergencyGround,
    /// Salted commitment to the statement in words, `salus_domain::commitment::statement`.
    pub statement: Hash,
    /// What was deposited.
    pub bond: Amount,
    /// The first moment at which the provider is no longer let in.
    pub access_until: Timestamp,
    /// The first moment at which it is too late for a review.
    pub review_until: Timestamp,
    /// How it stands.
    pub state: EmergencyState,
}

/// What an authority finds of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Finding {
    /// It was one: the bond goes back.
    Justified,
    /// It was none: the bond goes to the patient.
    Unjustified {
        /// Whether all of the provider's credentials are suspended.
        suspend: bool,
    },
}

/// What was fixed when the contract was instantiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Setup {
    /// Who may name authorities: the account that instantiated the contract.
    pub governor: AccountId,
    /// The consent registry that is asked.
    pub consent_registry: AccountId,
    /// What an emergency costs and allows.
    pub emergency: EmergencyTerms,
}

/// What is kept of an account that vouches, or is vouched for.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Vouched {
    /// Whether it is an authority.
    pub is_authority: bool,
    /// What an authority vouched for of it as an organisation, also where that is suspended or over.
    pub accreditation: Option<Accreditation>,
    /// Every credential of it, also those that are suspended or over; at most
    /// `salus_domain::request::Principal::MAX_ORGANISATIONS`.
    pub credentials: alloc::vec::Vec<Credential>,
}

/// How an account's log stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Log {
    /// The newest root; `None`: it was never anchored.
    pub anchor: Option<Anchor>,
    /// How many entries were written as events: the number of the next one.
    pub written: u64,
}

/// The newest root of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Anchor {
    /// How many entries it has.
    pub size: u64,
    /// Its Merkle root (RFC 9162, section 2.1.1).
    pub root: Hash,
    /// When it was anchored.
    pub at: Timestamp,
}

/// An envelope that a release service handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Release {
    /// The record.
    pub record: RecordId,
    /// Its version.
    pub version: u32,
    /// To whom.
    pub accessor: AccountId,
    /// The number of the block in which the permit stands.
    pub permit_block: u64,
    /// The place of the permit among the events of that block.
    pub permit_event: u32,
    /// The leaf of the entry in the service's own log (RFC 9162, section 2.1.1).
    pub leaf: Hash,
}

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
        /// The first moment at which the permit is over: [`PERMIT_LIFETIME`] after the decision, or earlier where a credential,
        /// an emergency or an agreement that it rests on is over earlier. Whether the consent still holds, and what else may end
        /// by an act, is asked again where the record is released.
        until: Timestamp,
    },
    /// Access is refused.
    Refused(Refusal),
}

/// How long a permit is good, in milliseconds: an hour.
pub const PERMIT_LIFETIME: u64 = 60 * 60 * 1_000;

/// Why access is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Ground {
    /// A consent permits it.
    Consent(Deciding),
    /// The patient asked for their own record.
    Patient,
    /// The accessor broke the glass.
    Emergency {
        /// Which of the accessor's emergencies with the patient.
        number: u32,
    },
}

/// Why access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Refusal {
    /// Nobody who may vouch for the caller does.
    NotCredentialed,
    /// Every credential of the caller is over.
    CredentialExpired,
    /// The caller's credential is suspended.
    CredentialSuspended,
    /// No consent of the patient says anything about it.
    NoConsent,
    /// A consent of the patient denies it.
    DeniedBy(Deciding),
    /// The consents permit it, but not enough of the parties to a condition have agreed.
    NotAgreed,
    /// The record was erased.
    Erased,
    /// The caller has not redeemed the share link that it named.
    NotRedeemed,
}

#[cfg(feature = "contract")]
crate::kept_in_one_cell!(Accreditation, Agreement, Condition, Credential, Emergency, Log, Record, Redemption, Setup);
