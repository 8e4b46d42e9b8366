//! A claim of the chain as [`salus_fhir::explain`] tells it.

use super::filing::outcomes;
use super::told::{Told, What};
use super::{balances, ConsortiumKey};
use crate::operations::documents::Document;
use crate::operations::{plans, OperationError, Suite};
use crate::values::show_claim;
use salus_client::{client_account, domain_account, AccountId32};
use salus_domain::adjudicate::LineOutcome;
use salus_domain::claim::Submission;
use salus_domain::codes::Term;
use salus_domain::ids::{Account, PlanId};
use salus_domain::time::Timestamp;
use salus_fhir::claim::{ClaimOptions, CompiledClaim};
use salus_fhir::decimal::Asset;
use salus_fhir::directory::{Directory, ACCOUNT_URN};
use salus_fhir::explain::{
    self, authorisation_reference, Decided, DecidedLine, Kind, Parties, Party, Payment, Service,
};
use salus_interface::claims::{AppealStatus, Claim, ClaimStatus};

/// What is needed beside the chain.
pub struct Beside<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// How amounts are written.
    pub asset: Asset,
    /// The FHIR Claim and how it is compiled, where it is at hand.
    pub document: Option<(&'a Document, &'a ClaimOptions)>,
    /// The consortium's key, where it is at hand: with it, the document's procedures are compared with the chain's
    /// commitments.
    pub key: Option<&'a ConsortiumKey>,
}

/// Puts together what the chain and its events know of a claim.
///
/// # Errors
/// [`OperationError::OtherClaim`] where the document is not this claim's, [`OperationError::Document`],
/// [`OperationError::Claims`] of a claim that waits and would be refused by now, [`OperationError::Client`].
pub async fn explained(
    suite: &Suite,
    claim: &Claim,
    told: &Told,
    beside: &Beside<'_>,
) -> Result<Decided, OperationError> {
    let terms = plans::terms(suite, claim.plan, claim.version).await?;
    let document = match beside.document {
        Some((document, options)) => Some(of_document(document, options, told, beside)?),
        None => None,
    };
    let outcomes = outcomes(suite, claim, told).await?;
    let lines = lines(&told.submission, &outcomes, document.as_ref());
    let member = client_account(claim.member);
    let coverages = suite.deployment.claims().coverages(claim.plan, claim.member).read(&suite.chain).await?;
    let day = told.submission.days.iter().map(|day| day.date).min().unwrap_or(Timestamp::MIN);
    let mut kept = match balances::counting(&coverages, day) {
        Some(coverage) => balances::kept(suite, claim.plan, &member, coverage, &terms.limits, day).await?,
        None => Vec::new(),
    };
    if told.submission.days.len() > 1 {
        // What is left of one day says nothing about the others.
        kept.retain(|(_, term, _)| *term != Term::Day);
    }
    let kept: Vec<_> = kept.iter().map(|(unit, term, used)| (*unit, *term, used)).collect();
    let insurer = client_account(plans::plan(suite, claim.plan).await?.insurer);
    Ok(Decided {
        claim: told.claim,
        request: document.as_ref().map(|claim| format!("{}|{}", claim.identifier.0, claim.identifier.1)),
        parties: match &document {
            Some(document) => parties_of(document, beside.directory, &insurer, claim.plan, &member),
            None => Parties {
                patient: reference(beside.directory, &member, Party::Patient),
                provider: reference(beside.directory, &told.provider, Party::Provider),
                insurer: reference(beside.directory, &insurer, Party::Insurer),
                coverage: coverage_urn(claim.plan, &member),
            },
        },
        kind: kind(&lines, document.as_ref()),
        created: created(claim, told),
        status: status(claim.status),
        network: told.filing.as_ref().map(|filing| filing.network).filter(|_| terms.networked),
        total: super::sum(lines.iter().map(|line| &line.outcome.split)),
        authorisations: authorisations(claim, told, &outcomes),
        lines,
        payment: told.paid().map(|(amount, withheld, date)| Payment { amount, withheld, date: Some(date) }),
        appeal: match claim.appeal.map(|appeal| appeal.status) {
            None => explain::Appeal::None,
            Some(AppealStatus::Open | AppealStatus::Granted) => explain::Appeal::Open,
            Some(AppealStatus::Upheld) => explain::Appeal::Upheld,
            Some(AppealStatus::Overturned) => explain::Appeal::Overturned,
        },
        passed_on: claim.passed_on,
        balances: explain::balances(&terms.limits, &kept),
        asset: beside.asset.clone(),
    })
}

/// How a document refers to an account that is this in it: by a key of the directory that may stand there, or by the account.
#[must_use]
pub fn reference(directory: &Directory, account: &AccountId32, party: Party) -> String {
    let key = party.named(directory, Account(account.0));
    key.map_or_else(|| format!("{ACCOUNT_URN}{account}"), str::to_owned)
}

/// Everybody as the FHIR Claim names them. Of a claim that was passed on, the document may be the first insurer's: then insurer
/// and coverage are another's.
fn parties_of(
    document: &CompiledClaim,
    directory: &Directory,
    insurer: &AccountId32,
    plan: PlanId,
    member: &AccountId32,
) -> Parties {
    let known = document.insurer.as_deref().and_then(|key| Some((key, directory.account(key)?)));
    let own = known.filter(|(_, account)| account.0 == insurer.0).map(|(key, _)| key);
    Parties {
        patient: document.patient.clone(),
        provider: document.provider.clone(),
        insurer: own.map_or_else(|| reference(directory, insurer, Party::Insurer), str::to_owned),
        coverage: match (known, own) {
            (Some(_), None) => coverage_urn(plan, member),
            _ => document.coverage.clone(),
        },
    }
}

/// What a coverage is called whose FHIR Coverage is not at hand: there is one at a time of each member under each plan.
#[must_use]
pub fn coverage_urn(plan: PlanId, member: &AccountId32) -> String {
    format!("urn:salus:coverage:{}:{member}", plan.0)
}

/// What kind of claim it is: as the document says, or else by its categories.
fn kind(lines: &[DecidedLine], document: Option<&CompiledClaim>) -> Kind {
    let categories = || lines.iter().map(|line| line.category).collect::<Vec<_>>();
    document.and_then(|claim| claim.kind).unwrap_or_else(|| Kind::of_categories(&categories()))
}

const fn status(status: ClaimStatus) -> explain::Status {
    match status {
        ClaimStatus::AwaitsFunds => explain::Status::AwaitsFunds,
        ClaimStatus::AwaitsAuthorisation => explain::Status::AwaitsAuthorisation,
        ClaimStatus::Adjudicated => explain::Status::Adjudicated,
        ClaimStatus::Settled => explain::Status::Settled,
        ClaimStatus::Reversed => explain::Status::Reversed,
    }
}

/// When it was decided; of a claim that waits, when it was made.
fn created(claim: &Claim, told: &Told) -> Timestamp {
    let made = told.steps.iter().find(|step| matches!(step.what, What::Pended(_))).map(|step| step.time);
    made.filter(|_| claim.status.is_pended()).unwrap_or(claim.decided)
}

fn lines(submission: &Submission, outcomes: &[LineOutcome], document: Option<&CompiledClaim>) -> Vec<DecidedLine> {
    let decided = |(place, (line, outcome)): (usize, (&salus_domain::claim::Line, &LineOutcome))| {
        let item = document.and_then(|document| document.items.get(place));
        let service = match item {
            Some(item) => Service::Known { system: item.system.clone(), code: item.code.clone() },
            None => Service::Committed(line.code),
        };
        let number = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
        DecidedLine {
            sequence: item.map_or(number, |item| item.sequence),
            service,
            category: line.category,
            // A line of the chain has its day.
            date: submission.days.get(usize::from(line.day)).map_or(Timestamp::MIN, |day| day.date),
            quantity: line.quantity,
            outcome: *outcome,
        }
    };
    submission.lines.iter().zip(outcomes).enumerate().map(decided).collect()
}

/// The authorisations that covered lines used.
fn authorisations(claim: &Claim, told: &Told, outcomes: &[LineOutcome]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (line, outcome) in told.submission.lines.iter().zip(outcomes) {
        if outcome.authorised == 0 {
            continue;
        }
        let member = domain_account(&client_account(claim.member));
        let reference = authorisation_reference(claim.plan, member, domain_account(&told.provider), line.code);
        if !all.contains(&reference) {
            all.push(reference);
        }
    }
    all
}

/// The FHIR Claim, if it is this claim's.
fn of_document(
    document: &Document,
    options: &ClaimOptions,
    told: &Told,
    beside: &Beside<'_>,
) -> Result<CompiledClaim, OperationError> {
    let compiled = document.compile(|bytes| salus_fhir::claim::compile(bytes, options))?;
    let other =
        |differs| OperationError::OtherClaim { file: document.file.clone(), claim: show_claim(told.claim), differs };
    ensure_about(&compiled, told, beside.directory).map_err(other)?;
    ensure_of(&compiled, told, beside.key).map_err(other)?;
    Ok(compiled)
}

/// Whether a document is about who was treated and who claimed, as far as the directory knows whom it names.
fn ensure_about(compiled: &CompiledClaim, told: &Told, directory: &Directory) -> Result<(), &'static str> {
    let is = |key: &str, account: Account| directory.account(key).is_none_or(|named| named == account);
    match is(&compiled.patient, told.submission.member) && is(&compiled.provider, domain_account(&told.provider)) {
        true => Ok(()),
        false => Err("its patient or its provider is another\n  next: give the FHIR Claim that was submitted"),
    }
}

/// Whether a document says what was claimed: its days, categories, numbers and charges, and with the key also its number and its
/// procedures.
fn ensure_of(compiled: &CompiledClaim, told: &Told, key: Option<&ConsortiumKey>) -> Result<(), &'static str> {
    let claimed = &told.submission;
    let key_or_none = key.map_or([0; 32], |key| key.0);
    let said = compiled.submission(claimed.plan, claimed.member, domain_account(&told.provider), &key_or_none);
    let dates = |submission: &Submission| submission.days.iter().map(|day| day.date).collect::<Vec<_>>();
    let lines = || claimed.lines.iter().zip(&said.lines);
    let in_clear = claimed.lines.len() == said.lines.len()
        && dates(claimed) == dates(&said)
        && lines()
            .all(|(a, b)| (a.day, a.category, a.quantity, a.submitted) == (b.day, b.category, b.quantity, b.submitted));
    if !in_clear {
        return Err("its lines, days or charges are others\n  next: give the FHIR Claim that was submitted");
    }
    if key.is_some() && (claimed.reference != said.reference || lines().any(|(a, b)| a.code != b.code)) {
        return Err(
            "its number or its codes are others, or the consortium key is\n  next: give the FHIR Claim that was \
                    submitted, and the key with which it was (--consortium-key-file)",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::claims::filing;
    use salus_domain::ids::ClaimId;

    const MEMBER: [u8; 32] = [1; 32];
    const PROVIDER: [u8; 32] = [2; 32];
    const INSURER: [u8; 32] = [3; 32];

    /// The samples' claim, of Rosa to Dr Adams and Unity.
    fn document() -> Result<CompiledClaim, Box<dyn std::error::Error>> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/claim.json");
        let options = filing::options(Asset { currency: "USD".to_owned(), decimals: 2 });
        Ok(salus_fhir::claim::compile(&std::fs::read(file)?, &options)?)
    }

    fn directory(entries: &[(&str, [u8; 32])]) -> Directory {
        entries.iter().map(|(key, account)| ((*key).to_owned(), Account(*account))).collect()
    }

    #[test]
    fn a_document_s_own_names_stand_where_an_account_has_others() -> Result<(), Box<dyn std::error::Error>> {
        let document = document()?;
        let parties = |entries: &[(&str, [u8; 32])]| {
            parties_of(&document, &directory(entries), &AccountId32(INSURER), PlanId(7), &AccountId32(MEMBER))
        };
        let unity = ("Organization/unity-insurance", INSURER);
        let named = parties(&[unity, ("Organization/a", INSURER), ("Patient/a", PROVIDER), ("Patient/a", MEMBER)]);
        let expected = Parties {
            patient: "Patient/rosa-marin".to_owned(),
            provider: "Practitioner/dr-adams".to_owned(),
            insurer: unity.0.to_owned(),
            coverage: "Coverage/rosa-unity".to_owned(),
        };
        assert_eq!(named, expected);
        let unknown = parties(&[]);
        let insurer = format!("{ACCOUNT_URN}{}", AccountId32(INSURER));
        assert_eq!(unknown, Parties { insurer, ..expected.clone() });
        let passed_on = parties(&[(unity.0, [9; 32]), ("Organization/second", INSURER)]);
        let coverage = coverage_urn(PlanId(7), &AccountId32(MEMBER));
        assert_eq!(passed_on, Parties { insurer: "Organization/second".to_owned(), coverage, ..expected });
        Ok(())
    }

    #[test]
    fn a_document_about_somebody_else_is_another_claim() -> Result<(), Box<dyn std::error::Error>> {
        let document = document()?;
        let told = Told {
            claim: ClaimId([0; 32]),
            provider: AccountId32(PROVIDER),
            submission: document.submission(PlanId(7), Account(MEMBER), Account(PROVIDER), &[0; 32]),
            filing: None,
            prior: None,
            status: ClaimStatus::Adjudicated,
            steps: Vec::new(),
        };
        let (rosa, adams) = ("Patient/rosa-marin", "Practitioner/dr-adams");
        for (entries, is_about) in [
            (&[][..], true),
            (&[(rosa, MEMBER), (adams, PROVIDER)], true),
            (&[(rosa, PROVIDER), (adams, PROVIDER)], false),
            (&[(rosa, MEMBER), (adams, MEMBER)], false),
        ] {
            assert_eq!(ensure_about(&document, &told, &directory(entries)).is_ok(), is_about, "{entries:?}");
        }
        Ok(())
    }
}
