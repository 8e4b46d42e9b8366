//! Why access grants refuse a message.

/// Why access grants refused a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum AccessError {
    /// Only the governor may do that.
    NotGovernor,
    /// Only a credentialing authority, or the accredited organisation itself, may do that.
    NotAuthority,
    /// Somebody else vouched for it.
    OtherIssuer,
    /// The organisation is not accredited for all of these roles.
    BeyondAccreditation,
    /// A review suspended the provider; only an authority can lift that.
    Barred,
    /// Only a credentialed provider may do that.
    NotCredentialed,
    /// Only whoever registered the record may do that.
    NotCustodian,
    /// Only the patient may do that, or a proxy with the power over records.
    NotPatient,
    /// There is no such authority, accreditation, credential, key, record, condition, agreement or emergency.
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
    /// The record was erased.
    Erased,
    /// A condition needs 1 to 8 different parties in ascending order, and 1 to that many of them to agree.
    BadCondition,
    /// Only a party that a condition of the record names may do that.
    NotParty,
    /// The link's key did not sign this.
    BadSignature,
    /// Somebody else has redeemed the link.
    AlreadyRedeemed,
    /// The value sent is not the bond.
    WrongBond,
    /// The provider's last emergency with this patient is not closed.
    EmergencyOpen,
    /// The emergency is closed.
    EmergencyClosed,
    /// The patient still has time to dispute it.
    ReviewTooEarly,
    /// The deadline for the review is over.
    ReviewOver,
    /// The deadline for the review is not over.
    ReviewNotOver,
    /// Nobody reviews an emergency of their own.
    OwnEmergency,
    /// The chain refused the transfer.
    TransferFailed,
    /// The terms for emergencies: the bond must keep an account alive, the review must not end before the access.
    BadTerms,
    /// The new root does not continue the one that is anchored.
    NotConsistent,
    /// It is not the next entry of the caller's log.
    OutOfOrder,
    /// The consent registry did not answer; nothing was decided.
    ConsentRegistryFailed,
    /// The address given for the consent registry is not a contract's.
    NotAContract,
}
