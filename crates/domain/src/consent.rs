//! What a patient decided: the consent, its provisions, and the bounds that both keep.
//!
//! The model is FHIR `Consent` (R4, and R5 where it is clearer), with the tree of provisions written down in preorder:
//! each provision carries its depth, so that a decoder needs no recursion and a bound is checked by counting.

use crate::codes::{ActionSet, ClassSet, ConfidentialitySet, PurposeSet, Role, SensitivitySet};
use crate::ids::{Account, Hash};
use crate::time::Period;
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// How deep provisions nest: a provision of the consent itself has depth 1.
pub const MAX_DEPTH: u8 = 4;
/// How many provisions one consent has, over all depths.
pub const MAX_PROVISIONS: usize = 32;
/// How many actors one provision names.
pub const MAX_ACTORS: usize = 16;
/// How many active consents one patient has.
pub const MAX_ACTIVE_CONSENTS: usize = 64;

/// Permit or deny (FHIR `Consent.provision.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Decision {
    /// It may be done.
    Permit,
    /// It must not be done.
    Deny,
}

/// What a consent says where no provision matches (FHIR R5 `Consent.decision`, R4 `Consent.policyRule`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Base {
    /// Everything that no provision denies (R4 `OPTIN`).
    Permit,
    /// Nothing that no provision permits (R4 `OPTOUT`).
    Deny,
    /// Nothing at all: the consent speaks only where a provision matches, and leaves the rest to other consents. So a
    /// patient can let in one provider after the other, each by a consent of its own.
    Silent,
}

/// Whom a provision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Actor {
    /// This account.
    Account(Account),
    /// Whoever is credentialed for this organisation.
    Organisation(Account),
    /// Whoever is credentialed in this role.
    Role(Role),
}

/// One provision: a decision, and the criteria under which it holds. A criterion that is empty or `None` is not named
/// and matches anything (rule 3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Provision {
    /// 1 for a provision of the consent itself, 2 for an exception to that, and so on.
    pub depth: u8,
    /// What it decides.
    pub decision: Decision,
    /// When it holds (FHIR `provision.period`).
    pub period: Option<Period>,
    /// For whom (FHIR `provision.actor`).
    pub actors: Vec<Actor>,
    /// For what is done (FHIR `provision.action`).
    pub actions: ActionSet,
    /// For which purposes (FHIR `provision.purpose`).
    pub purposes: PurposeSet,
    /// For data of this confidentiality (FHIR `provision.securityLabel`); one criterion together with `sensitivity`.
    pub confidentiality: ConfidentialitySet,
    /// For data of this sensitivity (FHIR `provision.securityLabel`).
    pub sensitivity: SensitivitySet,
    /// For data of these classes (FHIR `provision.class`).
    pub classes: ClassSet,
    /// For data made in this period (FHIR `provision.dataPeriod`).
    pub data_period: Option<Period>,
}

impl Provision {
    /// A provision that names no criterion.
    #[must_use]
    pub const fn new(depth: u8, decision: Decision) -> Self {
        Self {
            depth,
            decision,
            period: None,
            actors: Vec::new(),
            actions: ActionSet::EMPTY,
            purposes: PurposeSet::EMPTY,
            confidentiality: ConfidentialitySet::EMPTY,
            sensitivity: SensitivitySet::EMPTY,
            classes: ClassSet::EMPTY,
            data_period: None,
        }
    }
}

/// What a patient decided.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Consent {
    /// What holds where no provision matches.
    pub base: Base,
    /// When it counts (rule 1).
    pub period: Period,
    /// Salted commitment to the document that it was made from.
    pub source: Hash,
    /// Its provisions, in preorder.
    pub provisions: Vec<Provision>,
}

/// Why a consent is not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Malformed {
    /// A provision is deeper than [`MAX_DEPTH`].
    TooDeep,
    /// It has more than [`MAX_PROVISIONS`] provisions.
    TooManyProvisions,
    /// A provision names more than [`MAX_ACTORS`] actors.
    TooManyActors,
    /// A provision's depth is 0, or more than one below the provision before it.
    BrokenNesting,
    /// A period ends before it begins, or as it begins.
    EmptyPeriod,
    /// Its base is silent and it has no provision: it could never decide anything.
    SaysNothing,
}

impl Consent {
    /// Checks the bounds and the shape.
    ///
    /// # Errors
    /// The first [`Malformed`] that is found; a consent that passes can be evaluated.
    pub fn validate(&self) -> Result<(), Malformed> {
        if self.provisions.len() > MAX_PROVISIONS {
            return Err(Malformed::TooManyProvisions);
        }
        if self.provisions.is_empty() && self.base == Base::Silent {
            return Err(Malformed::SaysNothing);
        }
        let mut above = 0u8;
        let mut periods_hold = self.period.is_valid();
        for provision in &self.provisions {
            if provision.depth > MAX_DEPTH {
                return Err(Malformed::TooDeep);
            }
            if provision.depth == 0 || provision.depth > above.saturating_add(1) {
                return Err(Malformed::BrokenNesting);
            }
            if provision.actors.len() > MAX_ACTORS {
                return Err(Malformed::TooManyActors);
            }
            periods_hold &= provision.period.is_none_or(|period| period.is_valid())
                && provision.data_period.is_none_or(|period| period.is_valid());
            above = provision.depth;
        }
        if periods_hold {
            Ok(())
        } else {
            Err(Malformed::EmptyPeriod)
        }
    }

    /// Whom it can concern: see [`Audience`].
    #[must_use]
    pub fn audience(&self) -> Audience {
        if self.base != Base::Silent {
            return Audience::EVERYONE;
        }
        let mut audience = Audience(0);
        for provision in self.provisions.iter().filter(|provision| provision.depth == 1) {
            if provision.actors.is_empty() {
                return Audience::EVERYONE;
            }
            for actor in &provision.actors {
                audience.0 |= Audience::bit(actor);
            }
        }
        audience
    }
}

/// Whom a consent can concern, in 64 bits: a Bloom filter over the actors that its outermost provisions name. A consent
/// that speaks to everyone (its base is not silent, or a provision names no actor) has every bit.
///
/// It stands in the patient's index, so that a decision reads only consents that can match. A collision costs a read;
/// it never hides a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Audience(u64);

impl Audience {
    /// Everyone.
    pub const EVERYONE: Self = Self(u64::MAX);

    /// The actors that a principal counts as.
    #[must_use]
    pub fn of(principal: &crate::request::Principal) -> Self {
        let mut bits = Self::bit(&Actor::Account(principal.account));
        for organisation in &principal.organisations {
            bits |= Self::bit(&Actor::Organisation(*organisation));
        }
        for role in principal.roles.iter() {
            bits |= Self::bit(&Actor::Role(role));
        }
        Self(bits)
    }

    /// Whether the two may have an actor in common.
    #[must_use]
    pub const fn may_concern(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Account identifiers are public keys or hashes, so that one byte of them is as good as a hash. Roles have the
    /// upper bits to themselves only by chance: a collision is harmless.
    const fn bit(actor: &Actor) -> u64 {
        let number = match actor {
            Actor::Account(account) => account.0[31],
            Actor::Organisation(organisation) => organisation.0[30],
            Actor::Role(role) => 63 - *role as u8,
        };
        1 << (number % 64)
    }
}
