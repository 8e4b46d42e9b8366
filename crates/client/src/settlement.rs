//! Settling any number of claims, in as many transactions as it takes.

use crate::chain::Chain;
use crate::contracts::Claims;
use crate::error::{CallError, ClientError};
use crate::events::ContractEvent;
use crate::inclusion::Evidence;
use crate::message::{Forecast, Message};
use crate::splitting::{self, is_too_much, Most};
use salus_domain::ids::ClaimId;
use salus_domain::money::Amount;
use salus_interface::claims::{ClaimsError, ClaimsSettled, Payment, MAX_BATCH};
use std::collections::{HashMap, HashSet, VecDeque};
use subxt_signer::sr25519::Keypair;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was settled, in the transaction at this place of [`Settlement::transactions`].
    Settled(Payment, usize),
    /// It was settled before: by somebody else, or by a run that broke off.
    Before,
    /// It was refused.
    Refused(ClaimsError),
    /// It did not come to that: see [`Settlement::stopped`].
    Pending,
}

/// What settling came to.
#[derive(Debug, Default)]
pub struct Settlement {
    /// What became of each claim, once each and in the order in which they were given.
    pub outcomes: Vec<(ClaimId, Outcome)>,
    /// The transactions that it took, in order.
    pub transactions: Vec<Evidence>,
    /// Why it was not brought to its end, or why a claim cannot be settled at all: alone it is too much for a transaction. Doing it
    /// again is harmless.
    pub stopped: Option<CallError<ClaimsError>>,
}

/// What would become of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It would be settled with this amount.
    Settled(Amount),
    /// It was settled before.
    Before,
    /// It would be refused.
    Refused(ClaimsError),
}

/// What settling would come to.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// What would become of each claim, once each and in the order in which they were given.
    pub expected: Vec<(ClaimId, Expected)>,
    /// What each transaction would cost, and how many claims it would settle.
    pub transactions: Vec<Forecast<usize>>,
}

/// Settles claims, one transaction after the other. What would be refused is not sent: it costs nothing. Those of one provider
/// are paid in one transfer where they are in one transaction: give them together.
///
/// Doing it again, also after it broke off, pays nothing twice: what was settled is [`Outcome::Before`].
pub async fn submit(chain: &Chain, signer: &Keypair, contract: &Claims, claims: &[ClaimId]) -> Settlement {
    submit_while(chain, signer, contract, claims, |_| true).await
}

/// As [`submit`]. Before each batch, and behind the last one, `go_on` is told how many claims have their outcome, and answers whether to
/// go on: where it does not, what is left stays [`Outcome::Pending`].
pub async fn submit_while(
    chain: &Chain,
    signer: &Keypair,
    contract: &Claims,
    claims: &[ClaimId],
    go_on: impl FnMut(usize) -> bool,
) -> Settlement {
    let mut settlement = Settlement::of(claims);
    settlement.stopped = settlement.fill(&OnChain { chain, signer, contract }, go_on).await.err();
    settlement
}

/// What [`submit`] would do and cost. Submits nothing.
///
/// # Errors
/// [`CallError`].
pub async fn forecast(
    chain: &Chain,
    signer: &Keypair,
    contract: &Claims,
    claims: &[ClaimId],
) -> Result<Outlook, CallError<ClaimsError>> {
    let on_chain = OnChain { chain, signer, contract };
    let mut outlook = Outlook { expected: Vec::new(), transactions: Vec::new() };
    let (mut queue, mut most, mut stuck) = (VecDeque::from(unique(claims)), Most::new(MAX_BATCH), None);
    while let Some(batch) = next(&on_chain, &mut queue, &mut most, &mut stuck).await? {
        let payable: Vec<ClaimId> =
            batch.iter().filter(|(_, answer)| answer.is_ok()).map(|(claim, _)| *claim).collect();
        if !payable.is_empty() {
            let Forecast { cost, fee, .. } = on_chain.message(&payable).forecast(chain, signer).await?;
            outlook.transactions.push(Forecast { value: payable.len(), cost, fee });
        }
        outlook.expected.extend(batch.into_iter().map(|(claim, answer)| match answer {
            Ok(amount) => (claim, Expected::Settled(amount)),
            Err(ClaimsError::AlreadySettled) => (claim, Expected::Before),
            Err(error) => (claim, Expected::Refused(error)),
        }));
    }
    stuck.map_or(Ok(outlook), Err)
}

/// Each claim once: the same claim twice is one claim.
fn unique(claims: &[ClaimId]) -> Vec<ClaimId> {
    let mut seen = HashSet::new();
    claims.iter().copied().filter(|claim| seen.insert(*claim)).collect()
}

/// What a dry run answers to each claim of a batch.
type Answers = Vec<Result<Amount, ClaimsError>>;

/// Where claims are settled.
trait Settles {
    /// What settling these would answer; `None`: they are too much for one transaction.
    async fn dry_run(&self, batch: &[ClaimId]) -> Result<Option<Answers>, CallError<ClaimsError>>;

    /// Settles them; what was paid.
    async fn settle(&self, batch: &[ClaimId]) -> Result<(Vec<Payment>, Evidence), CallError<ClaimsError>>;
}

/// Takes the next batch off the queue, with what a dry run answers. A claim that is too much for a transaction of its own is left
/// out, and the others go on: why is `stuck`.
async fn next(
    contract: &impl Settles,
    queue: &mut VecDeque<ClaimId>,
    most: &mut Most,
    stuck: &mut Option<CallError<ClaimsError>>,
) -> Result<Option<Vec<(ClaimId, Result<Amount, ClaimsError>)>>, CallError<ClaimsError>> {
    while !queue.is_empty() {
        let batch: Vec<ClaimId> = queue.iter().copied().take(most.count()).collect();
        let answers = match contract.dry_run(&batch).await {
            Err(error) if batch.len() == 1 && is_too_much(&error) => {
                queue.pop_front();
                stuck.get_or_insert(error);
                continue;
            }
            answers => answers?,
        };
        match answers {
            Some(answers) => {
                queue.drain(..batch.len());
                most.fitted();
                return Ok(Some(batch.into_iter().zip(answers).collect()));
            }
            None => most.halve(batch.len()),
        }
    }
    Ok(None)
}

impl Settlement {
    fn of(claims: &[ClaimId]) -> Self {
        let outcomes = unique(claims).into_iter().map(|claim| (claim, Outcome::Pending)).collect();
        Self { outcomes, ..Self::default() }
    }

    async fn fill(
        &mut self,
        contract: &impl Settles,
        mut go_on: impl FnMut(usize) -> bool,
    ) -> Result<(), CallError<ClaimsError>> {
        let places: HashMap<ClaimId, usize> =
            self.outcomes.iter().enumerate().map(|(place, (claim, _))| (*claim, place)).collect();
        let mut queue: VecDeque<ClaimId> = self.outcomes.iter().map(|(claim, _)| *claim).collect();
        let (mut most, mut stuck) = (Most::new(MAX_BATCH), None);
        let mut tried_again = HashSet::new();
        let set = |outcomes: &mut Vec<(ClaimId, Outcome)>, claim: ClaimId, outcome: Outcome| {
            if let Some((_, slot)) = places.get(&claim).and_then(|place| outcomes.get_mut(*place)) {
                *slot = outcome;
            }
        };
        while go_on(self.outcomes.iter().filter(|(_, outcome)| *outcome != Outcome::Pending).count()) {
            let Some(batch) = next(contract, &mut queue, &mut most, &mut stuck).await? else { break };
            let mut payable = Vec::new();
            for (claim, answer) in batch {
                match answer {
                    Ok(_) => payable.push(claim),
                    Err(ClaimsError::AlreadySettled) => set(&mut self.outcomes, claim, Outcome::Before),
                    Err(error) => set(&mut self.outcomes, claim, Outcome::Refused(error)),
                }
            }
            if payable.is_empty() {
                continue;
            }
            let (payments, evidence) = match contract.settle(&payable).await {
                // It wrote nothing: half of it is tried.
                Err(error) if payable.len() > 1 && is_too_much(&error) => {
                    most.halve(payable.len());
                    payable.into_iter().rev().for_each(|claim| queue.push_front(claim));
                    continue;
                }
                Err(error) if is_too_much(&error) => {
                    stuck.get_or_insert(error);
                    continue;
                }
                settled => settled?,
            };
            let transaction = self.transactions.len();
            self.transactions.push(evidence);
            for payment in &payments {
                set(&mut self.outcomes, payment.claim, Outcome::Settled(*payment, transaction));
            }
            // Something came in between: the next dry run says what.
            let overtaken = payable.into_iter().filter(|claim| payments.iter().all(|payment| payment.claim != *claim));
            for claim in overtaken.collect::<Vec<_>>().into_iter().rev() {
                if !tried_again.insert(claim) {
                    return Err(ClientError::NoEvent("ClaimsSettled").into());
                }
                queue.push_front(claim);
            }
        }
        stuck.map_or(Ok(()), Err)
    }
}

struct OnChain<'a> {
    chain: &'a Chain,
    signer: &'a Keypair,
    contract: &'a Claims,
}

impl OnChain<'_> {
    fn message(&self, batch: &[ClaimId]) -> Message<Answers, ClaimsError> {
        self.contract.settle(batch)
    }
}

impl Settles for OnChain<'_> {
    async fn dry_run(&self, batch: &[ClaimId]) -> Result<Option<Answers>, CallError<ClaimsError>> {
        splitting::answer(self.chain, self.signer, &self.message(batch), batch.len()).await
    }

    async fn settle(&self, batch: &[ClaimId]) -> Result<(Vec<Payment>, Evidence), CallError<ClaimsError>> {
        let executed = self.message(batch).submit(self.chain, self.signer).await?;
        let told = executed.events.iter().filter_map(ContractEvent::decode::<ClaimsSettled>);
        Ok((told.flat_map(|event| event.payments).collect(), executed.evidence))
    }
}

#[cfg(test)]
mod tests;
