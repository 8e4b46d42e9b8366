//! Relaying many orders.

use super::batch;
use crate::chain::Chain;
use crate::contracts::ConsentRegistry;
use crate::error::{CallError, ClientError};
use crate::inclusion::Evidence;
use crate::ink_account;
use crate::message::{Forecast, Message};
use crate::splitting::{self, Most};
use ink_primitives::AccountId;
use salus_domain::ids::Hash;
use salus_interface::consent::{
    ConsentError, Done, Instruction, Place, RelayError, SignedOrder, MAX_ENCODED_CONSENT, MAX_ORDERS,
};
use scale::Encode;
use std::collections::HashSet;
use subxt_signer::sr25519::Keypair;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out, in the transaction at this place of [`Relayed::transactions`].
    Done(Done, usize),
    /// It was refused, and wrote nothing.
    Refused(RelayError),
    /// It did not come to that: see [`Relayed::stopped`].
    Pending,
}

/// What relaying came to.
#[derive(Debug)]
pub struct Relayed {
    /// What became of each order, as they were given.
    pub outcomes: Vec<Outcome>,
    /// The transactions that it took, in order.
    pub transactions: Vec<Evidence>,
    /// Why it was not brought to its end. Doing it again is harmless.
    pub stopped: Option<CallError<ConsentError>>,
}

/// What would become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It would be carried out.
    Done(Done),
    /// It would be refused.
    Refused(RelayError),
    /// It follows orders of its signer's that would be in an earlier transaction: that cannot be told before.
    Later,
}

/// What relaying would come to.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// What would become of each order, as they were given.
    pub expected: Vec<Expected>,
    /// What each transaction would cost, and how many orders it would carry out.
    pub transactions: Vec<Forecast<usize>>,
}

/// Where orders for `registry` count.
fn place(chain: &Chain, registry: &ConsentRegistry) -> Place {
    Place { genesis: Hash(chain.genesis_hash()), contract: ink_account(registry.address()) }
}

/// Relays orders that were signed for `registry` on `chain`, in as many transactions as it takes, one after the other. The
/// orders of one signer keep their order. One that would be refused is not sent: it costs nothing.
///
/// Doing it again, also after it broke off, does nothing twice: an order that was carried out is then refused with
/// [`RelayError::NonceUsed`].
pub async fn submit(chain: &Chain, relayer: &Keypair, registry: &ConsentRegistry, orders: &[SignedOrder]) -> Relayed {
    let mut relayed =
        Relayed { outcomes: vec![Outcome::Pending; orders.len()], transactions: Vec::new(), stopped: None };
    relayed.stopped = relayed.fill(&Relay::new(chain, relayer, registry, orders)).await.err();
    relayed
}

/// What [`submit`] would do and cost. Submits nothing.
///
/// # Errors
/// [`CallError`].
pub async fn forecast(
    chain: &Chain,
    relayer: &Keypair,
    registry: &ConsentRegistry,
    orders: &[SignedOrder],
) -> Result<Outlook, CallError<ConsentError>> {
    let relay = Relay::new(chain, relayer, registry, orders);
    let mut outlook = Outlook { expected: vec![Expected::Later; orders.len()], transactions: Vec::new() };
    let mut sending: HashSet<AccountId> = HashSet::new();
    let mut queue = batch::queue(orders);
    let mut most = Most::new(MAX_ORDERS);
    while let Some(batch) = relay.next(&mut queue, &mut most).await? {
        let mut accepted = Vec::new();
        for (at, answer) in batch {
            let signer = orders.get(at).map(SignedOrder::signer);
            let expected = match answer {
                Ok(done) => {
                    accepted.push(at);
                    Expected::Done(done)
                }
                Err(RelayError::NonceAhead) if signer.is_some_and(|signer| sending.contains(&signer)) => {
                    Expected::Later
                }
                Err(error) => Expected::Refused(error),
            };
            if let Some(slot) = outlook.expected.get_mut(at) {
                *slot = expected;
            }
        }
        if !accepted.is_empty() {
            let Forecast { cost, fee, .. } = relay.message(&accepted).forecast(chain, relayer).await?;
            outlook.transactions.push(Forecast { value: accepted.len(), cost, fee });
        }
        sending.extend(accepted.iter().filter_map(|at| orders.get(*at)).map(SignedOrder::signer));
    }
    Ok(outlook)
}

impl Relayed {
    async fn fill(&mut self, relay: &Relay<'_>) -> Result<(), CallError<ConsentError>> {
        let mut queue = batch::queue(relay.orders);
        let mut most = Most::new(MAX_ORDERS);
        let mut tried_again = HashSet::new();
        while let Some(batch) = relay.next(&mut queue, &mut most).await? {
            let mut accepted = Vec::new();
            for (at, answer) in batch {
                match answer {
                    Ok(_) => accepted.push(at),
                    Err(error) => self.set(at, Outcome::Refused(error)),
                }
            }
            if accepted.is_empty() {
                continue;
            }
            let executed = relay.message(&accepted).submit(relay.chain, relay.relayer).await?;
            let (transaction, told) = (self.transactions.len(), executed.carried_out());
            self.transactions.push(executed.evidence);
            let mut overtaken = Vec::new();
            for (at, done) in batch::carried_out(&accepted, relay.orders, told) {
                match done {
                    Some(done) => self.set(at, Outcome::Done(done, transaction)),
                    None => overtaken.push(at),
                }
            }
            // Something came in between: the next dry run says what.
            if overtaken.iter().any(|at| !tried_again.insert(*at)) {
                return Err(ClientError::NoEvent("OrdersCarriedOut").into());
            }
            queue.splice(0..0, overtaken);
        }
        Ok(())
    }

    fn set(&mut self, at: usize, outcome: Outcome) {
        if let Some(slot) = self.outcomes.get_mut(at) {
            *slot = outcome;
        }
    }
}

/// An order's place in the list, and what a dry run answered to it.
type Answered = (usize, Result<Done, RelayError>);

struct Relay<'a> {
    chain: &'a Chain,
    relayer: &'a Keypair,
    registry: &'a ConsentRegistry,
    place: Place,
    orders: &'a [SignedOrder],
}

impl<'a> Relay<'a> {
    fn new(chain: &'a Chain, relayer: &'a Keypair, registry: &'a ConsentRegistry, orders: &'a [SignedOrder]) -> Self {
        Self { chain, relayer, registry, place: place(chain, registry), orders }
    }

    fn message(&self, places: &[usize]) -> Message<Vec<Result<Done, RelayError>>, ConsentError> {
        let orders: Vec<SignedOrder> = places.iter().filter_map(|at| self.orders.get(*at)).cloned().collect();
        self.registry.relay(&self.place, &orders)
    }

    /// Takes the orders of the next transaction off the queue, with what a dry run answers to them.
    async fn next(
        &self,
        queue: &mut Vec<usize>,
        most: &mut Most,
    ) -> Result<Option<Vec<Answered>>, CallError<ConsentError>> {
        loop {
            let Some(first) = queue.first().copied() else {
                return Ok(None);
            };
            let count = batch::fitting(queue, self.orders, most.count());
            // Such an order can take more memory than a contract has, and the others of its batch with it.
            let mut next = queue.iter().copied().take(count.max(1));
            let malformed = next.find_map(|at| Some((at, malformed(self.orders.get(at)?)?)));
            if let Some((at, refused)) = malformed {
                queue.retain(|other| *other != at);
                return Ok(Some(vec![(at, Err(RelayError::Refused(refused)))]));
            }
            if count == 0 {
                // Only a consent can be that large, and one that is has no place in the registry.
                queue.remove(0);
                return Ok(Some(vec![(first, Err(RelayError::Refused(ConsentError::TooLarge)))]));
            }
            let batch: Vec<usize> = queue.iter().take(count).copied().collect();
            match self.answers(&batch).await? {
                Some(answers) => {
                    queue.drain(..count);
                    most.fitted();
                    return Ok(Some(batch.into_iter().zip(answers).collect()));
                }
                None => most.halve(count),
            }
        }
    }

    /// What a dry run answers; `None`: it is too much for one transaction.
    async fn answers(&self, batch: &[usize]) -> Result<Option<Vec<Result<Done, RelayError>>>, CallError<ConsentError>> {
        splitting::answer(self.chain, self.relayer, &self.message(batch), batch.len()).await
    }
}

/// By which rule the registry refuses an order whatever else there is: what it records breaks a bound.
fn malformed(signed: &SignedOrder) -> Option<ConsentError> {
    let (Instruction::Record(consent) | Instruction::Amend(_, consent)) = &signed.order.instruction else {
        return None;
    };
    match consent.validate() {
        Err(malformed) => Some(ConsentError::Malformed(malformed)),
        Ok(()) if consent.encoded_size() > MAX_ENCODED_CONSENT => Some(ConsentError::TooLarge),
        Ok(()) => None,
    }
}
