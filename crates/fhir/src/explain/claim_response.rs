//! The `ClaimResponse`: <https://hl7.org/fhir/R4/claimresponse.html>.

use super::codes;
use super::tree::{Members, Resource};
use super::{
    authorisation_reference, parts, words, Appeal, Decided, DecidedLine, Kind, NotExplained, Parties, Service, Status,
};
use crate::json::Value;
use salus_domain::codes::Reason;
use salus_domain::ids::{Account, ClaimId, CodeTag, PlanId};
use salus_domain::time::{Period, Timestamp};

/// What was decided about a claim, for the provider.
///
/// # Errors
/// [`NotExplained`].
pub fn claim_response(decided: &Decided) -> Result<Resource, NotExplained> {
    decided.check()?;
    let items = decided.lines.iter().map(|line| item(decided, line));
    let resource = Members::of("resourceType", "ClaimResponse")
        .set("id", hex::encode(decided.claim.0))
        .list("identifier", Vec::from([identifier(decided.claim)]))
        .set("status", status(decided))
        .set("type", decided.kind.code().concept())
        .set("use", "claim");
    let resource = about(resource, &decided.parties, decided.created)?
        .some("request", request(decided)?)
        .set("outcome", outcome(decided))
        .set("disposition", words::disposition(decided))
        .set("payeeType", codes::PROVIDER.concept())
        .list("item", items.collect::<Result<_, _>>()?)
        .list("total", parts::totals(decided)?)
        .some("payment", parts::payment(decided)?);
    Ok(Resource(resource.list("insurance", Vec::from([insurance(&decided.parties)?])).into()))
}

fn item(decided: &Decided, line: &DecidedLine) -> Result<Value, NotExplained> {
    let sequence = parts::positive("the number of a line", line.sequence)?;
    Ok(Members::of("itemSequence", sequence).list("adjudication", parts::adjudication(decided, line)?).into())
}

/// Who it is about, and when it was decided.
fn about(resource: Members, parties: &Parties, created: Timestamp) -> Result<Members, NotExplained> {
    Ok(resource
        .set("patient", parts::reference("patient", &parties.patient, Some("Patient"))?)
        .set("created", parts::moment(created)?)
        .set("insurer", parts::reference("insurer", &parties.insurer, Some("Organization"))?)
        .set("requestor", parts::reference("requestor", &parties.provider, None)?))
}

fn insurance(parties: &Parties) -> Result<Value, NotExplained> {
    let coverage = parts::reference("insurance.coverage", &parties.coverage, Some("Coverage"))?;
    Ok(Members::of("sequence", 1u32).set("focal", true).set("coverage", coverage).into())
}

/// The claim's id on the chain.
pub(super) fn identifier(claim: ClaimId) -> Value {
    Members::of("type", codes::UNIQUE_CLAIM_ID.concept())
        .set("system", "urn:ietf:rfc:3986")
        .set("value", format!("urn:salus:claim:0x{}", hex::encode(claim.0)))
        .into()
}

pub(super) fn request(decided: &Decided) -> Result<Option<Value>, NotExplained> {
    decided.request.as_deref().map(|key| parts::reference("request", key, Some("Claim"))).transpose()
}

/// R4 `explanationofbenefit-status` and `fm-status`, which have this in common.
pub(super) const fn status(decided: &Decided) -> &'static str {
    match decided.status {
        Status::Reversed => "cancelled",
        Status::AwaitsFunds | Status::AwaitsAuthorisation | Status::Adjudicated | Status::Settled => "active",
    }
}

/// R4 `remittance-outcome`.
pub(super) const fn outcome(decided: &Decided) -> &'static str {
    match (decided.status, decided.appeal) {
        (Status::AwaitsFunds | Status::AwaitsAuthorisation, _) => "queued",
        (Status::Adjudicated | Status::Settled, Appeal::Open) => "partial",
        (Status::Adjudicated | Status::Settled | Status::Reversed, _) => "complete",
    }
}

/// How a request for prior authorisation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorisationAnswer {
    /// The insurer has not decided. From then on it counts as granted.
    Requested {
        /// For how many units.
        quantity: u32,
        /// By when the insurer has to decide.
        deadline: Timestamp,
    },
    /// It is granted.
    Granted {
        /// How many units are left.
        quantity: u32,
        /// The last moment at which a service may be given.
        until: Timestamp,
    },
    /// It is refused.
    Refused,
}

/// A prior authorisation, and who it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredAuthorisation {
    /// The plan.
    pub plan: PlanId,
    /// The account of who is to be treated.
    pub member: Account,
    /// The account of who is to treat.
    pub provider: Account,
    /// The commitment to the procedure.
    pub code: CodeTag,
    /// The procedure.
    pub service: Service,
    /// Who it is about, as FHIR knows them.
    pub parties: Parties,
    /// What kind of claim it is for.
    pub kind: Kind,
    /// When it was asked for or decided, whichever is later.
    pub created: Timestamp,
    /// How it stands.
    pub answer: AuthorisationAnswer,
}

/// The answer to a request for prior authorisation, for the provider (`use`: `preauthorization`). Its `preAuthRef` is there once
/// it is granted; the units stand in an `addItem`, since the chain knows procedures and no lines of a request.
///
/// # Errors
/// [`NotExplained`].
pub fn authorisation_response(asked: &AnsweredAuthorisation) -> Result<Resource, NotExplained> {
    let reference = authorisation_reference(asked.plan, asked.member, asked.provider, asked.code);
    let (outcome, granted, adjudication) = match asked.answer {
        AuthorisationAnswer::Requested { .. } => ("queued", None, None),
        AuthorisationAnswer::Granted { quantity, until } => ("complete", Some(until), Some(parts::units(quantity))),
        AuthorisationAnswer::Refused => ("complete", None, Some(parts::because(Reason::AuthorisationRefused))),
    };
    let item = |adjudication| -> Result<Value, NotExplained> {
        let service = Members::of("productOrService", parts::service(&asked.service)?);
        Ok(service.list("adjudication", Vec::from([adjudication])).into())
    };
    let identifier = Members::of("system", "urn:ietf:rfc:3986").set("value", reference.clone());
    let resource = Members::of("resourceType", "ClaimResponse")
        .list("identifier", Vec::from([identifier.into()]))
        .set("status", "active")
        .set("type", asked.kind.code().concept())
        .set("use", "preauthorization");
    let period = granted.map(|until| {
        // The last moment is inside.
        parts::period(Period { start: Timestamp::MIN, end: until.plus(1) })
    });
    let resource = about(resource, &asked.parties, asked.created)?
        .set("outcome", outcome)
        .set("disposition", words::authorisation(asked.answer))
        .some("preAuthRef", granted.map(|_| reference))
        .some("preAuthPeriod", period.transpose()?)
        .set("payeeType", codes::PROVIDER.concept())
        .list("addItem", adjudication.map(item).transpose()?.into_iter().collect())
        .list("insurance", Vec::from([insurance(&asked.parties)?]));
    Ok(Resource(resource.into()))
}
