//! What has to hold before anything is told of a claim.

use super::{Decided, NotExplained};
use salus_domain::adjudicate::Split;
use salus_domain::money::Amount;
use std::collections::BTreeSet;

impl Decided {
    /// Checks that the amounts add up and that each line can be told from the others.
    pub(super) fn check(&self) -> Result<(), NotExplained> {
        if self.lines.is_empty() {
            return Err(NotExplained::NoLines);
        }
        let mut numbers = BTreeSet::new();
        for line in &self.lines {
            if !numbers.insert(line.sequence) {
                return Err(NotExplained::RepeatedSequence(line.sequence));
            }
        }
        let splits = || self.lines.iter().map(|line| &line.outcome.split);
        let columns = |split: &Split| parts(split).map(|amount| amount.0);
        let total = (0..columns(&self.total).len()).all(|column| {
            let mut amounts = splits().map(|split| columns(split)[column]);
            amounts.try_fold(0u128, u128::checked_add) == Some(columns(&self.total)[column])
        });
        let paid = self.payment.is_none_or(|payment| {
            let most = if self.status.is_pended() { Amount::ZERO } else { self.total.payer };
            payment.withheld <= payment.amount && payment.amount <= most
        });
        match total && paid && splits().chain([&self.total]).all(adds_up) {
            true => Ok(()),
            false => Err(NotExplained::Sums),
        }
    }
}

/// The whole, and all that it is made of.
const fn parts(split: &Split) -> [Amount; 8] {
    let Split { submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer } = *split;
    [submitted, adjustment, prior_payer, deductible, copay, coinsurance, noncovered, payer]
}

fn adds_up(split: &Split) -> bool {
    let [submitted, parts @ ..] = parts(split);
    parts.into_iter().try_fold(Amount::ZERO, Amount::checked_add) == Some(submitted)
}
