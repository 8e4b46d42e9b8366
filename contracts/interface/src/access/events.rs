//! What access grants tell. All of it together is enough to rebuild the contract's state.

use super::{
    AccessDecision, Accreditation, Agreement, Anchor, Condition, Credential, Emergency, RecordTerms, Release, Side,
};
use ink_primitives::AccountId;
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::{Hash, RecordId};

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

/// Somebody vouched for a provider, or suspended or reinstated that.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ProviderCredentialed {
    /// The provider.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// What they vouched for, as it stands now.
    pub credential: Credential,
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
    /// The share link under which the accessor asked.
    pub link: Option<AccountId>,
    /// The answer.
    pub decision: AccessDecision,
}

/// An authority let an organisation vouch for its own practitioners, or suspended or reinstated that.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct OrganisationAccredited {
    /// The organisation.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub organisation: AccountId,
    /// What the authority vouched for.
    pub accreditation: Accreditation,
}

/// Somebody took their encryption key back.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct KeyRevoked {
    /// Whose key it was.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub account: AccountId,
}

/// A record was given up: nobody is let in any more.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct RecordErased {
    /// Whose data it was.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// The patient, or the proxy who did it.
    pub by: AccountId,
}

/// A condition on the release of a record was set, exchanged or lifted.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ConditionSet {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// On whose side the condition is.
    pub side: Side,
    /// The condition; `None`: it was lifted.
    pub condition: Option<Condition>,
}

/// A party agreed that somebody is let in, or took that back.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct AgreementChanged {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// The record.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub record: RecordId,
    /// Who may be let in.
    pub accessor: AccountId,
    /// The party.
    pub party: AccountId,
    /// For what and until when; `None`: it took it back.
    pub agreement: Option<Agreement>,
}

/// A provider redeemed a share link.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct LinkRedeemed {
    /// The link's account.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub link: AccountId,
    /// Who redeemed it.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// The link's encryption key.
    pub key: [u8; 32],
}

/// A provider broke the glass, of which the patient is to be told; or that was disputed, reviewed or forfeited.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct EmergencyChanged {
    /// Whose data it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub patient: AccountId,
    /// Who broke the glass.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub provider: AccountId,
    /// Who did it: the provider, the patient or a proxy, the authority that reviewed it, or whoever forfeited it.
    pub by: AccountId,
    /// How it stands now.
    pub emergency: Emergency,
}

/// A log was anchored: a root that continues the one before.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct RootAnchored {
    /// Whose log it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub log: AccountId,
    /// What is anchored now.
    pub anchor: Anchor,
    /// How many entries the log had when it was anchored before; 0: never.
    pub previous_size: u64,
    /// The root before; that of the empty log where there was none.
    pub previous_root: Hash,
}

/// A release service handed out an envelope.
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "contract", derive(ink::Event))]
#[cfg_attr(all(feature = "contract", feature = "std"), derive(ink::EventMetadata))]
pub struct ReleaseLogged {
    /// Whose log it is.
    #[cfg_attr(feature = "contract", ink(topic))]
    pub log: AccountId,
    /// The number of the entry: they count up by one, from 0.
    pub number: u64,
    /// What was handed out, and to whom.
    pub release: Release,
}

crate::event::signatures! {
    AuthorityAdded(AccountId);
    AuthorityRemoved(AccountId);
    ProviderCredentialed(AccountId, Credential);
    KeyPublished(AccountId, [u8; 32]);
    RecordRegistered(AccountId, RecordId, AccountId, RecordTerms);
    RecordAmended(AccountId, RecordId, u32, RecordTerms);
    AccessDecided(AccountId, RecordId, AccountId, Purpose, Action, Option<AccountId>, AccessDecision);
    OrganisationAccredited(AccountId, Accreditation);
    KeyRevoked(AccountId);
    RecordErased(AccountId, RecordId, AccountId);
    ConditionSet(AccountId, RecordId, Side, Option<Condition>);
    AgreementChanged(AccountId, RecordId, AccountId, AccountId, Option<Agreement>);
    LinkRedeemed(AccountId, AccountId, [u8; 32]);
    EmergencyChanged(AccountId, AccountId, AccountId, Emergency);
    RootAnchored(AccountId, Anchor, u64, Hash);
    ReleaseLogged(AccountId, u64, Release);
}

#[cfg(feature = "contract")]
crate::emit::topics_first!(
    AuthorityAdded,
    AuthorityRemoved,
    ProviderCredentialed,
    KeyPublished,
    RecordRegistered,
    RecordAmended,
    AccessDecided,
    OrganisationAccredited,
    KeyRevoked,
    RecordErased,
    ConditionSet,
    AgreementChanged,
    LinkRedeemed,
    EmergencyChanged,
    RootAnchored,
    ReleaseLogged
);
