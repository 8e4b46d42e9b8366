//! `salus claim show`.

use super::lines::{lines_json, lines_table, reason_codes, split_json};
use super::submit::next;
use super::word;
use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::appeals::status_code;
use crate::operations::claims::told::{self, Step, What};
use crate::operations::claims::{self, plan_and_asset};
use crate::operations::orders::name;
use crate::output::{progress, through_blocks, Report};
use crate::values::{show_claim, show_time};
use salus_client::{client_account, AccountId32};
use salus_domain::ids::ClaimId;
use salus_domain::money::Amount;
use salus_fhir::decimal::Asset;
use salus_fhir::directory::Directory;
use salus_interface::claims::{Appeal, AppealStatus, Claim, ClaimStatus};
use serde_json::{json, Value};

/// The help behind the options.
pub const HELP: &str = "Example:
  salus claim show 6b0e000000000000000000000000000000000000000000000000000000000001
  salus claim show 6b0e000000000000000000000000000000000000000000000000000000000001 --lines

JSON: claim, plan, version, member, provider, status, decided, due, paid, prior|null, passedOn, appeal|null {setAside, deadline, status},
total {…}; with --lines: lines (null where it waits), history [{time, block, what, by, amount, withheld}].";

/// Shows.
///
/// # Errors
/// [`Failure`].
pub async fn show(global: &GlobalOptions, id: ClaimId, with_lines: bool) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let claim = claims::claim(&suite, id).await?;
    let (_, asset) = plan_and_asset(&suite, claim.plan).await?;
    let told = match with_lines {
        true => Some(through_blocks(told::one(&suite, id, progress())).await?),
        false => None,
    };
    let filing = told.as_ref().and_then(|told| told.filing.as_ref()).filter(|_| !claim.status.is_pended());
    let lines = filing.map(|filing| filing.lines.as_slice());
    let report = Report::default().lines(head(id, &claim, &directory, &asset));
    let report = report.lines(lines_table(lines.unwrap_or_default(), &claim.total, &asset));
    let report = report.lines(next(id, claim.status).filter(|_| claim.status.is_pended()));
    let report = fields(report, id, &claim);
    let Some(told) = &told else { return Ok(report) };
    let steps = told.steps.iter().map(|step| step_line(step, &directory, &asset));
    Ok(report
        .lines(steps)
        .field("lines", lines.map(lines_json))
        .field("history", told.steps.iter().map(step_json).collect::<Vec<_>>()))
}

fn head(id: ClaimId, claim: &Claim, directory: &Directory, asset: &Asset) -> Vec<String> {
    let mut lines = vec![
        format!("claim {} under plan {}: {}", show_claim(id), claim.plan.0, word(claim.status)),
        format!("  member {}", name(directory, claim.member.as_ref())),
        format!("  provider {}", name(directory, claim.provider.as_ref())),
    ];
    if claim.paid > Amount::ZERO {
        lines.push(format!("  paid {} {}", asset.format(claim.paid), asset.currency));
    }
    if claim.status == ClaimStatus::Adjudicated {
        lines.push(match show_time(claim.due) {
            _ if claim.total.payer <= claim.paid => "  nothing is to be paid".to_owned(),
            Some(due) => format!("  anybody may settle it from {due} on"),
            None => "  only the insurer may settle it".to_owned(),
        });
    }
    if let Some(prior) = claim.prior {
        lines.push(format!("  another insurer decided before: claim {}", show_claim(prior)));
    }
    if claim.passed_on {
        lines.push("  it was passed on to the next insurer".to_owned());
    }
    if let Some(appeal) = claim.appeal {
        let by = show_time(appeal.deadline).filter(|_| appeal.status.is_open());
        let by = by.map(|by| format!(", to be decided by {by}")).unwrap_or_default();
        lines.push(format!("  appeal: {}{by}", status_code(appeal.status)));
    }
    lines
}

fn fields(report: Report, id: ClaimId, claim: &Claim) -> Report {
    report
        .field("claim", show_claim(id))
        .field("plan", claim.plan.0)
        .field("version", claim.version)
        .field("member", client_account(claim.member).to_string())
        .field("provider", client_account(claim.provider).to_string())
        .field("status", word(claim.status))
        .field("decided", show_time(claim.decided).filter(|_| !claim.status.is_pended()))
        .field("due", show_time(claim.due).filter(|_| !claim.status.is_pended()))
        .field("paid", claim.paid.0.to_string())
        .field("prior", claim.prior.map(show_claim))
        .field("passedOn", claim.passed_on)
        .field("appeal", claim.appeal.as_ref().map(appeal_json))
        .field("total", split_json(&claim.total))
}

fn appeal_json(appeal: &Appeal) -> Value {
    json!({
        "setAside": reason_codes(appeal.set_aside),
        "deadline": show_time(appeal.deadline),
        "status": status_code(appeal.status),
    })
}

fn step_line(step: &Step, directory: &Directory, asset: &Asset) -> String {
    let who = |account: &AccountId32| name(directory, &account.0);
    let money = |amount: Amount| format!("{} {}", asset.format(amount), asset.currency);
    let what = match &step.what {
        What::Pended(status) => format!("submitted, and waits ({})", word(*status)),
        What::Adjudicated(total) => format!("decided: the plan pays {}", money(total.payer)),
        What::Settled(amount, Amount::ZERO) => format!("paid: {}", money(*amount)),
        What::Settled(amount, withheld) => {
            format!(
                "paid: {}, of which {} was set off against what the provider owed",
                money(*amount),
                money(*withheld)
            )
        }
        What::Appealed(by, _) => format!("{} appealed", who(by)),
        What::Answered(_) => "the insurer answered the appeal".to_owned(),
        What::AppealDecided(by, AppealStatus::Granted) => format!("{} granted the appeal, which stays open", who(by)),
        What::AppealDecided(by, status) => format!("the appeal was {} by {}", status_code(*status), who(by)),
        What::Reversed(by, owed) => format!("taken back by {}; the provider owes {}", who(by), money(*owed)),
    };
    format!("  {} (block {}): {what}", show_time(step.time).unwrap_or_default(), step.block)
}

fn step_json(step: &Step) -> Value {
    let (what, by, amount) = match &step.what {
        What::Pended(status) => (word(*status), None, None),
        What::Adjudicated(total) => ("adjudicated", None, Some(total.payer)),
        What::Settled(amount, _) => ("settled", None, Some(*amount)),
        What::Appealed(by, _) => ("appealed", Some(by), None),
        What::Answered(_) => ("answered", None, None),
        What::AppealDecided(by, AppealStatus::Granted) => ("granted", Some(by), None),
        What::AppealDecided(by, status) => (status_code(*status), Some(by), None),
        What::Reversed(by, owed) => ("reversed", Some(by), Some(*owed)),
    };
    let withheld = match step.what {
        What::Settled(_, withheld) => Some(withheld),
        _ => None,
    };
    json!({
        "time": show_time(step.time),
        "block": step.block,
        "what": what,
        "by": by.map(ToString::to_string),
        "amount": amount.map(|amount| amount.0.to_string()),
        "withheld": withheld.map(|withheld| withheld.0.to_string()),
    })
}
