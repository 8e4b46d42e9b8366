//! What is told of appeals.

use super::acts::{codes, AS_GRANTED};
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::appeals::{self, status_code};
use crate::operations::claims;
use crate::operations::orders::name;
use crate::operations::plans;
use crate::output::{progress, table, through_blocks, Report};
use crate::values::{show_account, show_claim, show_time};
use salus_client::{client_account, AccountId32};
use salus_domain::ids::{ClaimId, Hash, PlanId};
use salus_interface::claims::AppealStatus;
use serde_json::{json, Value};
use std::collections::BTreeMap;

/// Shows the appeal against a claim.
///
/// # Errors
/// [`Failure`].
pub(super) async fn show(global: &GlobalOptions, id: ClaimId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let claim = claims::claim(&suite, id).await?;
    let plan = plans::plan(&suite, claim.plan).await?;
    let deadlines = plans::terms(&suite, claim.plan, claim.version).await?.deadlines;
    let events = through_blocks(plans::events(&suite, progress())).await?;
    let said = appeals::statements(&events, id);
    let shown = show_claim(id);
    let until = (!claim.status.is_pended()).then(|| show_time(claim.decided.plus(deadlines.appeal))).flatten();
    let arbiter = name(&directory, plan.arbiter.as_ref());
    let lines = match claim.appeal {
        None => vec![format!("nobody appealed against claim {shown}")],
        Some(appeal) => {
            let deadline = show_time(appeal.deadline).unwrap_or_default();
            let asked = match appeal.set_aside.is_empty() {
                true => "to be decided anew by what holds now".to_owned(),
                false => format!("to set aside {}", codes(appeal.set_aside).join(", ")),
            };
            let stands = match appeal.status {
                AppealStatus::Open => {
                    format!("open: {arbiter} decides until {deadline}, then the member or the provider has it granted")
                }
                AppealStatus::Granted => {
                    format!(
                        "granted by the insurer: adjudicated anew; until {deadline} {arbiter} can give more, then the member or the \
                         provider ends it"
                    )
                }
                AppealStatus::Upheld => "upheld: the decision stands".to_owned(),
                AppealStatus::Overturned if appeals::stays_as_granted(&events, id) => AS_GRANTED.to_owned(),
                AppealStatus::Overturned => "overturned: the claim was adjudicated anew".to_owned(),
            };
            vec![format!("the appeal against claim {shown}, {asked}"), format!("  {stands}")]
        }
    };
    let appeal = claim.appeal.map(|appeal| {
        json!({
            "setAside": codes(appeal.set_aside),
            "deadline": show_time(appeal.deadline),
            "status": status_code(appeal.status),
        })
    });
    let by = |by: Option<AccountId32>| by.map_or_else(|| "the insurer".to_owned(), |by| name(&directory, &by.0));
    let words = said.iter().map(|it| {
        let time = show_time(it.time).unwrap_or_default();
        format!("  {time} {} by {}: statement {}", it.said.code(), by(it.by), hex::encode(it.commitment.0))
    });
    let list: Vec<Value> = (said.iter())
        .map(|it| {
            json!({
                "time": show_time(it.time),
                "block": it.block,
                "said": it.said.code(),
                "by": it.by.map(|by| by.to_string()),
                "statement": hex::encode(it.commitment.0),
            })
        })
        .collect();
    Ok(Report::default()
        .lines(lines)
        .lines(words)
        .field("claim", shown)
        .field("plan", claim.plan.0)
        .field("arbiter", show_account(plan.arbiter.as_ref()))
        .field("appeal", appeal)
        .field("appealableUntil", until)
        .field("said", list))
}

/// Lists the appeals that wait.
///
/// # Errors
/// [`Failure`].
pub(super) async fn list(global: &GlobalOptions, arbiter: Option<&str>) -> Result<Report, Failure> {
    let wanted = arbiter.map(|arbiter| global.account(arbiter)).transpose()?;
    let directory = global.directory()?;
    let suite = global.suite().await?;
    let pending = appeals::pending(&through_blocks(plans::events(&suite, progress())).await?);
    let mut arbiters: BTreeMap<PlanId, AccountId32> = BTreeMap::new();
    let mut rows = vec![["claim", "plan", "arbiter", "by", "sets aside", "until"].map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for it in &pending {
        let plan = claims::claim(&suite, it.claim).await?.plan;
        let arbiter = match arbiters.get(&plan) {
            Some(arbiter) => *arbiter,
            None => {
                let arbiter = client_account(plans::plan(&suite, plan).await?.arbiter);
                *arbiters.entry(plan).or_insert(arbiter)
            }
        };
        if wanted.is_some_and(|wanted| wanted != arbiter) {
            continue;
        }
        let deadline = show_time(it.appeal.deadline).unwrap_or_default();
        let set_aside = codes(it.appeal.set_aside);
        rows.push(vec![
            show_claim(it.claim),
            plan.0.to_string(),
            name(&directory, &arbiter.0),
            name(&directory, &it.by.0),
            set_aside.join(", "),
            deadline.clone(),
        ]);
        list.push(json!({
            "claim": show_claim(it.claim),
            "plan": plan.0,
            "arbiter": arbiter.to_string(),
            "by": it.by.to_string(),
            "setAside": set_aside,
            "deadline": deadline,
        }));
    }
    let is_empty = list.is_empty();
    let report = Report::default().field("appeals", list);
    Ok(if is_empty { report.line("no appeal waits") } else { report.lines(table(&rows, &[0, 2, 3, 4, 5])) })
}

/// Checks that a statement is one that was committed to.
///
/// # Errors
/// [`Failure`].
pub(super) async fn check(
    global: &GlobalOptions,
    claim: ClaimId,
    words: &str,
    Hash(salt): Hash,
) -> Result<Report, Failure> {
    let suite = global.suite().await?;
    let said = appeals::statements(&through_blocks(plans::events(&suite, progress())).await?, claim);
    let committed = appeals::committed(salt, words);
    let found = said.iter().find(|it| it.commitment == committed);
    let shown = show_claim(claim);
    let report = Report::default()
        .field("claim", shown.clone())
        .field("matches", found.is_some())
        .field("said", found.map(|it| it.said.code()))
        .field("by", found.and_then(|it| it.by).map(|by| by.to_string()))
        .field("statement", hex::encode(committed.0));
    Ok(match found {
        Some(it) => report.line(format!("that is what was said in the {} about claim {shown}", it.said.code())),
        None => report
            .line(format!("that is NOT what was said about claim {shown}"))
            .line("  next: ask its author for the exact words, and the salt")
            .exit(Exit::Refused),
    })
}
