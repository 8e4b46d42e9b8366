//! `salus plan open`, `revise`, `fees`, `freeze` and `unfreeze`.

use crate::batches::watch;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::plans::{self, money::token_of, schedule};
use crate::operations::{account_of, Suite};
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, progress, through_blocks, Report};
use crate::values::show_period;
use salus_client::{client_account, ink_account, ClientError, Token};
use salus_domain::ids::{Account, PlanId};
use salus_domain::plan::MAX_PAGE;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{Asset, PlanRevised};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// The help behind the options of `open`.
pub const HELP: &str = "Example:
  salus plan open samples/plan.json --arbiter 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty \
--consortium-key-file consortium.key --suri //Eve
  salus plan open samples/plan-bronze.json --insurance-plan samples/insurance-plan.json --consortium-key-file consortium.key --suri //Eve

The file's format is described in crates/fhir/src/plan.rs. Beside an InsurancePlan it gives the asset, the deadlines and the fees; and of
what it says in benefit and exceptions, the shares of categories that the InsurancePlan has no costs of, and of all categories whether
the deductible comes first, what needs authorisation, and the waiting period. Its name, covered and networked do not count then; limits, and
exceptions that would not count, are refused. A PSP22 token that does not say how many decimals it has counts as
having none. Asset, arbiter and number of fee pages stay as they are; terms and fees can be replaced. Where setting the fees breaks
off, the plan is open all the same, and salus plan fees completes it. In a dry run only opening is priced: what sets the fees needs
the plan's number.

JSON: dryRun, plan, name, offered (whether its InsurancePlan's period has begun and is not over), insurer, arbiter,
asset {token|null, symbol, decimals}, fees (how many), feePages, evidence|forecast,
feesEvidence [evidence], remaining (pages that are not set), brokenOff {code, rule, nextStep, message} where pages remain, also when
interrupted (Ctrl-C).";

/// The help behind the options of `revise`.
pub const REVISE_HELP: &str = "Example:
  salus plan revise 0 samples/plan.json --suri //Eve

The insurer's. Who is covered keeps the terms; what was used of a limit counts on under the same limit of the new ones. The file's fees
are not looked at: salus plan fees replaces them. Terms that the plan has already are left as they are.

JSON: dryRun, changed, plan, version, offered (as salus plan open tells it; where something changed), evidence|forecast (null where nothing changed: evidence).";

/// The help behind the options of `fees`.
pub const FEES_HELP: &str = "Example:
  salus plan fees 0 samples/plan.json --consortium-key-file consortium.key --suri //Eve

The insurer's. Fees hold for what is adjudicated from then on. What the plan has is read from the events of the chain, and only pages
that differ are set: doing it again changes nothing. Of the file only the fees are looked at.

JSON: dryRun, plan, fees (how many), changed (pages), evidence|forecast (a list: one for each page), remaining (pages that are not set), brokenOff {code, rule,
nextStep, message} where pages remain, also when interrupted (Ctrl-C).";

/// What describes a plan.
#[derive(Clone, Debug, clap::Args)]
pub struct Described {
    /// A plan file
    file: PathBuf,
    /// A FHIR R4 InsurancePlan: name, categories, limits and costs are its own, and asset, deadlines, fees and what it leaves open the
    /// plan file's
    #[arg(long, value_name = "FILE")]
    insurance_plan: Option<PathBuf>,
}

impl Described {
    fn read(&self) -> Result<PlanFile, Failure> {
        Ok(plans::read(&self.file, self.insurance_plan.as_deref())?)
    }
}

/// What is opened.
#[derive(Clone, Debug, clap::Args)]
pub struct OpenOptions {
    /// The plan.
    #[command(flatten)]
    described: Described,
    /// Who decides appeals: an account, or a reference of the directory [default: the insurer]
    #[arg(long, value_name = "ACCOUNT")]
    arbiter: Option<String>,
    /// The PSP22 token that the plan pays in, if the file names none
    #[arg(long, value_name = "ADDRESS")]
    token: Option<String>,
}

/// Opens a plan.
///
/// # Errors
/// [`Failure`].
pub(super) async fn open(global: &GlobalOptions, options: &OpenOptions) -> Result<Report, Failure> {
    let (insurer, key) = (global.signer()?, global.consortium_key()?);
    let own = account_of(&insurer);
    let arbiter = global.account_or_signer(options.arbiter.as_deref())?;
    let file = in_token(global, options.described.read()?, options)?;
    let path = &options.described.file;
    let suite = global.suite().await?;
    let asset = plans::asset(&file);
    let paid_in = match token_of(&suite.chain, asset).await {
        Err(ClientError::NoContract(address)) => {
            let message = format!("{address} is no token: there is no contract");
            return Err(Failure::input("input.token", message, "check the token's address (--token)"));
        }
        token => token?,
    };
    ensure_decimals(&file, &paid_in, path)?;
    let pages = schedule::pages(&file, &key);
    ensure_pages(&pages, path)?;
    let (count, token) = (file.fees.len(), suite.chain.token());
    let filled = pages.iter().filter(|(_, fees)| !fees.is_empty()).count();
    // Read before it is opened: a plan that is open is told of whatever the node does then.
    let now = suite.chain.now().await?;
    let report = if global.dry_run {
        let claims = suite.deployment.claims();
        let message = claims.open_plan(asset, ink_account(&arbiter), schedule::count(&pages), &file.terms);
        let forecast = message.forecast(&suite.chain, &insurer).await?;
        let number = forecast.value.0;
        Report::default()
            .planned(&format!("open plan {number} ({}), then set {count} fees on {filled} pages", file.name))
            .forecast(forecast.cost, forecast.fee, token)
            .field("plan", number)
    } else {
        let go_on = watch(filled, schedule::AT_ONCE);
        let opened = plans::open(&suite, &insurer, &arbiter, &file, &key, go_on).await?;
        let report = Report::default()
            .done(&format!("plan {} ({}) is open, with {count} fees", opened.plan.0, file.name))
            .field("plan", opened.plan.0)
            .evidence(&opened.evidence, token);
        let lines = opened.schedule.evidence.iter().map(|it| evidence_line(it, token)).collect::<Vec<_>>();
        let list = opened.schedule.evidence.iter().map(evidence_json).collect::<Vec<_>>();
        with_remaining(report.lines(lines).field("feesEvidence", list), opened.plan, opened.schedule, path)
    };
    let report = match arbiter == own {
        true => report.line("  the insurer decides appeals itself: a neutral arbiter is named with --arbiter"),
        false => report.line(format!("  appeals are decided by {arbiter}")),
    };
    Ok(offered(report, file.period, now)
        .field("name", file.name)
        .field("insurer", own.to_string())
        .field("arbiter", arbiter.to_string())
        .field("asset", asset_json(asset, &paid_in))
        .field("fees", count)
        .field("feePages", pages.len()))
}

/// The plan file with the token of the command line.
fn in_token(global: &GlobalOptions, file: PlanFile, options: &OpenOptions) -> Result<PlanFile, Failure> {
    let Some(token) = options.token.as_deref().map(|token| global.account(token)).transpose()? else {
        return Ok(file);
    };
    let token = Some(Account(token.0));
    if file.token.is_some() && file.token != token {
        let message = format!("{} names another token than --token", options.described.file.display());
        return Err(Failure::input("input.token", message, "leave out --token, or mend asset.token"));
    }
    Ok(PlanFile { token, ..file })
}

/// What a plan pays in as JSON: `{token|null, symbol, decimals}`.
pub(super) fn asset_json(asset: Asset, paid_in: &Token) -> Value {
    let token = match asset {
        Asset::Native => None,
        Asset::Psp22(token) => Some(client_account(token).to_string()),
    };
    json!({ "token": token, "symbol": paid_in.symbol, "decimals": paid_in.decimals })
}

/// The file's amounts were turned into minor units by its own decimals: they must be the token's.
fn ensure_decimals(plan: &PlanFile, token: &Token, file: &Path) -> Result<(), Failure> {
    if plan.asset.decimals == token.decimals {
        return Ok(());
    }
    Err(Failure::input(
        "document.decimals",
        format!(
            "{}: asset.decimals is {}, the token ({}) has {}",
            file.display(),
            plan.asset.decimals,
            token.symbol,
            token.decimals
        ),
        "set asset.decimals to that of the token",
    ))
}

fn ensure_pages(pages: &[schedule::Page], file: &Path) -> Result<(), Failure> {
    let Some((page, fees)) = schedule::too_full(pages) else { return Ok(()) };
    Err(Failure::input(
        "document.fees",
        format!("{}: page {page} of the fee schedule has {fees} fees, and can have {MAX_PAGE}", file.display()),
        "open another plan for a schedule of this size: it has more pages",
    ))
}

/// The report with what is not set of the fee schedule; a plan whose opening or schedule broke off is completed with
/// `salus plan fees`.
fn with_remaining(report: Report, plan: PlanId, set: schedule::Set, file: &Path) -> Report {
    let report = report.field("remaining", set.missing);
    let Some(failure) = set.stopped.map(Failure::from) else { return report };
    let (missing, file) = (set.missing, file.display());
    report
        .line(format!("{missing} pages of fees are not set: {}", failure.message))
        .line(format!("  next: {}; then complete it with `salus plan fees {} {file}`", failure.next_step, plan.0))
        .field("brokenOff", failure.json())
        .exit(failure.exit)
}

/// Gives a plan new terms.
///
/// # Errors
/// [`Failure`].
pub(super) async fn revise(global: &GlobalOptions, plan: PlanId, described: &Described) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let file = described.read()?;
    let suite = global.suite().await?;
    let newest = paid_in(&suite, plan, &file, &described.file).await?.version;
    if plans::terms(&suite, plan, newest).await? == file.terms {
        let report = Report::default().field("dryRun", global.dry_run).evidence_or_unchanged(None, suite.chain.token());
        let line = format!("nothing changed: plan {} has these terms already, as version {newest}", plan.0);
        return Ok(report.line(line).field("plan", plan.0).field("version", newest));
    }
    let now = suite.chain.now().await?;
    let message = suite.deployment.claims().revise_plan(plan, &file.terms);
    let carried = global.carry_out(&suite.chain, &insurer, &message).await?;
    let carried = carried.told(|version| *version, |done| done.event::<PlanRevised>().map(|told| told.version))?;
    let version = *carried.answer();
    let (would, did) = (
        format!("make these terms version {version} of plan {}", plan.0),
        format!("plan {} has new terms: version {version}, for coverages that are made from now on", plan.0),
    );
    let report = carried.report(suite.chain.token(), &would, &did).field("changed", true);
    Ok(offered(report, file.period, now).field("plan", plan.0).field("version", version))
}

/// Says whether the plan is offered now, by its InsurancePlan (`period`).
fn offered(report: Report, period: Period, now: Timestamp) -> Report {
    let offered = period.contains(now);
    let report = report.field("offered", offered);
    if offered {
        return report;
    }
    report.line(format!("  by its InsurancePlan it is offered {}, and not now", show_period(period)))
}

/// Replaces what differs in a fee schedule.
///
/// # Errors
/// [`Failure`].
pub(super) async fn fees(global: &GlobalOptions, plan: PlanId, path: &Path) -> Result<Report, Failure> {
    let (insurer, key) = (global.signer()?, global.consortium_key()?);
    let file = plans::read(path, None)?;
    let suite = global.suite().await?;
    let known = paid_in(&suite, plan, &file, path).await?;
    let pages = schedule::pages_of(&file, known.fee_pages, &key);
    ensure_pages(&pages, path)?;
    let events = through_blocks(plans::events(&suite, progress())).await?;
    let differing = schedule::differing(pages, &schedule::told(&events, plan));
    let (changed, token) = (differing.len(), suite.chain.token());
    let report = if global.dry_run {
        let (mut lines, mut forecasts) = (Vec::new(), Vec::new());
        for (page, fees) in &differing {
            let message = suite.deployment.claims().set_fees(plan, *page, fees);
            let forecast = message.forecast(&suite.chain, &insurer).await?;
            lines.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
            forecasts.push(forecast_json(forecast.cost, forecast.fee));
        }
        Report::default()
            .planned(&format!("set {changed} pages of fees of plan {} that differ", plan.0))
            .lines(lines)
            .field("forecast", forecasts)
    } else {
        let go_on = watch(changed, schedule::AT_ONCE);
        let mut set = schedule::set(&suite, &insurer, plan, differing, go_on).await;
        // Where nothing was set, that is a failure like any other.
        if let Some(error) = set.stopped.take_if(|_| set.evidence.is_empty()) {
            return Err(error.into());
        }
        let done = changed.saturating_sub(set.missing);
        let report = Report::default()
            .done(&format!("{done} pages of fees of plan {} were set anew", plan.0))
            .lines(set.evidence.iter().map(|it| evidence_line(it, token)).collect::<Vec<_>>())
            .field("evidence", set.evidence.iter().map(evidence_json).collect::<Vec<_>>());
        with_remaining(report, plan, set, path)
    };
    Ok(report.field("plan", plan.0).field("fees", file.fees.len()).field("changed", changed))
}

/// The plan, whose asset must be the file's.
async fn paid_in(
    suite: &Suite,
    plan: PlanId,
    file: &PlanFile,
    path: &Path,
) -> Result<salus_interface::claims::Plan, Failure> {
    let known = plans::plan(suite, plan).await?;
    let token = token_of(&suite.chain, known.asset).await?;
    if file.token.is_some() && plans::asset(file) != known.asset {
        let message = format!("{}: plan {} does not pay in asset.token", path.display(), plan.0);
        return Err(Failure::input("input.token", message, "see in what it pays (`salus plan show`)"));
    }
    ensure_decimals(file, &token, path)?;
    Ok(known)
}

/// Freezes a plan, or lets it go on.
///
/// # Errors
/// [`Failure`].
pub(super) async fn freeze(global: &GlobalOptions, plan: PlanId, frozen: bool) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let suite = global.suite().await?;
    let (number, token) = (plan.0, suite.chain.token());
    if plans::plan(&suite, plan).await?.frozen == frozen {
        let is = if frozen { "is frozen" } else { "takes claims" };
        let report = Report::default().field("dryRun", global.dry_run).evidence_or_unchanged(None, token);
        let report = report.line(format!("nothing changed: plan {number} {is} already"));
        return Ok(report.field("plan", number).field("frozen", frozen));
    }
    let message = suite.deployment.claims().set_frozen(plan, frozen);
    let carried = global.carry_out(&suite.chain, &insurer, &message).await?;
    let (would, did) = match frozen {
        true => (format!("freeze plan {number}"), format!("plan {number} is frozen: it takes no claims")),
        false => (format!("let plan {number} go on"), format!("plan {number} takes claims again")),
    };
    let report = carried.report(token, &would, &did).field("changed", true);
    Ok(report.field("plan", number).field("frozen", frozen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use crate::operations::OperationError;

    #[test]
    fn a_plan_file_in_other_units_than_the_token_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/plan.json");
        let plan = plans::read(&path, None)?;
        let token = |decimals| Token { symbol: "UNIT".into(), decimals };
        assert!(ensure_decimals(&plan, &token(12), &path).is_ok());
        assert!(ensure_decimals(&plan, &token(10), &path).is_err_and(|failure| failure.code == "document.decimals"));
        Ok(())
    }

    #[test]
    fn a_plan_that_is_not_offered_now_says_when_it_is() {
        let said = |start, end| {
            let period = Period { start: Timestamp(start), end: Timestamp(end) };
            format!("{:?}", offered(Report::default(), period, Timestamp(86_400_000)))
        };
        let over = said(0, 1_000);
        assert!(over.contains("offered always until 1970-01-01T00:00:01Z, and not now"), "{over}");
        let to_come = said(172_800_000, u64::MAX);
        assert!(to_come.contains("offered from 1970-01-03T00:00:00Z without an end, and not now"), "{to_come}");
        assert!(!said(0, u64::MAX).contains("not now"));
    }

    #[test]
    fn a_schedule_that_broke_off_says_how_it_is_completed() {
        let set = schedule::Set {
            evidence: Vec::new(),
            missing: 3,
            stopped: Some(OperationError::Client(salus_client::ClientError::Node("gone".into()))),
        };
        let report = with_remaining(Report::default(), PlanId(7), set, Path::new("plan.json"));
        assert_eq!(report.exit_code(), Exit::Chain);
        assert!(format!("{report:?}").contains("salus plan fees 7 plan.json"), "{report:?}");
    }
}
