//! Tokens that plans are paid in: one that keeps to PSP22, and one that does what it is told.

use crate::samples::UNIT;
use crate::{account, id, Result, World};
use ink_primitives::AccountId;
use salus_client::contracts::{TokenError, PSP22};
use salus_client::message::Message;
use salus_client::{blake2b_256, ink_account, AccountId32, Keypair};
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_interface::claims::Asset;
use scale::Encode;

/// How much there is of a token.
pub const SUPPLY: u128 = 1_000_000 * UNIT;

/// What the hostile token does when it is asked to move something: `Behaviour` of `benches/contracts/hostile-token`.
#[derive(Clone, Debug, Encode)]
pub enum Behaviour {
    /// What it is asked to.
    Honest,
    /// It answers with an error.
    Refuse,
    /// It panics.
    Trap,
    /// It answers that all went well, and moves nothing.
    Lie,
    /// It moves so much less.
    Fee(u128),
    /// It calls a contract with this input, and then does what it is asked to, whatever that answered.
    Reenter {
        /// The contract.
        target: AccountId,
        /// The input.
        input: Vec<u8>,
    },
    /// It hashes so many times, and then does what it is asked to.
    Burn(u32),
}

/// A token on the chain.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its messages.
    pub psp22: PSP22,
}

impl Token {
    /// The token as an asset of a plan.
    #[must_use]
    pub fn asset(&self) -> Asset {
        Asset::Psp22(ink_account(self.psp22.address()))
    }

    /// Tells the hostile token what to do from then on.
    #[must_use]
    pub fn behave(&self, behaviour: Behaviour) -> Message<(), TokenError> {
        Message::new(self.psp22.address(), "behave", &(behaviour,))
    }
}

impl World {
    /// A token of which the insurer has all.
    ///
    /// # Errors
    /// The node's.
    pub async fn token(&self) -> Result<Token> {
        self.token_of("token", SUPPLY).await
    }

    /// A hostile token of which the insurer has all.
    ///
    /// # Errors
    /// The node's.
    pub async fn hostile_token(&self) -> Result<Token> {
        self.token_of("hostile_token", SUPPLY).await
    }

    /// A token of either kind, and of any supply.
    ///
    /// # Errors
    /// The node's.
    pub async fn token_of(&self, bundle: &str, supply: u128) -> Result<Token> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/bundles/");
        let code = std::fs::read(format!("{path}{bundle}.wasm"))?;
        let input = [&blake2b_256(b"new")[..4], &supply.encode()].concat();
        // Several worlds have the same code, each has an insurer of its own.
        let address = self.raw.instantiate(&self.insurer, &code, &input, &[]).await??;
        Ok(Token { psp22: PSP22::at(address) })
    }

    /// What somebody has of a token.
    ///
    /// # Errors
    /// The client's.
    pub async fn has(&self, token: &Token, who: &AccountId32) -> Result<u128> {
        self.read(token.psp22.balance_of(ink_account(who))).await
    }

    /// What claims hold of a token.
    ///
    /// # Errors
    /// The client's.
    pub async fn held_of(&self, token: &Token) -> Result<u128> {
        self.has(token, self.claims.address()).await
    }

    /// The insurer approves an amount and pays it into a pool.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn funds_in(&self, token: &Token, plan: PlanId, amount: u128) -> Result {
        self.approves(&self.insurer, token, amount).await?;
        self.run(&self.insurer, self.claims.fund(plan, Amount(amount), token.asset())).await?;
        Ok(())
    }

    /// Somebody lets claims take so much.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn approves(&self, who: &Keypair, token: &Token, amount: u128) -> Result {
        let claims = ink_account(self.claims.address());
        self.run(who, token.psp22.increase_allowance(claims, amount)).await?;
        Ok(())
    }

    /// The insurer opens a plan in a token, funds it, and covers the patient.
    ///
    /// # Errors
    /// Where one of it fails.
    pub async fn insures_in(&self, token: &Token, terms: &salus_domain::plan::PlanTerms, pool: u128) -> Result<PlanId> {
        let plan = self.opens(&self.insurer, token.asset(), terms).await?;
        if pool > 0 {
            self.funds_in(token, plan, pool).await?;
        }
        self.covers(&self.insurer, plan, &self.patient).await?;
        Ok(plan)
    }

    /// What the doctor has of a token.
    ///
    /// # Errors
    /// The client's.
    pub async fn earned(&self, token: &Token) -> Result<u128> {
        self.has(token, &account(&self.doctor)).await
    }

    /// The claims contract, as ink! has it.
    #[must_use]
    pub fn claims_id(&self) -> AccountId {
        ink_account(self.claims.address())
    }

    /// The doctor, as ink! has it.
    #[must_use]
    pub fn doctor_id(&self) -> AccountId {
        id(&self.doctor)
    }
}
