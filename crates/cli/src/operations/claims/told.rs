//! What claims told of each claim: who filed what, how it was decided, and what became of it. The chain keeps only a
//! commitment to a [`Filing`]; its events are where it is found again.

use crate::operations::{plans, OperationError, Suite};
use crate::values::show_claim;
use salus_client::{client_account, AccountId32, ContractEvent, Located};
use salus_domain::adjudicate::Split;
use salus_domain::claim::Submission;
use salus_domain::ids::{ClaimId, Hash};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::claims::{
    Appeal, AppealAnswered, AppealDecided, AppealStatus, ClaimAdjudicated, ClaimAppealed, ClaimPended, ClaimReversed,
    ClaimStatus, ClaimWithdrawn, ClaimsSettled, Filing,
};

/// A claim, as the events tell it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its id.
    pub claim: ClaimId,
    /// Who claims.
    pub provider: AccountId32,
    /// What was claimed, as it was submitted last.
    pub submission: Submission,
    /// What was decided last; `None`: it was never decided.
    pub filing: Option<Filing>,
    /// The claim of the insurer that decided before.
    pub prior: Option<ClaimId>,
    /// Where it stands.
    pub status: ClaimStatus,
    /// What happened, the earliest first.
    pub steps: Vec<Step>,
}

/// Something that happened to a claim.
#[derive(Clone, Debug)]
pub struct Step {
    /// The number of the block.
    pub block: u64,
    /// The time of the block.
    pub time: Timestamp,
    /// What.
    pub what: What,
}

/// What can happen to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was submitted, and waits.
    Pended(ClaimStatus),
    /// It was decided, so.
    Adjudicated(Split),
    /// It was paid so much, of which so much was set off against what the provider owed.
    Settled(Amount, Amount),
    /// This account appealed.
    Appealed(AccountId32, Appeal),
    /// The insurer answered the appeal; the commitment to its words.
    Answered(Hash),
    /// This account decided the appeal.
    AppealDecided(AccountId32, AppealStatus),
    /// This account took it back; the provider owes so much.
    Reversed(AccountId32, Amount),
}

impl Told {
    fn new(claim: ClaimId, provider: AccountId32, submission: Submission, status: ClaimStatus) -> Self {
        Self { claim, provider, submission, filing: None, prior: None, status, steps: Vec::new() }
    }

    /// Where the money goes, as it was decided last; nothing of a claim that was never decided.
    #[must_use]
    pub fn total(&self) -> Option<Split> {
        self.steps.iter().rev().find_map(|step| match step.what {
            What::Adjudicated(total) => Some(total),
            _ => None,
        })
    }

    /// What was paid in all, how much of that was withheld, and when last; `None`: nothing was. What was paid before the claim was
    /// taken back and decided once more is owed, and not counted.
    #[must_use]
    pub fn paid(&self) -> Option<(Amount, Amount, Timestamp)> {
        let (mut paid, mut taken_back) = (None, false);
        for step in &self.steps {
            match step.what {
                What::Reversed(..) => taken_back = true,
                What::Adjudicated(_) if taken_back => (paid, taken_back) = (None, false),
                What::Settled(amount, withheld) => {
                    let (before, held, _) = paid.unwrap_or_default();
                    let sum = |one: Amount, other: Amount| Amount(one.0.saturating_add(other.0));
                    paid = Some((sum(before, amount), sum(held, withheld), step.time));
                }
                _ => {}
            }
        }
        paid
    }
}

/// Every claim that the chain told of since the suite was deployed, in the order in which they were first told of; those that were
/// withdrawn are gone. `progress` is told after each block.
///
/// # Errors
/// [`OperationError::Client`], also where the node has discarded the state of a block.
pub async fn all(suite: &Suite, progress: impl FnMut(u64)) -> Result<Vec<Told>, OperationError> {
    Ok(fold(&plans::events(suite, progress).await?))
}

/// What was told of one claim.
///
/// # Errors
/// [`OperationError::NoClaim`], and as [`all`].
pub async fn one(suite: &Suite, claim: ClaimId, progress: impl FnMut(u64)) -> Result<Told, OperationError> {
    let found = all(suite, progress).await?.into_iter().find(|told| told.claim == claim);
    found.ok_or_else(|| OperationError::NoClaim(show_claim(claim)))
}

/// The claims of later insurers, to whom a claim was passed on directly or by way of others, that were not taken back: they hold
/// its services. `all` is in the order of [`all`].
#[must_use]
pub fn after(all: &[Told], claim: ClaimId) -> Vec<&Told> {
    let mut chain = vec![claim];
    let mut found = Vec::new();
    for told in all {
        if told.prior.is_some_and(|prior| chain.contains(&prior)) {
            chain.push(told.claim);
            found.push(told);
        }
    }
    found.retain(|told| told.status != ClaimStatus::Reversed);
    found
}

/// What was claimed and decided last: what a claim is passed on, appealed and taken back with.
///
/// # Errors
/// [`OperationError::NotDecided`], and as [`one`].
pub async fn filing(suite: &Suite, claim: ClaimId, progress: impl FnMut(u64)) -> Result<Filing, OperationError> {
    let filing = one(suite, claim, progress).await?.filing;
    filing.ok_or_else(|| OperationError::NotDecided(show_claim(claim)))
}

/// What the events tell of each claim.
#[must_use]
pub fn fold(events: &[Located]) -> Vec<Told> {
    let mut book = Book::default();
    for located in events {
        book.read(located);
    }
    book.0
}

#[derive(Default)]
struct Book(Vec<Told>);

impl Book {
    fn read(&mut self, located: &Located) {
        let event = &located.event;
        if let Some(it) = event.decode::<ClaimPended>() {
            let told = self.of(Told::new(it.claim, client_account(it.provider), it.submission.clone(), it.status));
            (told.submission, told.prior, told.status) = (it.submission, it.prior, it.status);
            told.step(located, What::Pended(it.status));
        } else if let Some(it) = event.decode::<ClaimAdjudicated>() {
            let total = super::sum(it.filing.lines.iter().map(|line| &line.split));
            let told = self.of(Told::new(
                it.claim,
                client_account(it.provider),
                it.filing.submission.clone(),
                ClaimStatus::Adjudicated,
            ));
            // After an appeal by which nothing more is to be paid.
            let settled =
                told.status == ClaimStatus::Settled && told.paid().is_some_and(|(paid, _, _)| paid == total.payer);
            let status = if settled { ClaimStatus::Settled } else { ClaimStatus::Adjudicated };
            (told.submission, told.prior, told.status) = (it.filing.submission.clone(), it.prior, status);
            told.filing = Some(it.filing);
            told.step(located, What::Adjudicated(total));
        } else if let Some(it) = event.decode::<ClaimsSettled>() {
            for payment in it.payments {
                let what = What::Settled(payment.amount, payment.withheld);
                self.known(payment.claim, located, what, Some(ClaimStatus::Settled));
            }
        } else if let Some(it) = event.decode::<ClaimWithdrawn>() {
            self.0.retain(|told| told.claim != it.claim);
        } else {
            self.read_appeal(located, event);
        }
    }

    fn read_appeal(&mut self, located: &Located, event: &ContractEvent) {
        if let Some(it) = event.decode::<ClaimAppealed>() {
            self.known(it.claim, located, What::Appealed(client_account(it.by), it.appeal), None);
        } else if let Some(it) = event.decode::<AppealAnswered>() {
            self.known(it.claim, located, What::Answered(it.statement), None);
        } else if let Some(it) = event.decode::<AppealDecided>() {
            self.known(it.claim, located, What::AppealDecided(client_account(it.by), it.status), None);
        } else if let Some(it) = event.decode::<ClaimReversed>() {
            self.known(it.claim, located, What::Reversed(client_account(it.by), it.owed), Some(ClaimStatus::Reversed));
        }
    }

    /// What was told of a claim before, or what is told of it for the first time.
    fn of(&mut self, new: Told) -> &mut Told {
        match self.0.iter().position(|told| told.claim == new.claim) {
            Some(place) => &mut self.0[place],
            None => {
                self.0.push(new);
                let last = self.0.len() - 1;
                &mut self.0[last]
            }
        }
    }

    /// Of a claim that nothing was told of, which the contract does not do, nothing is kept.
    fn known(&mut self, claim: ClaimId, located: &Located, what: What, status: Option<ClaimStatus>) {
        if let Some(told) = self.0.iter_mut().find(|told| told.claim == claim) {
            told.status = status.unwrap_or(told.status);
            told.step(located, what);
        }
    }
}

impl Told {
    fn step(&mut self, located: &Located, what: What) {
        self.steps.push(Step { block: located.block, time: located.time, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::{adjudicated, located};
    use salus_domain::codes::ReasonSet;
    use salus_domain::ids::{Account, PlanId};
    use salus_interface::claims::{Asset, Payment};

    fn submission(charge: u128) -> Submission {
        let line = salus_domain::claim::Line {
            day: 0,
            code: [0; 16].into(),
            category: salus_domain::codes::Category::MedicalCare,
            quantity: 1,
            submitted: Amount(charge),
            prior_paid: Amount::ZERO,
        };
        let lines = vec![line];
        let (plan, member, reference) = (PlanId(0), Account([9; 32]), Hash([0; 32]));
        Submission { plan, member, reference, prior_decided: false, days: Vec::new(), lines }
    }

    fn pended(claim: u8, charge: u128, status: ClaimStatus) -> Located {
        let (claim, submission) = (ClaimId([claim; 32]), submission(charge));
        located(&ClaimPended {
            claim,
            status,
            submission,
            provider: [1; 32].into(),
            prior: None,
            total: Split::default(),
            filed: Timestamp(0),
        })
    }

    fn decided(claim: u8, payer: u128) -> Located {
        let mut event = adjudicated(ClaimId([claim; 32]), payer);
        event.filing.submission = submission(payer);
        located(&ClaimAdjudicated { prior: Some(ClaimId([8; 32])), ..event })
    }

    fn settled(payments: &[(u8, u128, u128)]) -> Located {
        let payment = |(claim, amount, withheld): &(u8, u128, u128)| Payment {
            claim: ClaimId([*claim; 32]),
            amount: Amount(*amount),
            withheld: Amount(*withheld),
        };
        let payments = payments.iter().map(payment).collect();
        located(&ClaimsSettled { provider: [1; 32].into(), asset: Asset::Native, payments })
    }

    #[test]
    fn a_claim_is_told_from_its_first_day_to_its_last() {
        let (claim, by, statement) = (ClaimId([1; 32]), [2; 32].into(), Hash([3; 32]));
        let appeal = Appeal { set_aside: ReasonSet::EMPTY, deadline: Timestamp(9), status: AppealStatus::Open };
        let events = [
            pended(1, 10, ClaimStatus::AwaitsAuthorisation),
            pended(1, 20, ClaimStatus::AwaitsFunds),
            decided(1, 20),
            settled(&[(2, 5, 0), (1, 20, 4)]),
            located(&ClaimAppealed { claim, by, appeal, statement }),
            located(&AppealAnswered { claim, statement }),
            decided(1, 25),
            located(&AppealDecided {
                claim,
                by,
                status: AppealStatus::Overturned,
                set_aside: ReasonSet::EMPTY,
                statement,
            }),
            settled(&[(1, 5, 1)]),
        ];
        let statuses: Vec<ClaimStatus> = (1..=events.len()).map(|seen| fold(&events[..seen])[0].status).collect();
        use ClaimStatus::{Adjudicated, AwaitsAuthorisation, AwaitsFunds, Settled};
        let expected = [
            AwaitsAuthorisation,
            AwaitsFunds,
            Adjudicated,
            Settled,
            Settled,
            Settled,
            Adjudicated,
            Adjudicated,
            Settled,
        ];
        assert_eq!(statuses, expected);
        let corrected = &fold(&events[..2])[0];
        assert_eq!((corrected.submission.clone(), &corrected.filing, corrected.total()), (submission(20), &None, None));
        let all = fold(&events);
        assert_eq!(all.len(), 1, "of the other claim nothing but a payment is known");
        let told = &all[0];
        assert_eq!(told.total().map(|total| total.payer), Some(Amount(25)));
        assert_eq!(told.paid(), Some((Amount(25), Amount(5), Timestamp(1))));
        assert_eq!((told.prior, told.steps.len()), (Some(ClaimId([8; 32])), 9));

        let by = [1; 32].into();
        let reversed = located(&ClaimReversed { claim, by, owed: Amount(25), statement });
        let after = fold(&[events.as_slice(), std::slice::from_ref(&reversed)].concat());
        assert_eq!((after[0].status, after[0].paid()), (ClaimStatus::Reversed, told.paid()));
        let once_more = [events.as_slice(), &[reversed, decided(1, 25), settled(&[(1, 9, 0)])]].concat();
        let paid = |seen: usize| fold(&once_more[..seen])[0].paid().map(|(paid, ..)| paid);
        let seen = once_more.len();
        assert_eq!([paid(seen - 1), paid(seen)], [None, Some(Amount(9))], "what is owed is not counted");
    }

    #[test]
    fn services_are_held_by_each_later_insurers_claim_until_it_is_taken_back() {
        let pended = |claim| pended(claim, 10, ClaimStatus::AwaitsFunds);
        let mut all = fold(&[pended(8), decided(1, 5), pended(2), decided(3, 5)]);
        (all[2].prior, all[3].prior) = (Some(ClaimId([1; 32])), None);
        let holding = |all: &[Told], claim: u8| -> Vec<u8> {
            after(all, ClaimId([claim; 32])).iter().map(|told| told.claim.0[0]).collect()
        };
        assert_eq!([8, 1, 2, 3].map(|claim| holding(&all, claim)), [vec![1, 2], vec![2], vec![], vec![]]);
        all[1].status = ClaimStatus::Reversed;
        assert_eq!(holding(&all, 8), [2]);
    }

    #[test]
    fn what_was_withdrawn_is_gone_and_its_number_free() {
        let withdrawn = || located(&ClaimWithdrawn { claim: ClaimId([1; 32]) });
        let waits = |charge| pended(1, charge, ClaimStatus::AwaitsFunds);
        assert!(fold(&[waits(10), withdrawn()]).is_empty());
        let again = fold(&[waits(10), pended(2, 1, ClaimStatus::AwaitsFunds), withdrawn(), waits(20)]);
        let ids: Vec<u8> = again.iter().map(|told| told.claim.0[0]).collect();
        assert_eq!(ids, [2, 1]);
        assert_eq!(again[1].steps.len(), 1);
    }
}
