//! Orders: who gives them, signs them and relays them, and what they leave behind.

use crate::public::Cells;
use crate::world::unique;
use crate::{id, Result, World};
use ink_primitives::AccountId;
use salus_client::{blake2b_256, ink_account, relay, signer, Keypair};
use salus_domain::commitment;
use salus_domain::consent::Consent;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{Done, Instruction, Order, Place, RelayError, SignedOrder};

/// People who have no tokens, and are on no chain.
///
/// # Errors
/// None that occurs.
pub fn without_tokens(count: usize) -> Result<Vec<Keypair>> {
    let number = unique();
    (0..count).map(|one| Ok(signer::from_suri(&format!("//e2e//{number}//patient//{one}"))?)).collect()
}

/// What is to be done for somebody.
#[must_use]
pub fn order(patient: &Keypair, instruction: Instruction) -> Order {
    Order { patient: id(patient), instruction }
}

/// A mandate without end.
#[must_use]
pub fn mandate(powers: salus_domain::codes::PowerSet) -> Mandate {
    Mandate { powers, period: Period::ALWAYS }
}

/// What a patient says who agrees to a proposal.
#[must_use]
pub fn agreed(proposal: &Consent) -> Hash {
    commitment::proposal(&blake2b_256, proposal)
}

impl World {
    /// Where signatures for this world's registry count.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { genesis: Hash(self.chain.genesis_hash()), contract: ink_account(self.registry.address()) }
    }

    /// An order that somebody signs for this world's registry, for ever; a proxy where that is not the patient.
    #[must_use]
    pub fn signed(&self, by: &Keypair, order: Order, nonce: u32) -> SignedOrder {
        relay::sign(by, &self.place(), order, nonce, Timestamp::MAX)
    }

    /// An order that a patient signs for itself.
    #[must_use]
    pub fn own(&self, patient: &Keypair, instruction: Instruction, nonce: u32) -> SignedOrder {
        self.signed(patient, order(patient, instruction), nonce)
    }

    /// The stranger relays orders in one transaction; what the registry answered to each. What it carried out is what it
    /// told, in this order.
    ///
    /// # Errors
    /// Where it does not get into a block, or tells something else.
    pub async fn relays(&self, orders: &[SignedOrder]) -> Result<Vec<std::result::Result<Done, RelayError>>> {
        let done = self.run(&self.stranger, self.registry.relay(&self.place(), orders)).await?;
        let told = done.carried_out().into_iter().map(|it| (it.order, it.proxy, it.nonce, it.done));
        let answered = orders.iter().zip(&done.forecast).filter_map(|(signed, answer)| {
            let done = answer.ok()?;
            Some((signed.order.clone(), signed.proxy, Some(signed.nonce), done))
        });
        if !told.eq(answered) {
            return Err(format!("it answered {:?} and told {:?}", done.forecast, done.carried_out()).into());
        }
        Ok(done.forecast)
    }

    /// The stranger relays orders of which none is carried out: nothing is written and nothing told.
    ///
    /// # Errors
    /// Where something is, or it does not get into a block.
    pub async fn relays_in_vain(&self, orders: &[SignedOrder]) -> Result<Vec<RelayError>> {
        let before = self.kept().await?;
        let done = self.run(&self.stranger, self.registry.relay(&self.place(), orders)).await?;
        if !done.events.is_empty() || self.kept().await? != before {
            return Err(format!("something was done: {:?}", done.carried_out()).into());
        }
        done.forecast.into_iter().map(|answer| Ok(answer.err().ok_or("an order was carried out")?)).collect()
    }

    /// Everything that the registry keeps.
    ///
    /// # Errors
    /// The node's.
    pub async fn kept(&self) -> Result<Cells> {
        self.raw.cells(self.registry.address()).await
    }

    /// The epoch of somebody's consents, the nonce of the next signed order, and how many consents are in force.
    ///
    /// # Errors
    /// The client's.
    pub async fn counts(&self, account: AccountId) -> Result<(u32, u32, usize)> {
        let listed = self.read(self.registry.in_force(account, ConsentId(0), u32::MAX)).await?.len();
        Ok((self.read(self.registry.epoch(account)).await?, self.read(self.registry.nonce(account)).await?, listed))
    }
}
