//! What a member used of a plan's limits, wherever the contract keeps it.

use crate::operations::{OperationError, Suite};
use salus_client::{ink_account, AccountId32};
use salus_domain::codes::{Term, Unit};
use salus_domain::counters::Used;
use salus_domain::ids::PlanId;
use salus_domain::plan::Limit;
use salus_domain::time::Timestamp;
use salus_interface::claims::{Coverage, Place, Since};

/// What is kept in one place: whose use it is, and for how long it adds up.
pub type Kept = (Unit, Term, Used);

/// The coverage of several that counts on a day, or else the latest of them.
#[must_use]
pub fn counting(coverages: &[Coverage], day: Timestamp) -> Option<&Coverage> {
    coverages.iter().find(|coverage| coverage.period.contains(day)).or_else(|| coverages.last())
}

/// From when on use of a term adds up under a coverage: of a daily one the day, of a lifetime one always.
#[must_use]
pub const fn since(term: Term, coverage: &Coverage, day: Timestamp) -> Option<Timestamp> {
    match term {
        Term::Annual => Some(coverage.period.start),
        Term::Day => Some(day),
        Term::Lifetime => None,
    }
}

/// What a member used, and the member's family, of the limits that hold under a coverage on a day (midnight UTC).
///
/// # Errors
/// [`OperationError::Client`].
pub async fn kept(
    suite: &Suite,
    plan: PlanId,
    member: &AccountId32,
    coverage: &Coverage,
    limits: &[Limit],
    day: Timestamp,
) -> Result<Vec<Kept>, OperationError> {
    let mut kept: Vec<Kept> = Vec::new();
    for limit in limits {
        if kept.iter().any(|(unit, term, _)| (*unit, *term) == (limit.unit, limit.term)) {
            continue;
        }
        let used = match (limit.unit, limit.term) {
            (Unit::Individual, Term::Annual) => coverage.used.clone(),
            (unit, term) => {
                let account = match unit {
                    Unit::Individual => ink_account(member),
                    Unit::Family => coverage.subscriber,
                };
                let term = match term {
                    Term::Annual => Since::Annual(coverage.period.start),
                    Term::Day => Since::Day(day),
                    Term::Lifetime => Since::Lifetime,
                };
                suite.deployment.claims().used(plan, Place { unit, account, term }).read(&suite.chain).await?
            }
        };
        kept.push((limit.unit, limit.term, used));
    }
    Ok(kept)
}

/// How much of a limit is used.
#[must_use]
pub fn used(kept: &[Kept], limit: &Limit) -> u128 {
    let place = kept.iter().find(|(unit, term, _)| (*unit, *term) == (limit.unit, limit.term));
    let found = place.and_then(|(_, _, used)| used.iter().find(|(kind, _)| *kind == limit.kind()));
    found.map_or(0, |(_, used)| *used)
}
