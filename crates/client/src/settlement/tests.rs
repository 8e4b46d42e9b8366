use super::*;
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A chain in memory, on which `heaviest` claims fit into a transaction and `crowded` into what others left of a block.
struct Ledger {
    heaviest: usize,
    crowded: usize,
    settled: RefCell<Vec<ClaimId>>,
    /// The batches that were carried out.
    batches: RefCell<Vec<usize>>,
    /// Settled by somebody else between the dry run and the transaction.
    overtaken: RefCell<Vec<ClaimId>>,
    /// After so many batches the chain is gone.
    breaks_after: usize,
    /// Too much for a transaction, also alone.
    stuck: Option<ClaimId>,
}

impl Ledger {
    fn taking(heaviest: usize) -> Self {
        Self {
            heaviest,
            crowded: heaviest,
            settled: RefCell::default(),
            batches: RefCell::default(),
            overtaken: RefCell::default(),
            breaks_after: usize::MAX,
            stuck: None,
        }
    }
}

/// Of every thirteenth claim nothing is to be paid.
fn is_refused(claim: ClaimId) -> bool {
    number(claim).is_multiple_of(13)
}

fn number(ClaimId(id): ClaimId) -> u32 {
    let [a, b, c, d, ..] = id;
    u32::from_le_bytes([a, b, c, d])
}

fn claim(number: u32) -> ClaimId {
    let mut id = [0; 32];
    id.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    ClaimId(id)
}

impl Settles for Ledger {
    async fn dry_run(&self, batch: &[ClaimId]) -> Result<Option<Answers>, CallError<ClaimsError>> {
        let stuck = self.stuck.is_some_and(|stuck| batch.contains(&stuck));
        if stuck && batch.len() == 1 {
            return Err(ClientError::Dispatch("Contracts::OutOfGas".into()).into());
        }
        if stuck || batch.len() > self.heaviest {
            return Ok(None);
        }
        let answers = batch.iter().map(|claim| match self.settled.borrow().contains(claim) {
            true => Err(ClaimsError::AlreadySettled),
            false if is_refused(*claim) => Err(ClaimsError::NothingToPay),
            false => Ok(Amount(u128::from(number(*claim)))),
        });
        Ok(Some(answers.collect()))
    }

    async fn settle(&self, batch: &[ClaimId]) -> Result<(Vec<Payment>, Evidence), CallError<ClaimsError>> {
        assert!(batch.iter().all(|claim| !is_refused(*claim)), "what is refused is not sent");
        if self.batches.borrow().len() >= self.breaks_after {
            return Err(ClientError::Node("gone".into()).into());
        }
        if batch.len() > self.crowded {
            return Err(ClientError::NotIncluded("Transaction would exhaust the block limits".into()).into());
        }
        self.settled.borrow_mut().append(&mut self.overtaken.borrow_mut());
        let mut payments = Vec::new();
        for claim in batch {
            if !self.settled.borrow().contains(claim) {
                self.settled.borrow_mut().push(*claim);
                payments.push(Payment {
                    claim: *claim,
                    amount: Amount(u128::from(number(*claim))),
                    withheld: Amount(0),
                });
            }
        }
        self.batches.borrow_mut().push(batch.len());
        let evidence = Evidence { block: 1, block_hash: String::new(), extrinsic: String::new(), fee: 0 };
        Ok((payments, evidence))
    }
}

fn settle(ledger: &Ledger, claims: &[ClaimId]) -> Settlement {
    settle_while(ledger, claims, |_| true)
}

fn settle_while(ledger: &Ledger, claims: &[ClaimId], go_on: impl FnMut(usize) -> bool) -> Settlement {
    let mut settlement = Settlement::of(claims);
    let mut filling = pin!(async {
        let stopped = settlement.fill(ledger, go_on).await.err();
        settlement.stopped = stopped;
        settlement
    });
    // Nothing here waits.
    match filling.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(settlement) => settlement,
        Poll::Pending => Settlement::default(),
    }
}

fn count(settlement: &Settlement, is_it: impl Fn(&Outcome) -> bool) -> usize {
    settlement.outcomes.iter().filter(|(_, outcome)| is_it(outcome)).count()
}

const fn is_settled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Settled(..))
}

#[test]
fn many_claims_go_in_full_batches_and_each_has_its_outcome() {
    let claims: Vec<ClaimId> = (1..=250).map(claim).collect();
    let ledger = Ledger::taking(usize::MAX);
    let settlement = settle(&ledger, &claims);
    assert!(settlement.stopped.is_none());
    assert_eq!(ledger.batches.borrow().len(), 3);
    assert_eq!(settlement.outcomes.iter().map(|(claim, _)| *claim).collect::<Vec<_>>(), claims);
    let refused = claims.iter().filter(|claim| is_refused(**claim)).count();
    assert_eq!(count(&settlement, is_settled), claims.len() - refused);
    assert_eq!(count(&settlement, |it| *it == Outcome::Refused(ClaimsError::NothingToPay)), refused);
}

#[test]
fn who_says_so_between_batches_ends_it_and_the_rest_stays_pending() {
    let claims: Vec<ClaimId> = (14..=25).map(claim).collect();
    let (ledger, mut told) = (Ledger::taking(5), Vec::new());
    let settlement = settle_while(&ledger, &claims, |done| {
        told.push(done);
        told.len() <= 2
    });
    let settled = ledger.settled.borrow().len();
    assert_eq!((ledger.batches.borrow().len(), told.last()), (2, Some(&settled)));
    assert!(settlement.stopped.is_none() && settled < claims.len());
    assert_eq!(count(&settlement, |it| *it == Outcome::Pending), claims.len() - settled);
}

#[test]
fn who_says_so_ends_it_also_behind_batches_of_which_nothing_is_settled() {
    let refused: Vec<ClaimId> = (1..=250).map(|place| claim(13 * place)).collect();
    let (ledger, mut told) = (Ledger::taking(usize::MAX), Vec::new());
    let settlement = settle_while(&ledger, &refused, |done| {
        told.push(done);
        done < 100
    });
    assert_eq!((told, count(&settlement, |it| *it == Outcome::Pending)), (vec![0, 100], 150));
    let crowded = Ledger { crowded: 1, ..Ledger::taking(100) };
    let mut asked = 0;
    let settlement = settle_while(&crowded, &[claim(1), claim(2)], |_| {
        asked += 1;
        asked < 2
    });
    assert!(crowded.batches.borrow().is_empty(), "it ended behind what there was no room for");
    assert_eq!(count(&settlement, |it| *it == Outcome::Pending), 2);
}

#[test]
fn a_claim_that_is_named_twice_is_settled_once() {
    let settlement = settle(&Ledger::taking(10), &[claim(1), claim(2), claim(1)]);
    assert_eq!(settlement.outcomes.iter().map(|(claim, _)| number(*claim)).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(settlement.transactions.len(), 1);
}

#[test]
fn a_batch_that_a_dry_run_finds_too_heavy_is_halved() {
    let claims: Vec<ClaimId> = (14..=25).map(claim).collect();
    let ledger = Ledger::taking(3);
    let settlement = settle(&ledger, &claims);
    assert_eq!(count(&settlement, is_settled), claims.len());
    assert!(ledger.batches.borrow().iter().all(|size| *size <= 3), "{:?}", ledger.batches);
}

#[test]
fn a_batch_for_which_a_block_has_no_room_is_halved() {
    let claims: Vec<ClaimId> = (14..=25).map(claim).collect();
    let ledger = Ledger { crowded: 1, ..Ledger::taking(100) };
    let settlement = settle(&ledger, &claims);
    assert!(settlement.stopped.is_none());
    assert_eq!(count(&settlement, is_settled), claims.len());
    assert_eq!(*ledger.batches.borrow(), vec![1; claims.len()]);
}

#[test]
fn one_claim_alone_for_which_there_is_no_room_stops_it() {
    let ledger = Ledger { crowded: 0, ..Ledger::taking(100) };
    let settlement = settle(&ledger, &[claim(1), claim(2)]);
    assert!(settlement.stopped.is_some());
    assert_eq!(count(&settlement, |it| *it == Outcome::Pending), 2);
}

#[test]
fn a_claim_that_is_too_much_alone_keeps_no_other_back() {
    let claims: Vec<ClaimId> = (14..=25).map(claim).collect();
    let ledger = Ledger { stuck: Some(claim(17)), ..Ledger::taking(100) };
    let settlement = settle(&ledger, &claims);
    assert!(settlement.stopped.is_some());
    assert_eq!(count(&settlement, is_settled), claims.len() - 1);
    assert_eq!(settlement.outcomes[3], (claim(17), Outcome::Pending));
}

#[test]
fn what_broke_off_is_gone_on_with_and_nothing_is_paid_twice() {
    let claims: Vec<ClaimId> = (1..=250).map(claim).collect();
    let ledger = Ledger { breaks_after: 1, ..Ledger::taking(usize::MAX) };
    let broken = settle(&ledger, &claims);
    assert!(broken.stopped.is_some() && broken.transactions.len() == 1);
    let first = count(&broken, is_settled);
    let ledger = Ledger { breaks_after: usize::MAX, ..ledger };
    let again = settle(&ledger, &claims);
    assert!(again.stopped.is_none());
    assert_eq!(count(&again, |it| *it == Outcome::Before), first);
    let mut settled = ledger.settled.borrow().clone();
    settled.sort_unstable();
    settled.dedup();
    assert_eq!(settled.len(), ledger.settled.borrow().len());
    assert_eq!(settled.len(), first + count(&again, is_settled));
}

#[test]
fn a_claim_that_somebody_else_settled_meanwhile_counts_as_done() {
    let ledger = Ledger::taking(100);
    ledger.overtaken.borrow_mut().push(claim(2));
    let settlement = settle(&ledger, &[claim(1), claim(2), claim(3)]);
    let outcome = |place: usize| settlement.outcomes.get(place).map(|(_, outcome)| *outcome);
    assert_eq!(outcome(1), Some(Outcome::Before));
    assert!(outcome(0).is_some_and(|it| is_settled(&it)) && outcome(2).is_some_and(|it| is_settled(&it)));
}
