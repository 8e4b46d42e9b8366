//! A message to a contract: dry-run, priced, submitted, watched, and its answer decoded.

use crate::chain::{AtBlock, Chain, Head};
use crate::dry_run::{self, Cost, Ended};
use crate::error::{CallError, ClientError};
use crate::events::ContractEvent;
use crate::inclusion::{Evidence, Failure};
use crate::rules::Rule;
use crate::submit::{self, InPool};
use salus_domain::ids::ConsentId;
use salus_interface::consent::{CarriedOut, Done, OrdersCarriedOut};
use salus_interface::event::Event;
use scale::{Decode, Encode};
use std::marker::PhantomData;
use subxt::transactions::StaticPayload;
use subxt::utils::{AccountId32, MultiAddress};
use subxt_signer::sr25519::Keypair;

/// What the pallet says where a call needed more than the dry run: others came in between. It wrote nothing, and can be sent
/// again; how often it is.
const OUT_OF_GAS: &str = "OutOfGas";
const GAS_RETRIES: usize = 8;

/// A message that may be refused with an `E`, and answers with a `T`.
#[derive(Debug)]
pub struct Message<T, E> {
    contract: AccountId32,
    name: &'static str,
    input: Vec<u8>,
    value: u128,
    answer: PhantomData<fn() -> Result<T, E>>,
}

/// A message that changes nothing and cannot be refused.
#[derive(Debug)]
pub struct Query<T> {
    contract: AccountId32,
    name: &'static str,
    input: Vec<u8>,
    answer: PhantomData<fn() -> T>,
}

/// What a call would answer and cost.
#[derive(Clone, Debug)]
pub struct Forecast<T> {
    /// The answer.
    pub value: T,
    /// What it needs.
    pub cost: Cost,
    /// The fee, in the token's smallest unit.
    pub fee: u128,
}

/// What a call did.
#[derive(Clone, Debug)]
pub struct Executed<T> {
    /// What the dry run answered just before. Where others may have come in between, the events are the truth.
    pub forecast: T,
    /// Where it stands on the chain.
    pub evidence: Evidence,
    /// What contracts emitted, in order.
    pub events: Vec<ContractEvent>,
}

impl<T> Executed<T> {
    /// The first event of a type.
    ///
    /// # Errors
    /// [`ClientError::NoEvent`].
    pub fn event<E: Event>(&self) -> Result<E, ClientError> {
        let found = self.events.iter().find_map(ContractEvent::decode);
        found.ok_or(ClientError::NoEvent(E::NAME))
    }

    /// Everything that the consent registry told that it carried out, in order.
    #[must_use]
    pub fn carried_out(&self) -> Vec<CarriedOut> {
        let told = self.events.iter().filter_map(ContractEvent::decode::<OrdersCarriedOut>);
        told.flat_map(|event| event.orders).collect()
    }

    /// The id of the consent that was recorded, by whichever message did it.
    ///
    /// # Errors
    /// [`ClientError::NoEvent`].
    pub fn recorded(&self) -> Result<ConsentId, ClientError> {
        let recorded = self.carried_out().into_iter().find_map(|order| match order.done {
            Done::Recorded(id) => Some(id),
            _ => None,
        });
        recorded.ok_or(ClientError::NoEvent(OrdersCarriedOut::NAME))
    }
}

/// The selector of a message of a trait, as ink! computes it.
pub(crate) fn selector(name: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = crate::blake2b_256(name.as_bytes());
    [a, b, c, d]
}

impl<T: Decode, E: Decode + Rule> Message<T, E> {
    /// The message `name` of the contract at an address, for contracts beside the suite. `arguments` is a tuple.
    #[must_use]
    pub fn new(contract: &AccountId32, name: &'static str, arguments: &impl Encode) -> Self {
        let input = (selector(name), arguments).encode();
        Self { contract: *contract, name, input, value: 0, answer: PhantomData }
    }

    pub(crate) fn paying(mut self, value: u128) -> Self {
        self.value = value;
        self
    }

    /// What the message is called, for example `ConsentRegistry::record`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its input: the selector and the arguments, SCALE-encoded.
    #[must_use]
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// What it would answer and need if `origin` called it now. Nothing is written.
    ///
    /// # Errors
    /// [`CallError::Refused`] where the contract would refuse.
    pub async fn dry_run(&self, chain: &Chain, origin: &AccountId32) -> Result<(T, Cost), CallError<E>> {
        let at = chain.best().await?;
        let run = dry_run::call(&at, origin, &self.contract, self.value, &self.input).await?;
        let data = returned(chain, run.ended, &self.contract, self.name, origin).await?;
        match decode::<Result<T, E>>(&data, &self.contract, self.name)? {
            Ok(value) => Ok((value, run.cost)),
            Err(refusal) => Err(CallError::Refused(refusal)),
        }
    }

    /// As [`Message::dry_run`], with the fee that `signer` would pay.
    ///
    /// # Errors
    /// As [`Message::dry_run`].
    pub async fn forecast(&self, chain: &Chain, signer: &Keypair) -> Result<Forecast<T>, CallError<E>> {
        let (value, cost) = self.dry_run(chain, &signer.public_key().to_account_id()).await?;
        let fee = submit::fee(chain, &self.call(cost), signer).await?;
        Ok(Forecast { value, cost, fee })
    }

    /// Dry-runs the message and puts it into the node's pool. Several can be on their way at the same time, also of one
    /// account.
    ///
    /// # Errors
    /// As [`Message::dry_run`], and [`ClientError::NotIncluded`].
    pub async fn send(&self, chain: &Chain, signer: &Keypair) -> Result<Pending<T, E>, CallError<E>> {
        let origin = signer.public_key().to_account_id();
        let (forecast, cost) = self.dry_run(chain, &origin).await?;
        let in_pool = submit::submit(chain, self.call(cost), signer).await?;
        Ok(Pending { message: self.duplicate(), chain: chain.clone(), origin, forecast, in_pool })
    }

    /// Sends the message and waits until it is in a block.
    ///
    /// # Errors
    /// As [`Message::send`] and [`Pending::in_block`].
    pub async fn submit(&self, chain: &Chain, signer: &Keypair) -> Result<Executed<T>, CallError<E>> {
        self.send(chain, signer).await?.in_block().await
    }

    /// Sends the message and waits until it is in a block that is final.
    ///
    /// # Errors
    /// As [`Message::send`] and [`Pending::in_block`].
    pub async fn submit_final(&self, chain: &Chain, signer: &Keypair) -> Result<Executed<T>, CallError<E>> {
        self.send(chain, signer).await?.finalised().await
    }

    fn duplicate(&self) -> Self {
        Self { contract: self.contract, input: self.input.clone(), ..*self }
    }

    fn call(&self, cost: Cost) -> StaticPayload<CallArguments> {
        contracts_call(&self.contract, self.value, cost, &self.input)
    }
}

/// The arguments of `Contracts.call`.
type CallArguments = (MultiAddress<AccountId32, ()>, u128, subxt::dynamic::Value, Option<u128>, Vec<u8>);

fn contracts_call(contract: &AccountId32, value: u128, cost: Cost, input: &[u8]) -> StaticPayload<CallArguments> {
    let arguments = (MultiAddress::Id(*contract), value, weight_limit(cost), None, input.to_vec());
    subxt::dynamic::transaction("Contracts", "call", arguments)
}

/// A weight limit for a transaction that needed `cost` in a dry run.
pub(crate) fn weight_limit(cost: Cost) -> subxt::dynamic::Value {
    use subxt::dynamic::Value;
    let (ref_time, proof_size) = cost.with_margin();
    Value::named_composite([("ref_time", Value::u128(ref_time.into())), ("proof_size", Value::u128(proof_size.into()))])
}

/// A message that is in the node's pool.
pub struct Pending<T, E> {
    message: Message<T, E>,
    chain: Chain,
    origin: AccountId32,
    forecast: T,
    in_pool: InPool<StaticPayload<CallArguments>>,
}

impl<T: Decode, E: Decode + Rule> Pending<T, E> {
    /// Waits until it is in a block.
    ///
    /// # Errors
    /// [`CallError::Refused`] where the contract refused after all, because something came in between;
    /// [`ClientError::NotIncluded`].
    pub async fn in_block(self) -> Result<Executed<T>, CallError<E>> {
        self.wait(false).await
    }

    /// Waits until it is in a block that is final.
    ///
    /// # Errors
    /// As [`Pending::in_block`].
    pub async fn finalised(self) -> Result<Executed<T>, CallError<E>> {
        self.wait(true).await
    }

    async fn wait(self, finalised: bool) -> Result<Executed<T>, CallError<E>> {
        let Self { message, chain, origin, mut forecast, mut in_pool } = self;
        let signer = in_pool.signer().clone();
        let mut tries = 0;
        loop {
            let reason = match in_pool.included(finalised).await {
                Ok(included) => {
                    return Ok(Executed { forecast, evidence: included.evidence, events: included.events });
                }
                Err(Failure::Client(error)) => return Err(error.into()),
                Err(Failure::Dispatch(reason)) => reason,
            };
            // A transaction does not say why a contract refused; a dry run does.
            let cost = match message.dry_run(&chain, &origin).await {
                Err(refused @ CallError::Refused(_)) => return Err(refused),
                Ok((answer, cost)) if reason.contains(OUT_OF_GAS) && tries < GAS_RETRIES => {
                    forecast = answer;
                    cost
                }
                _ => return Err(ClientError::Dispatch(reason).into()),
            };
            tries += 1;
            in_pool = submit::submit(&chain, message.call(cost), &signer).await?;
        }
    }
}

impl<T: Decode> Query<T> {
    /// As [`Message::new`].
    #[must_use]
    pub fn new(contract: &AccountId32, name: &'static str, arguments: &impl Encode) -> Self {
        let input = (selector(name), arguments).encode();
        Self { contract: *contract, name, input, answer: PhantomData }
    }

    /// What the message is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The answer as of the newest block.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn read(&self, chain: &Chain) -> Result<T, ClientError> {
        Ok(self.dry_run(chain).await?.0)
    }

    /// The answer as of a block.
    ///
    /// # Errors
    /// [`ClientError`], also where the node has discarded the block's state.
    pub async fn read_at(&self, chain: &Chain, block: &Head) -> Result<T, ClientError> {
        Ok(self.run(chain, &chain.at_hash(block.hash).await?).await?.0)
    }

    /// The answer, and what it would need in a transaction.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn dry_run(&self, chain: &Chain) -> Result<(T, Cost), ClientError> {
        self.run(chain, &chain.best().await?).await
    }

    async fn run(&self, chain: &Chain, at: &AtBlock) -> Result<(T, Cost), ClientError> {
        // Nobody's account: a query does not depend on who asks.
        let origin = AccountId32([0; 32]);
        let run = dry_run::call(at, &origin, &self.contract, 0, &self.input).await?;
        let data = returned(chain, run.ended, &self.contract, self.name, &origin).await?;
        Ok((decode(&data, &self.contract, self.name)?, run.cost))
    }
}

/// What a contract gave back, or why it did not.
async fn returned(
    chain: &Chain,
    ended: Ended<dry_run::Returned>,
    contract: &AccountId32,
    message: &'static str,
    origin: &AccountId32,
) -> Result<Vec<u8>, ClientError> {
    let reason = match ended {
        Ended::Returned(returned) => return Ok(returned.data),
        Ended::Failed(reason) => reason,
    };
    let (contract, message) = (contract.to_string(), message.to_owned());
    if reason.contains("ContractNotFound") {
        return Err(ClientError::NoContract(contract));
    }
    if dry_run::is_about_funds(&reason) {
        let free = chain.balance(origin).await?;
        return Err(ClientError::NoFunds {
            account: origin.to_string(),
            free: chain.token().show(free),
            needed: "the value, a storage deposit and the fee".to_owned(),
        });
    }
    Err(ClientError::Trapped { contract, message, reason })
}

/// Decodes an answer: ink! wraps each in a `Result` of its own.
pub(crate) fn decode<R: Decode>(data: &[u8], contract: &AccountId32, message: &str) -> Result<R, ClientError> {
    let rest = &mut &data[..];
    let unreadable = || ClientError::Undecodable { contract: contract.to_string(), message: message.to_owned() };
    let answer = Result::<R, ink_primitives::LangError>::decode(rest).map_err(|_| unreadable())?;
    if rest.is_empty() {
        answer.map_err(|_| unreadable())
    } else {
        Err(unreadable())
    }
}
