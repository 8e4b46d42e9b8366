//! The `ExplanationOfBenefit`: <https://hl7.org/fhir/R4/explanationofbenefit.html>.

use super::claim_response::{identifier, outcome, request, status};
use super::tree::{Members, Resource};
use super::{codes, parts, words, Decided, DecidedLine, NotExplained, Parties};
use crate::code::Code;
use crate::json::Value;
use salus_domain::time::{Period, DAY};

/// What was decided about a claim, for the patient. Its notes are in plain words ([`words`]): number 1 is about the claim, and
/// each line names its own.
///
/// # Errors
/// [`NotExplained`].
pub fn explanation_of_benefit(decided: &Decided) -> Result<Resource, NotExplained> {
    let notes = words::explain(decided)?;
    let Parties { patient, provider, insurer, coverage } = &decided.parties;
    let provider = parts::reference("provider", provider, None)?;
    let payee = Members::of("type", codes::PROVIDER.concept()).set("party", provider.clone());
    let insurance = Members::of("focal", true)
        .set("coverage", parts::reference("insurance.coverage", coverage, Some("Coverage"))?)
        .list("preAuthRef", parts::authorisations(&decided.authorisations)?);
    // Number 1 is the claim's.
    let items = decided.lines.iter().zip(2..).map(|(line, note)| item(decided, line, note));
    let texts = std::iter::once(notes.claim).chain(notes.lines.into_iter().map(|(_, text)| text));
    let notes = texts.zip(1..).map(|(text, number)| note(number, text)).collect();
    let resource = Members::of("resourceType", "ExplanationOfBenefit")
        .set("id", hex::encode(decided.claim.0))
        .list("identifier", Vec::from([identifier(decided.claim)]))
        .set("status", status(decided))
        .set("type", decided.kind.code().concept())
        .set("use", "claim")
        .set("patient", parts::reference("patient", patient, Some("Patient"))?)
        .some("billablePeriod", billable_period(decided)?)
        .set("created", parts::moment(decided.created)?)
        .set("insurer", parts::reference("insurer", insurer, Some("Organization"))?)
        .set("provider", provider)
        .set("payee", payee)
        .some("claim", request(decided)?)
        .set("outcome", outcome(decided))
        .set("disposition", words::disposition(decided))
        .list("insurance", Vec::from([insurance.into()]))
        .list("item", items.collect::<Result<_, _>>()?)
        .list("total", parts::totals(decided)?)
        .some("payment", parts::payment(decided)?)
        .list("processNote", notes)
        .list("benefitBalance", parts::limits(&decided.balances, &decided.asset, "financial")?);
    Ok(Resource(resource.into()))
}

fn item(decided: &Decided, line: &DecidedLine, note: u32) -> Result<Value, NotExplained> {
    Ok(Members::of("sequence", parts::positive("the number of a line", line.sequence)?)
        .set("category", Code::from(line.category).concept())
        .set("productOrService", parts::service(&line.service)?)
        .set("servicedDate", parts::day(line.date)?)
        .set("quantity", Members::of("value", line.quantity))
        .set("net", parts::money(line.outcome.split.submitted, &decided.asset)?)
        .list("noteNumber", Vec::from([note.into()]))
        .list("adjudication", parts::adjudication(decided, line)?)
        .into())
}

/// From the first day of service to the last.
fn billable_period(decided: &Decided) -> Result<Option<Value>, NotExplained> {
    let days = || decided.lines.iter().map(|line| line.date);
    let bounds = days().min().zip(days().max());
    bounds.map(|(start, last)| parts::period(Period { start, end: last.plus(DAY) })).transpose()
}

fn note(number: u32, text: String) -> Value {
    Members::of("number", number)
        .set("type", "display")
        .set("text", text)
        .set("language", codes::BRITISH_ENGLISH.concept())
        .into()
}
