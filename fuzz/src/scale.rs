//! What is read as SCALE: from a chain's events and storage, from contracts, from files of orders.

use parity_scale_codec::{DecodeAll, Encode};
use salus_domain::claim::Submission;
use salus_domain::consent::Consent;
use salus_domain::evaluate::{evaluate, Evaluation};
use salus_domain::ids::ConsentId;
use salus_domain::mandate::Mandate;
use salus_domain::plan::PlanTerms;
use salus_domain::request::Request;
use salus_domain::time::Timestamp;
use salus_interface::{access, claims, consent};

/// 2026-09-29, when the samples are in force.
const NOW: Timestamp = Timestamp(1_790_640_000_000);

/// What these bytes encode, if it is a `T`. SCALE has one encoding for each value: others are refused.
pub(crate) fn read<T: DecodeAll + Encode>(mut data: &[u8]) -> Option<T> {
    let all = data;
    let read = T::decode_all(&mut data).ok()?;
    assert!(read.encode() == all, "{} has two encodings", std::any::type_name::<T>());
    Some(read)
}

macro_rules! each {
    ($data:expr; $($Type:ty),+ $(,)?) => { $(read::<$Type>($data);)+ };
}

/// What the rules are about.
pub fn domain(data: &[u8]) {
    if let Some(consent) = read::<Consent>(data) {
        let _ = (consent.validate(), consent.audience());
    }
    if let Some(submission) = read::<Submission>(data) {
        let _ = submission.validate(NOW);
    }
    if let Some(terms) = read::<PlanTerms>(data) {
        let _ = terms.validate();
    }
    if let Some(mandate) = read::<Mandate>(data) {
        let _ = mandate.validate(NOW);
    }
    each!(data; Request, Evaluation);
}

/// Consents that are well-formed, put to a request, whatever it is.
pub fn decision(data: &[u8]) {
    let Some((consents, request)) = read::<(Vec<Consent>, Request)>(data) else { return };
    let all: Vec<_> = (0..).map(ConsentId).zip(consents).filter(|(_, consent)| consent.validate().is_ok()).collect();
    let Evaluation { answer, deciding, redact } = evaluate(&all, &request, NOW);
    assert!(deciding.iter().all(|it| all.iter().any(|(id, _)| *id == it.consent)));
    // What a contract leaves out, because it cannot concern the principal, changes nothing.
    let principal = salus_domain::consent::Audience::of(&request.principal);
    let concerned: Vec<_> =
        all.iter().filter(|(_, consent)| consent.audience().may_concern(principal)).cloned().collect();
    let again = evaluate(&concerned, &request, NOW);
    assert_eq!((again.answer, again.deciding, again.redact), (answer, deciding, redact));
}

/// What is signed, relayed and told by the consent registry.
pub fn orders(data: &[u8]) {
    each!(data;
        consent::Instruction, consent::Order, consent::SignedOrder, consent::CarriedOut, consent::ConsentSummary,
        consent::ConsentProposed, consent::ProposalWithdrawn, consent::OrdersCarriedOut,
        Result<Result<Vec<Result<consent::Done, consent::RelayError>>, consent::ConsentError>, u8>,
    );
}

/// What access grants keep, answer and tell.
pub fn access(data: &[u8]) {
    each!(data;
        access::RecordTerms, access::Record, access::Release, access::Condition, access::Vouched, access::Setup,
        access::Log, access::Emergency,
        access::AuthorityAdded, access::AuthorityRemoved, access::ProviderCredentialed, access::KeyPublished,
        access::RecordRegistered, access::RecordAmended, access::AccessDecided, access::OrganisationAccredited,
        access::KeyRevoked, access::RecordErased, access::ConditionSet, access::AgreementChanged,
        access::LinkRedeemed, access::EmergencyChanged, access::RootAnchored, access::ReleaseLogged,
        Result<access::AccessDecision, access::AccessError>,
    );
}

/// What claims take, keep, answer and tell.
pub fn claims(data: &[u8]) {
    each!(data;
        claims::Asset, claims::Pool, claims::Plan, claims::Enrolment, claims::Coverage, claims::Place,
        claims::Authorisation, claims::Procedure, claims::Claim, claims::Appeal, claims::Ruling, claims::Filing,
        claims::Payment,
        claims::PlanOpened, claims::PlanRevised, claims::PlanFrozen, claims::PoolFunded, claims::PoolWithdrawn,
        claims::FeesSet, claims::NetworkSet, claims::MembersCovered, claims::CoverageEnded,
        claims::AuthorisationChanged, claims::ClaimPended, claims::ClaimWithdrawn, claims::ClaimAdjudicated,
        claims::ClaimsSettled, claims::ClaimAppealed, claims::AppealAnswered, claims::AppealDecided,
        claims::ClaimReversed, claims::DebtPaid,
        Result<claims::Receipt, claims::ClaimsError>,
    );
}
