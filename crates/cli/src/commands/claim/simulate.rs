//! `salus claim simulate`: what plans would decide of FHIR Claims, without a chain.

use super::reading::Reading;
use super::simulated::{Decided, Outcome, RefusedClaim};
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::claims::simulation::{paid_so_far, Case, Circumstances, Decidable, Given, Insurer, Undecided};
use crate::operations::found::{in_files, Found, PassedOver, Resource};
use crate::operations::plans;
use crate::output::Report;
use crate::values::{self, show_day};
use salus_client::CallError;
use salus_domain::adjudicate::Adjudication;
use salus_domain::codes::Network;
use salus_domain::time::Timestamp;
use salus_fhir::claim::{claims_of, ClaimOptions, CompiledClaim};
use salus_fhir::coverage::{coverages_of, years, CompiledCoverage};
use salus_interface::claims::ClaimsError;
use std::path::PathBuf;

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim simulate --plan samples/plan.json --claim samples/claim.json samples/claim-second.json

Needs no chain: the same rules as the contract's decide. Claims are decided in the order of their first days of service, those of
one day in the order in which they are named; each uses up limits for those behind it. A claim is a FHIR R4 Claim, on its own or in
a Bundle; of a folder, all .json files are looked at. Of a Bundle, a history, an entry that deletes and a Bundle within it are refused.
Coverages (--coverage) are read likewise. Of several of one member that are in force on the claim's first day, the one counts that the
claim is made under (Claim.insurance names it as Coverage/id, by the fullUrl of its entry in a Bundle or by an identifier), or else that
of its insurer; one of another insurer is refused.

What no document says is taken for granted, and said: that the member is covered on every day of service (annual limits are then those
of the calendar year) and no waiting period holds, that the provider is credentialed and of the network, that the patient consents to
the insurer's use for payment, that each claim is made on its last day of service, and that nothing is authorised before. The pool's
money is not looked at.

A claim that is refused keeps no other back, and no plan books it. Only where more than 1000 of one Bundle are refused, what follows in
it is not read. It then ends with the exit code of the first one that is refused.

JSON: plan, primary|null, asset {currency, decimals}, assumed [text], claims [{claim, file, patient, provider, uncovered (no coverage
given is about the patient), status: adjudicated|pended|not-passed-on, lines [{line (the item's sequence), system, code, category, date,
submitted, allowed, adjustment, priorPayer, deductible, copay, coinsurance, noncovered, payer, patient, quantity, denied, pended,
reasons}], total {…}, primary|null {status, lines, total}, assumed [{path, what}]}], total {…}, limits [{plan, whose, measure, category|null, network|null, unit, term,
since|null, limit, used, left}], refused [{claim, file, code, reason}], passedOver [{file, holds}], error (where one is refused).
Amounts are in minor units of the asset.";

/// What is decided, by which plans.
#[derive(Clone, Debug, clap::Args)]
pub struct SimulateOptions {
    /// The plan that decides: a plan file
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// A FHIR R4 InsurancePlan: name and terms are its own, as in salus plan open
    #[arg(long, value_name = "FILE")]
    insurance_plan: Option<PathBuf>,
    /// FHIR Claims, Bundles with claims, or folders with either
    #[arg(long = "claim", value_name = "FILE|FOLDER", num_args = 1.., required = true)]
    claims: Vec<PathBuf>,
    /// The members' coverages under the plan: FHIR Coverages, Bundles with them, or folders with either. Who has none is not covered
    #[arg(long, value_name = "FILE|FOLDER", num_args = 1..)]
    coverage: Vec<PathBuf>,
    /// A plan that decides before: what it pays counts as paid by another insurer
    #[arg(long, value_name = "FILE")]
    primary: Option<PathBuf>,
    /// The providers are not in the plan's network
    #[arg(long)]
    out_of_network: bool,
    /// The patients do not consent to the insurer's use of their data for payment
    #[arg(long)]
    no_consent: bool,
    /// The insurer has authorised whatever the plan wants authorised
    #[arg(long)]
    authorised: bool,
    /// When all claims are made [default: each on its last day of service]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    at: Option<Timestamp>,
    #[command(flatten)]
    reading: Reading,
}

/// Decides.
///
/// # Errors
/// [`Failure`] where the plan, a coverage or the directory is wrong. What is wrong with claims is a part of the report.
pub fn simulate(global: &GlobalOptions, options: &SimulateOptions) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let plan = plans::read(&options.plan, options.insurance_plan.as_deref())?;
    let primary = options.primary.as_deref().map(|file| plans::read(file, None)).transpose()?;
    if let Some(primary) = primary.as_ref().filter(|primary| primary.asset != plan.asset) {
        let message = format!("{} pays in another asset than {}", primary.name, plan.name);
        return Err(Failure::input("input.plan", message, "name plans of the same asset"));
    }
    if options.out_of_network && !plan.terms.networked {
        let message = format!("{} has no network", plan.name);
        return Err(Failure::input("input.network", message, "leave out --out-of-network"));
    }
    let (coverages, mut passed_over) = read_coverages(&options.coverage)?;
    let reading = filled_in(options.reading.options(plan.asset.clone())?);
    let circumstances = Circumstances {
        network: if options.out_of_network { Network::Out } else { Network::In },
        consented: !options.no_consent,
        authorised: options.authorised,
        at: options.at,
    };
    let given = (!coverages.is_empty()).then_some(coverages.as_slice());
    let mut insurers: Vec<Insurer<'_>> =
        primary.iter().map(|plan| Insurer::new(plan, &directory, circumstances, None)).collect();
    insurers.push(Insurer::new(&plan, &directory, circumstances, given));

    let Found { resources: claims, passed_over: others } =
        in_files(&options.claims, |bytes| claims_of(bytes, &reading));
    passed_over.extend(others);
    if claims.is_empty() {
        return Err(Failure::input("input.claim", "the files hold no Claim", "name others"));
    }
    let (mut decided, mut refused) = (Vec::new(), Vec::new());
    if options.reading.is_about_one_claim() && claims.len() > 1 {
        let message = format!("what another insurer paid is about one claim, and there are {}", claims.len());
        return Err(Failure::usage(message, "give one claim with --prior"));
    }
    for case in cases(claims, &mut refused) {
        match decide(&mut insurers, &case) {
            Ok(adjudications) => {
                let uncovered = insurers.iter().any(|insurer| !insurer.covers(&case));
                decided.push(Decided::new(case, adjudications, primary.is_some(), uncovered));
            }
            Err(error) => {
                let failure = refusal(&case, error, &decided);
                refused.push(RefusedClaim { name: case.name, file: case.file, failure });
            }
        }
    }
    let of_insurer = |insurer: &Insurer<'_>| {
        let name = insurer.plan().name.clone();
        insurer.limits().into_iter().map(move |one| (name.clone(), one)).collect::<Vec<_>>()
    };
    let limits = insurers.iter().flat_map(of_insurer).collect();
    let assumed = assumed(options, primary.is_some());
    Ok(Outcome { plan: &plan, primary: primary.as_ref(), assumed, decided, limits, refused, passed_over }.report())
}

/// The coverages, and files of folders that are about something else.
fn read_coverages(files: &[PathBuf]) -> Result<(Vec<Given>, Vec<PassedOver>), Failure> {
    let read = |Resource { name, file, compiled }: Resource<CompiledCoverage>| {
        let coverage = compiled?;
        match years(coverage.period, Timestamp::MIN) {
            Some(_) => Ok(Given { name, file, coverage }),
            None => Err(Failure::input(
                "document.period",
                format!("{file}: Coverage.period has no start, or ends before it begins"),
                "say from when on the member is covered: annual limits begin then",
            )),
        }
    };
    let Found { resources, passed_over } = in_files(files, coverages_of);
    if resources.is_empty() && !files.is_empty() {
        return Err(Failure::input("input.coverage", "the files hold no Coverage", "name others"));
    }
    Ok((resources.into_iter().map(read).collect::<Result<_, Failure>>()?, passed_over))
}

/// What a claim of a chain needs, and one that is only tried does not: a number and a coverage.
fn filled_in(options: ClaimOptions) -> ClaimOptions {
    ClaimOptions {
        id_system: options.id_system.or_else(|| Some("urn:salus:simulated-claim".to_owned())),
        default_coverage: options.default_coverage.or_else(|| Some("urn:salus:simulated-coverage".to_owned())),
        ..options
    }
}

/// The claims that were found, in the order in which they are decided.
fn cases(found: Vec<Resource<CompiledClaim>>, refused: &mut Vec<RefusedClaim>) -> Vec<Case> {
    let mut cases = Vec::new();
    for Resource { name, file, compiled } in found {
        match compiled {
            Ok(claim) => cases.push(Case { name, file, claim }),
            Err(error) => refused.push(RefusedClaim { name, file, failure: error.into() }),
        }
    }
    cases.sort_by_key(Case::first_day);
    cases
}

/// Has each insurer decide in its turn, until one of them has not decided yet. What one of them refuses, none books.
fn decide(insurers: &mut [Insurer<'_>], case: &Case) -> Result<Vec<Adjudication>, Undecided> {
    let decidable = insurers.iter().enumerate().map(|(place, insurer)| insurer.decidable(case, place > 0));
    let decidable: Vec<Decidable<'_>> = decidable.collect::<Result<_, _>>()?;
    let mut decided: Vec<Adjudication> = Vec::new();
    for (insurer, decidable) in insurers.iter_mut().zip(decidable) {
        let paid = decided.last().map(paid_so_far).unwrap_or_default();
        let adjudication = insurer.decide(decidable, &paid);
        let waits = adjudication.is_pended();
        decided.push(adjudication);
        if waits {
            break;
        }
    }
    Ok(decided)
}

/// Why a claim is not decided: in which file, and of two with one number, which the other is.
fn refusal(case: &Case, error: Undecided, decided: &[Decided]) -> Failure {
    let error = match error {
        Undecided::Refused(error) => error,
        Undecided::SeveralCoverages(which) => {
            let (whose, day) = (&case.claim.patient, show_day(case.first_day()));
            let message =
                format!("{}: several coverages of {whose} are in force on {day}: {}", case.file, which.join(", "));
            return Failure::input("input.coverage", message, "give the one that the claim is made under");
        }
        Undecided::OtherInsurer { file, payor, insurer } => {
            let message = format!("{file}: Coverage.payor is {payor}, but Claim.insurer of {} is {insurer}", case.file);
            return Failure::input("document.otherParty", message, "give the coverage under the plan");
        }
    };
    let failure = Failure::from(CallError::Refused(error));
    let number = |case: &Case| (case.claim.provider.clone(), case.claim.identifier.clone());
    let other = decided.iter().map(|one| &one.case).find(|other| number(other) == number(case));
    let other = other.filter(|_| error == ClaimsError::DuplicateClaim);
    let other = other.map(|it| format!(", as claim {} of {}", it.name, it.file)).unwrap_or_default();
    Failure { message: format!("{}: {}{other}", case.file, failure.message), ..failure }
}

/// What was taken for granted, in words.
fn assumed(options: &SimulateOptions, primary: bool) -> Vec<String> {
    let mut all = Vec::new();
    if options.coverage.is_empty() {
        all.push("the member is covered on every day of service, by the calendar year, and no waiting period holds");
    } else if primary {
        all.push("under the first plan, the member is covered on every day of service, by the calendar year");
    }
    if !options.out_of_network {
        all.push("the provider is of the network, where the plan has one");
    }
    all.push("the provider is credentialed");
    if !options.no_consent {
        all.push("the patient consents to the insurer's use for payment");
    }
    if !options.authorised {
        all.push("nothing is authorised before");
    }
    if options.at.is_none() {
        all.push("each claim is made on its last day of service");
    }
    all.into_iter().map(str::to_owned).collect()
}
