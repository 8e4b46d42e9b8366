//! Which claims of a plan are decided and not settled, as the events tell it.

use super::schedule;
use salus_client::{client_account, AccountId32, Located};
use salus_domain::claim::Line;
use salus_domain::ids::{ClaimId, CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::claims::{ClaimAdjudicated, ClaimReversed, ClaimsSettled};
use std::collections::{BTreeMap, BTreeSet};

/// A claim that is decided and of which something is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The claim.
    pub claim: ClaimId,
    /// Who is to be paid.
    pub provider: AccountId32,
    /// How much is still to be paid, in the smallest unit of the plan's asset.
    pub amount: Amount,
    /// From when on anybody may settle it.
    pub due: Timestamp,
    /// The numbers, from 1 on, of the lines that the plan's fee schedule has no price for; none where the plan has no schedule.
    pub unlisted: Vec<u32>,
}

impl Open {
    /// Whether anybody may settle it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due <= now
    }
}

struct Standing {
    plan: PlanId,
    provider: AccountId32,
    payer: Amount,
    paid: Amount,
    due: Timestamp,
    lines: Vec<Line>,
    reversed: bool,
}

/// The claims of a plan that wait to be settled, by provider and then by when they are due: those of one provider are paid in
/// one transfer.
#[must_use]
pub fn open(events: &[Located], plan: PlanId) -> Vec<Open> {
    let mut claims: BTreeMap<ClaimId, Standing> = BTreeMap::new();
    for Located { event, .. } in events {
        if let Some(decided) = event.decode::<ClaimAdjudicated>() {
            let payer = decided.filing.lines.iter().fold(0, |sum: u128, line| sum.saturating_add(line.split.payer.0));
            // What was paid before it was taken back is owed.
            let before = claims.get(&decided.claim).filter(|standing| !standing.reversed);
            let paid = before.map_or(Amount::ZERO, |standing| standing.paid);
            let standing = Standing {
                plan: decided.filing.submission.plan,
                provider: client_account(decided.provider),
                payer: Amount(payer),
                paid,
                due: decided.due,
                lines: decided.filing.submission.lines,
                reversed: false,
            };
            claims.insert(decided.claim, standing);
        } else if let Some(settled) = event.decode::<ClaimsSettled>() {
            for payment in settled.payments {
                if let Some(standing) = claims.get_mut(&payment.claim) {
                    standing.paid = Amount(standing.paid.0.saturating_add(payment.amount.0));
                }
            }
        } else if let Some(reversed) = event.decode::<ClaimReversed>() {
            if let Some(standing) = claims.get_mut(&reversed.claim) {
                standing.reversed = true;
            }
        }
    }
    let waits = claims.into_iter().filter(|(_, it)| it.plan == plan && !it.reversed && it.payer > it.paid);
    let priced: BTreeSet<CodeTag> = schedule::told(events, plan).into_values().flatten().map(|fee| fee.code).collect();
    let has_price = |code| priced.is_empty() || priced.contains(&code);
    let mut open: Vec<Open> = waits
        .map(|(claim, it)| Open {
            claim,
            provider: it.provider,
            amount: it.payer.minus(it.paid),
            due: it.due,
            unlisted: schedule::unlisted(&it.lines, has_price),
        })
        .collect();
    open.sort_by_key(|it| (it.provider.0, it.due, it.claim));
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::{adjudicated, located};
    use salus_domain::ids::Hash;
    use salus_interface::claims::{Asset, Payment};

    fn decided(claim: u8, plan: u32, provider: u8, payer: u128, due: u64) -> Located {
        let mut event = adjudicated(ClaimId([claim; 32]), payer);
        event.filing.submission.plan = PlanId(plan);
        located(&ClaimAdjudicated { provider: [provider; 32].into(), due: Timestamp(due), ..event })
    }

    fn settled(claim: u8, amount: u128) -> Located {
        let payments = vec![Payment { claim: ClaimId([claim; 32]), amount: Amount(amount), withheld: Amount(0) }];
        located(&ClaimsSettled { provider: [1; 32].into(), asset: Asset::Native, payments })
    }

    fn reversed(claim: u8) -> Located {
        let (claim, statement) = (ClaimId([claim; 32]), Hash([0; 32]));
        located(&ClaimReversed { claim, by: [1; 32].into(), owed: Amount(0), statement })
    }

    fn of(events: &[Located]) -> Vec<(u8, u128)> {
        open(events, PlanId(0)).iter().map(|it| (it.claim.0[0], it.amount.0)).collect()
    }

    #[test]
    fn what_is_decided_waits_until_it_is_paid_or_taken_back() {
        let mut events = vec![
            decided(1, 0, 1, 10, 5),
            decided(2, 0, 1, 20, 4),
            decided(3, 1, 1, 30, 3),
            decided(4, 0, 1, 0, 3),
            decided(5, 0, 0, 50, 9),
        ];
        assert_eq!(of(&events), [(5, 50), (2, 20), (1, 10)], "by provider, then by when they are due");
        events.extend([settled(1, 10), reversed(5)]);
        assert_eq!(of(&events), [(2, 20)]);
        events.extend([reversed(1), decided(1, 0, 1, 10, 7)]);
        assert_eq!(of(&events), [(2, 20), (1, 10)], "passed on once more, it is to be paid again");
    }

    #[test]
    fn what_an_appeal_adds_is_due_anew() {
        let events = [decided(1, 0, 1, 10, 5), settled(1, 10), decided(1, 0, 1, 25, 8)];
        let open = open(&events, PlanId(0));
        assert_eq!(open.iter().map(|it| (it.amount.0, it.due.0)).collect::<Vec<_>>(), [(15, 8)]);
        assert!(open.iter().all(|it| it.is_due(Timestamp(8)) && !it.is_due(Timestamp(7))));
    }
}
