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
use salus_client::{CallError, Keypair};
use salus_domain::codes::{Reason, ReasonSet};
use salus_domain::ids::{ClaimId, Hash};
use salus_interface::claims::{AppealDecided, AppealStatus, ClaimAppealed, ClaimsError, Ruling};

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
    let message = suite.deployment.claims().decide_appeal(id, &ruling, said.commitment);
    let carried = global.carry_out(&suite.chain, &signer, &message).await?;
    let carried = carried.told(|status| *status, |done| done.event::<AppealDecided>().map(|told| told.status))?;
    let (shown, status) = (show_claim(id), *carried.answer());
    let stands = match (status, options.overturned) {
        (AppealStatus::Overturned, true) => "overturned: the claim is adjudicated anew",
        (AppealStatus::Overturned, false) => "ended, and stays as its insurer granted it",
        (AppealStatus::Open | AppealStatus::Granted, _) => {
            "granted by the insurer: the claim is adjudicated anew; only the arbiter or its silence ends it"
        }
        (_, true) => "upheld: adjudicated anew, the plan would not pay more",
        (_, false) => "upheld: the decision stands",
    };
    let (would, did) = (
        format!("decide the appeal against claim {shown}: {stands}"),
        format!("the appeal against claim {shown} is {stands}"),
    );
    let report = carried.report(suite.chain.token(), &would, &did);
    let anew = match &carried {
        Carried::Done(_) => Some(claims::claim(&suite, id).await?.total).filter(|total| *total != claim.total),
        _ => None,
    };
    let report = match anew {
        Some(total) => {
            let token = token_of(&suite.chain, plans::plan(&suite, claim.plan).await?.asset).await?;
            let (now, before) = (token.show(total.payer.0), token.show(claim.total.payer.0));
            report
                .line(format!("  the plan pays {now} instead of {before}; the rest is due like a new claim"))
                .field("total", split_json(&total))
        }
        None => report.field("total", serde_json::Value::Null),
    };
    let report = report.field("claim", shown).field("status", status_code(status));
    Ok(said.tell(report.field("setAside", codes(set_aside)), "whoever asks"))
}
