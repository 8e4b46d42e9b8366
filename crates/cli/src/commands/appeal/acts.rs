//! What changes appeals: filing, answering, deciding.

use super::RulingOptions;
use crate::commands::claim::split_json;
use crate::commands::statement::Statement;
use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::appeals::{self, status_code};
use crate::operations::claims::{self, told};
use crate::operations::plans::{self, money::token_of};
use crate::output::{progress, through_blocks, Report};
use crate::values::{show_claim, show_time};
use salus_client::message::Executed;
use salus_client::{CallError, Keypair, Token};
use salus_domain::adjudicate::Split;
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash};
use salus_interface::claims::{AppealDecided, AppealStatus, ClaimAdjudicated, ClaimAppealed, ClaimsError, Ruling};

/// A statement with its commitment.
struct Said {
    salt: [u8; 32],
    commitment: Hash,
}

impl Said {
    fn new(author: &Keypair, claim: ClaimId, statement: &Statement) -> Result<Self, Failure> {
        let words = statement.words()?;
        let salt = appeals::salt(author, claim, &words);
        Ok(Self { salt, commitment: appeals::committed(salt, &words) })
    }

    fn tell(&self, report: Report, whom: &str) -> Report {
        let salt = hex::encode(self.salt);
        report
            .line(format!("  for {whom}: the statement, and its salt {salt}"))
            .field("statement", hex::encode(self.commitment.0))
            .field("salt", salt)
    }
}

/// The codes of reasons.
pub(super) fn codes(reasons: ReasonSet) -> Vec<&'static str> {
    reasons.iter().map(Reason::code).collect()
}

/// Appeals.
///
/// # Errors
/// [`Failure`].
pub(super) async fn file(
    global: &GlobalOptions,
    claim: ClaimId,
    set_aside: ReasonSet,
    statement: &Statement,
) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let said = Said::new(&signer, claim, statement)?;
    let suite = global.suite().await?;
    let message = suite.deployment.claims().appeal(claim, set_aside, said.commitment);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    let carried =
        carried.told(|()| None, |done| done.event::<ClaimAppealed>().map(|told| show_time(told.appeal.deadline)))?;
    let shown = show_claim(claim);
    let asked = match set_aside.is_empty() {
        true => "to be decided anew by what holds now".to_owned(),
        false => format!("to be decided without {}", codes(set_aside).join(", ")),
    };
    let deadline = carried.answer().clone();
    let (would, did) = (
        format!("appeal against claim {shown}: it is {asked}"),
        format!(
            "the appeal against claim {shown} is filed, {asked}; the arbiter decides until {}",
            deadline.as_deref().unwrap_or_default()
        ),
    );
    let report = carried.report(suite.chain.token(), &would, &did).field("claim", shown);
    let report = report.field("setAside", codes(set_aside));
    let report = match deadline {
        Some(deadline) => report.field("deadline", deadline),
        None => report,
    };
    Ok(said.tell(report, "the arbiter"))
}

/// Answers an appeal.
///
/// # Errors
/// [`Failure`].
pub(super) async fn answer(global: &GlobalOptions, claim: ClaimId, statement: &Statement) -> Result<Report, Failure> {
    let insurer = global.signer()?;
    let said = Said::new(&insurer, claim, statement)?;
    let suite = global.suite().await?;
    let message = suite.deployment.claims().answer_appeal(claim, said.commitment);
    let carried = global.carry_out(&suite.chain, &insurer, &message).await?;
    let shown = show_claim(claim);
    let (would, did) =
        (format!("answer the appeal against claim {shown}"), format!("the appeal against claim {shown} is answered"));
    let report = carried.report(suite.chain.token(), &would, &did).field("claim", shown);
    Ok(said.tell(report, "the arbiter"))
}

/// What is said of an appeal that ended without changing what its insurer had granted.
pub(super) const AS_GRANTED: &str = "ended, and stays as its insurer granted it";

/// What a ruling makes of an appeal: `anew` is whether the claim is adjudicated anew by it; `None`: that is not known.
const fn stands(status: AppealStatus, overturned: bool, anew: Option<bool>) -> &'static str {
    match (status, overturned, anew) {
        (AppealStatus::Overturned, false, _) | (AppealStatus::Overturned, true, Some(false)) => AS_GRANTED,
        (AppealStatus::Overturned, true, Some(true)) => "overturned: the claim is adjudicated anew",
        (AppealStatus::Overturned, true, None) => {
            "ended: the claim is adjudicated anew where that gives more, and stays as its insurer granted it where not"
        }
        (AppealStatus::Open | AppealStatus::Granted, _, _) => {
            "granted by the insurer: the claim is adjudicated anew; until the deadline the arbiter can give more, then the member or the \
             provider ends it"
        }
        (AppealStatus::Upheld, true, _) => "upheld: adjudicated anew, the plan would neither pay nor cover more",
        (AppealStatus::Upheld, false, _) => "upheld: the decision stands",
    }
}

/// What of the claim goes where since a ruling; `None`: it changed nothing.
fn changed<T>(done: &Executed<T>) -> Option<Split> {
    let anew = done.event::<ClaimAdjudicated>().ok()?;
    Some(claims::sum(anew.filing.lines.iter().map(|line| &line.split)))
}

/// What the plan pays by a ruling, and paid before it.
fn pays(now: &Split, before: &Split, token: &Token) -> String {
    let (pays, paid) = (token.show(now.payer.0), token.show(before.payer.0));
    match now.payer == before.payer {
        true => format!("  the plan pays {pays} as before; what was denied is covered"),
        false => format!("  the plan pays {pays} instead of {paid}; the rest is due like a new claim"),
    }
}

/// Decides an appeal.
///
/// # Errors
/// [`Failure`].
pub(super) async fn decide(
    global: &GlobalOptions,
    id: ClaimId,
    options: &RulingOptions,
    statement: &Statement,
) -> Result<Report, Failure> {
    let signer = global.signer()?;
    let said = Said::new(&signer, id, statement)?;
    let suite = global.suite().await?;
    let claim = claims::claim(&suite, id).await?;
    let appeal = claim.appeal.filter(|appeal| appeal.status.is_open());
    let appeal = appeal.ok_or(CallError::Refused(ClaimsError::NotAppealed))?;
    let (set_aside, ruling) = match options.upheld {
        true => (ReasonSet::EMPTY, Ruling::Upheld),
        false => {
            let named = options.set_aside.as_ref().map(|codes| codes.iter().copied().collect());
            let set_aside: ReasonSet = named.unwrap_or(appeal.set_aside);
            let filing = through_blocks(told::filing(&suite, id, progress())).await?;
            (set_aside, Ruling::Overturned { set_aside, filing })
        }
    };
    // Nothing is read behind the ruling: it is not made again for a report that was lost.
    let token = token_of(&suite.chain, plans::plan(&suite, claim.plan).await?.asset).await?;
    let message = suite.deployment.claims().decide_appeal(id, &ruling, said.commitment);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    let carried = carried.told(
        |status| (*status, None),
        |done| done.event::<AppealDecided>().map(|told| (told.status, changed(done))),
    )?;
    let (shown, (status, total)) = (show_claim(id), *carried.answer());
    let anew = match &carried {
        Carried::Done(_) => Some(total.is_some()),
        // What was granted can end as overturned without more.
        Carried::Planned(_) => (appeal.status != AppealStatus::Granted).then_some(true),
    };
    let stands = stands(status, options.overturned, anew);
    let (would, did) = (
        format!("decide the appeal against claim {shown}: {stands}"),
        format!("the appeal against claim {shown} is {stands}"),
    );
    let report = carried.report(suite.chain.token(), &would, &did);
    let report = match total.filter(|total| *total != claim.total) {
        Some(total) => report.line(pays(&total, &claim.total, &token)).field("total", split_json(&total)),
        None => report.field("total", serde_json::Value::Null),
    };
    let report = report.field("claim", shown).field("status", status_code(status));
    Ok(said.tell(report.field("setAside", codes(set_aside)), "whoever asks"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::money::Amount;

    #[test]
    fn what_was_granted_and_is_not_changed_is_not_called_adjudicated_anew() {
        let overturned = AppealStatus::Overturned;
        assert_eq!(stands(overturned, true, Some(false)), AS_GRANTED);
        assert_eq!(stands(overturned, false, Some(false)), AS_GRANTED);
        assert_eq!(stands(overturned, true, Some(true)), "overturned: the claim is adjudicated anew");
        let planned = stands(overturned, true, None);
        assert!(planned.contains("where that gives more") && planned.contains("stays as its insurer granted it"));
        assert!(stands(AppealStatus::Upheld, true, Some(false)).contains("neither pay nor cover more"));
    }

    #[test]
    fn a_ruling_that_covers_more_and_pays_as_before_says_so() {
        let token = Token { symbol: "UNIT".into(), decimals: 0 };
        let split = |payer| Split { payer: Amount(payer), ..Split::default() };
        assert!(pays(&split(110), &split(75), &token).contains("110 UNIT instead of 75 UNIT"));
        assert!(pays(&split(75), &split(75), &token).contains("75 UNIT as before"));
    }
}
