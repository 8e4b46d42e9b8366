//! Rules 1 to 8: what a patient's consents answer to a request.
//!
//! A request for data of several classes or sensitivities is decided part by part, a part being one class and one
//! sensitivity: the whole is as closed as its most closed part.

use crate::codes::{ActionSet, ClassSet, Confidentiality, ConfidentialitySet, Purpose, PurposeSet, SensitivitySet};
use crate::consent::{Actor, Base, Consent, Decision, Provision};
use crate::ids::ConsentId;
use crate::request::{Principal, Request};
use crate::time::{Period, Timestamp};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// What the consents together answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Answer {
    /// It may be done, under the obligations.
    Permit,
    /// It must not be done.
    Deny,
    /// No consent says anything about it; every enforcement point treats that as deny (rule 5).
    NoConsent,
}

/// What decided: a consent and, in it, a provision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Deciding {
    /// The consent.
    pub consent: ConsentId,
    /// The provision's place in [`Consent::provisions`]; `None`: the base decision.
    pub provision: Option<u8>,
}

/// What to redact from a permitted bundle: each label or class for which the answer would have been deny (rule 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Redaction {
    /// Data of this confidentiality.
    pub confidentiality: ConfidentialitySet,
    /// Data of this sensitivity.
    pub sensitivity: SensitivitySet,
    /// Data of these classes.
    pub classes: ClassSet,
}

impl Redaction {
    /// Whether nothing is to be redacted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.confidentiality.is_empty() && self.sensitivity.is_empty() && self.classes.is_empty()
    }

    fn covers(&self, part: &Part) -> bool {
        self.confidentiality.intersects(part.confidentiality)
            || self.sensitivity.intersects(part.sensitivity)
            || self.classes.intersects(part.classes)
    }
}

/// The answer, what decided it, and the obligations that go with it (rule 8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Evaluation {
    /// The answer.
    pub answer: Answer,
    /// Every consent that gave this answer, in the order in which they were evaluated.
    pub deciding: Vec<Deciding>,
    /// What to redact; empty unless the answer is permit.
    pub redact: Redaction,
}

/// Evaluates `consents`, all of them active, against `request` at `now`.
///
/// The consents must have passed [`Consent::validate`]. A consent may be left out only if it cannot concern the
/// principal: see [`crate::consent::Audience`].
#[must_use]
pub fn evaluate(consents: &[(ConsentId, Consent)], request: &Request, now: Timestamp) -> Evaluation {
    let question = Question::new(consents, request, now);
    let mut deciding = Vec::new();
    let mut answer = Answer::Permit;
    for part in question.parts() {
        match question.answer(part, &mut deciding, answer) {
            Answer::Deny => answer = Answer::Deny,
            Answer::NoConsent if answer == Answer::Permit => answer = Answer::NoConsent,
            Answer::NoConsent | Answer::Permit => {}
        }
    }
    let redact = match answer {
        Answer::Permit => question.redaction(),
        Answer::Deny | Answer::NoConsent => Redaction::default(),
    };
    if answer == Answer::NoConsent {
        deciding.clear();
    }
    Evaluation { answer, deciding, redact }
}

/// One piece of what is asked for: of each dimension one code. None: the request does not name this dimension, or the data
/// has no such label; either way a criterion on it does not match.
#[derive(Clone, Copy)]
struct Part {
    confidentiality: ConfidentialitySet,
    sensitivity: SensitivitySet,
    /// The sensitivity and what is above it.
    sensitivity_named_by: SensitivitySet,
    classes: ClassSet,
}

/// A request and the consents it is put to, with all that is the same for each provision worked out once.
struct Question<'a> {
    consents: &'a [(ConsentId, Consent)],
    principal: &'a Principal,
    purposes: PurposeSet,
    actions: ActionSet,
    confidentiality: Option<Confidentiality>,
    sensitivity: Option<SensitivitySet>,
    classes: Option<ClassSet>,
    data_period: Option<Period>,
    now: Timestamp,
}

impl<'a> Question<'a> {
    fn new(consents: &'a [(ConsentId, Consent)], request: &'a Request, now: Timestamp) -> Self {
        Self {
            consents,
            principal: &request.principal,
            purposes: Purpose::ancestors(request.purpose),
            actions: request.action.into(),
            confidentiality: request.confidentiality,
            sensitivity: request.sensitivity,
            classes: request.classes,
            // A period without a moment says nothing about when the data was made.
            data_period: request.data_period.filter(Period::is_valid),
            now,
        }
    }

    /// The parts of what the request names.
    fn parts(&self) -> Vec<Part> {
        product(
            &self.level(),
            &one_by_one(self.sensitivity.unwrap_or_default().bits().into()),
            &one_by_one(self.classes.unwrap_or_default().bits()),
        )
    }

    fn level(&self) -> [u64; 1] {
        [self.confidentiality.map_or(ConfidentialitySet::EMPTY, Into::into).bits().into()]
    }

    /// What the consents answer for one part. Adds to `deciding` what gave that answer, and where it is the first deny
    /// after another answer `so_far`, forgets what gave the other.
    fn answer(&self, part: Part, deciding: &mut Vec<Deciding>, so_far: Answer) -> Answer {
        let mut decision = None;
        let mut gave = Vec::new();
        // Rule 1: only a consent in its period counts.
        for (id, consent) in self.consents.iter().filter(|(_, consent)| consent.period.contains(self.now)) {
            let Some((own, provision)) = self.answer_of(consent, part) else { continue };
            // Rule 4: among consents, deny wins.
            match (decision, own) {
                (Some(Decision::Deny), Decision::Permit) => continue,
                (Some(Decision::Permit), Decision::Deny) => gave.clear(),
                _ => {}
            }
            decision = Some(own);
            gave.push(Deciding { consent: *id, provision });
        }
        // Rule 5: no consent is an answer of its own.
        let answer = match decision {
            Some(Decision::Permit) => Answer::Permit,
            Some(Decision::Deny) => Answer::Deny,
            None => Answer::NoConsent,
        };
        if answer == Answer::Deny && so_far != Answer::Deny {
            deciding.clear();
        }
        if answer == Answer::Deny || so_far == Answer::Permit {
            gave.retain(|one| !deciding.contains(one));
            deciding.append(&mut gave);
        }
        answer
    }

    /// Whether the consents together permit one part; as [`Self::answer`], without noting what decided.
    fn is_permitted(&self, part: Part) -> bool {
        let mut permitted = false;
        for (_, consent) in self.consents.iter().filter(|(_, consent)| consent.period.contains(self.now)) {
            match self.answer_of(consent, part) {
                Some((Decision::Deny, _)) => return false,
                Some((Decision::Permit, _)) => permitted = true,
                None => {}
            }
        }
        permitted
    }

    /// Rule 2: what one consent answers, and which provision says so (`None`: its base). `None`: it says nothing.
    fn answer_of(&self, consent: &Consent, part: Part) -> Option<(Decision, Option<u8>)> {
        match self.decide_among(&consent.provisions, 0, part) {
            Some((decision, provision)) => Some((decision, Some(provision))),
            None => match consent.base {
                Base::Permit => Some((Decision::Permit, None)),
                Base::Deny => Some((Decision::Deny, None)),
                Base::Silent => None,
            },
        }
    }

    /// Rules 2 and 4 for the siblings that `provisions` begins with and all below them: the answer of each that
    /// matches is its own decision or that of its exceptions; where answers differ, deny wins. Data that may also lie
    /// outside of a provision's data period is as closed as either way: what only may match counts where it denies.
    /// `offset` is the place of the first one in the consent. The recursion ends at [`crate::consent::MAX_DEPTH`].
    fn decide_among(&self, provisions: &[Provision], offset: u8, part: Part) -> Option<(Decision, u8)> {
        let mut found = None;
        let mut rest = provisions;
        let mut place = offset;
        while let Some((provision, below)) = rest.split_first() {
            let children = below.iter().take_while(|child| child.depth > provision.depth).count();
            let (children, siblings) = below.split_at(children);
            if self.may_match(provision, part) {
                let first_child = place.saturating_add(1);
                let own = self.decide_among(children, first_child, part).unwrap_or((provision.decision, place));
                if own.0 == Decision::Deny {
                    return Some(own);
                }
                if self.covers_data(provision) {
                    found = found.or(Some(own));
                }
            }
            // At most MAX_PROVISIONS: the place fits into a byte.
            place = place.saturating_add(1).saturating_add(children.len() as u8);
            rest = siblings;
        }
        found
    }

    /// Rule 3: each criterion that the provision names matches, its data period at least for a part of the data.
    fn may_match(&self, provision: &Provision, part: Part) -> bool {
        provision.period.is_none_or(|period| period.contains(self.now))
            && (provision.purposes.is_empty() || provision.purposes.intersects(self.purposes))
            && (provision.actions.is_empty() || provision.actions.intersects(self.actions))
            && (provision.classes.is_empty() || provision.classes.intersects(part.classes))
            && labels_match(provision, part)
            && self.reaches_data(provision)
            && (provision.actors.is_empty() || provision.actors.iter().any(|actor| self.asks_as(actor)))
    }

    fn asks_as(&self, actor: &Actor) -> bool {
        match actor {
            Actor::Account(account) => self.principal.account == *account,
            Actor::Organisation(organisation) => self.principal.organisations.contains(organisation),
            Actor::Role(role) => self.principal.roles.contains(*role),
        }
    }

    /// Whether the provision's data period may contain some of the data. If the request names no date, it may be any.
    fn reaches_data(&self, provision: &Provision) -> bool {
        provision.data_period.is_none_or(|named| self.data_period.is_none_or(|data| named.overlaps(&data)))
    }

    /// Whether the provision's data period surely contains all of the data.
    fn covers_data(&self, provision: &Provision) -> bool {
        provision.data_period.is_none_or(|named| self.data_period.is_some_and(|data| named.covers(&data)))
    }

    /// Rule 6. Only codes that a provision names need a look: all others answer as the whole did. First each by
    /// itself; then, where a deny needs several at once (a label within a class, say), whatever combination is still
    /// denied goes by its sensitivity, else by its class, else by its confidentiality: rather too much than too little.
    fn redaction(&self) -> Redaction {
        let mut redact = Redaction::default();
        let provisions = || self.consents.iter().flat_map(|(_, consent)| &consent.provisions);
        let levels = match self.confidentiality {
            Some(_) => self.level().into(),
            None => unnamed_or(provisions().fold(0, |all, p| all | u64::from(p.confidentiality.bits()))),
        };
        let labels = match self.sensitivity {
            Some(named) => one_by_one(named.bits().into()),
            None => {
                let named = provisions().fold(SensitivitySet::EMPTY, |all, p| all.union(p.sensitivity));
                unnamed_or(SensitivitySet::under(named).bits().into())
            }
        };
        let classes = match self.classes {
            Some(named) => one_by_one(named.bits()),
            None => unnamed_or(provisions().fold(0, |all, p| all | p.classes.bits())),
        };
        let parts = product(&levels, &labels, &classes);
        // Those that name the least come first. Not sorted: a sort takes a tenth of the registry's code.
        let by_added = (0..=3).flat_map(|added| parts.iter().filter(move |part| self.added(part) == added));
        for part in by_added {
            if self.is_permitted(*part) || redact.covers(part) {
                continue;
            }
            if self.sensitivity.is_none() && !part.sensitivity.is_empty() {
                redact.sensitivity = redact.sensitivity.union(part.sensitivity);
            } else if self.classes.is_none() && !part.classes.is_empty() {
                redact.classes = redact.classes.union(part.classes);
            } else if self.confidentiality.is_none() && !part.confidentiality.is_empty() {
                redact.confidentiality = redact.confidentiality.union(part.confidentiality);
            }
        }
        redact
    }

    /// How many dimensions the part names that the request does not.
    fn added(&self, part: &Part) -> u8 {
        u8::from(self.confidentiality.is_none() && !part.confidentiality.is_empty())
            + u8::from(self.sensitivity.is_none() && !part.sensitivity.is_empty())
            + u8::from(self.classes.is_none() && !part.classes.is_empty())
    }
}

/// Confidentiality and sensitivity are one criterion, as they are one element in FHIR (`securityLabel`): a deny that
/// names both matches either, a permit that names both needs both.
fn labels_match(provision: &Provision, part: Part) -> bool {
    let (levels, labels) = (provision.confidentiality, provision.sensitivity);
    if levels.is_empty() && labels.is_empty() {
        return true;
    }
    let level = part.confidentiality.intersects(levels);
    let label = part.sensitivity_named_by.intersects(labels);
    match provision.decision {
        Decision::Deny => level || label,
        Decision::Permit => (levels.is_empty() || level) && (labels.is_empty() || label),
    }
}

/// Each code, or one time none where there is none. Codes are bits here, whatever they are codes of: this code once for
/// each of the three dimensions would take three times the room in a contract.
fn one_by_one(codes: u64) -> Vec<u64> {
    match codes {
        0 => Vec::from([0]),
        codes => each(codes, Vec::new()),
    }
}

/// None, and each code.
fn unnamed_or(codes: u64) -> Vec<u64> {
    each(codes, Vec::from([0]))
}

fn each(codes: u64, mut found: Vec<u64>) -> Vec<u64> {
    let mut rest = codes;
    while rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        found.push(lowest);
        rest ^= lowest;
    }
    found
}

fn product(levels: &[u64], labels: &[u64], classes: &[u64]) -> Vec<Part> {
    let label = |bits: &u64| {
        let label = u32::try_from(*bits).ok().and_then(SensitivitySet::from_bits).unwrap_or_default();
        (label, label.named_by())
    };
    let labels: Vec<_> = labels.iter().map(label).collect();
    let mut parts = Vec::new();
    for class in classes {
        let classes = ClassSet::from_bits(*class).unwrap_or_default();
        for (sensitivity, sensitivity_named_by) in labels.iter().copied() {
            for level in levels {
                let level = u8::try_from(*level).ok().and_then(ConfidentialitySet::from_bits);
                let confidentiality = level.unwrap_or_default();
                parts.push(Part { confidentiality, sensitivity, sensitivity_named_by, classes });
            }
        }
    }
    parts
}
