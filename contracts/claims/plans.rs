//! Plans: their terms by version, pools, fees and networks. Caller and time are arguments.

use ink::prelude::{boxed::Box, vec::Vec};
use ink::primitives::AccountId;
use ink::storage::{Lazy, Mapping};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::{fee_page, Fee, PlanTerms, MAX_PAGE, MAX_PAGES};
use salus_interface::claims::{Asset, ClaimsError, Plan, Pool};
use salus_interface::Cells;
use scale::Encode;

/// Every plan.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Plans {
    next: Lazy<u32>,
    /// What claims change (the pool) lies with what they read anyway.
    plans: Mapping<PlanId, Plan>,
    terms: Mapping<(PlanId, u32), KeptTerms>,
    fees: Mapping<(PlanId, u8), KeptPage>,
    network: Mapping<(PlanId, AccountId), ()>,
    debts: Mapping<(PlanId, AccountId), Debt>,
}

/// A version of a plan's terms.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct KeptTerms(PlanTerms);

impl scale::EncodeLike<KeptTerms> for PlanTerms {}

/// What a provider owes a pool.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Debt(Amount);

/// A page of a fee schedule: fees, each encoded in 32 bytes.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct KeptPage(Vec<u8>);

/// A page of a fee schedule as its cell has it: the length comes first. A search decodes what it finds only.
pub struct FeePage(Vec<u8>);

salus_interface::kept_in_one_cell!(KeptTerms, Debt, KeptPage);

/// The bytes of a code, and of a fee.
const CODE: usize = 16;
const FEE: usize = 32;

impl FeePage {
    /// What is allowed for one unit.
    pub fn price(&self, code: CodeTag) -> Option<Amount> {
        // From the end: what is left over is the length.
        let fees = self.0.as_rchunks::<FEE>().1;
        let price = fees.iter().map(|fee| fee.split_at(CODE)).find(|(own, _)| *own == code.0)?.1;
        Some(Amount(u128::from_le_bytes(price.try_into().ok()?)))
    }
}

impl Plans {
    /// Adds a plan with an empty pool.
    pub fn open(
        &mut self,
        insurer: AccountId,
        arbiter: AccountId,
        asset: Asset,
        fee_pages: u16,
        terms: &PlanTerms,
    ) -> Result<PlanId, ClaimsError> {
        terms.validate().map_err(ClaimsError::TermsMalformed)?;
        if !fee_pages.is_power_of_two() || fee_pages > MAX_PAGES {
            return Err(ClaimsError::WrongPages);
        }
        let next = self.next.get_or_default();
        self.next.set(&next.checked_add(1).ok_or(ClaimsError::IdsUsedUp)?);
        let id = PlanId(next);
        let plan = Plan { insurer, arbiter, asset, version: 0, frozen: false, fee_pages, pool: Pool::default() };
        self.write(id, &plan);
        self.terms.put(&(id, 0), terms);
        Ok(id)
    }

    /// A plan.
    pub fn get(&self, plan: PlanId) -> Result<Box<Plan>, ClaimsError> {
        self.plans.read(&plan).map(Box::new).ok_or(ClaimsError::PlanNotFound)
    }

    /// A plan of the caller's: the guard of what only the insurer may do.
    pub fn of_insurer(&self, plan: PlanId, caller: AccountId) -> Result<Box<Plan>, ClaimsError> {
        let found = self.get(plan)?;
        if found.insurer == caller {
            Ok(found)
        } else {
            Err(ClaimsError::NotInsurer)
        }
    }

    /// Writes a plan.
    pub fn write(&mut self, id: PlanId, plan: &Plan) {
        self.plans.put(&id, plan);
    }

    /// Adds a version of a plan's terms. Does not check who calls.
    pub fn revise(&mut self, id: PlanId, plan: &mut Plan, terms: &PlanTerms) -> Result<u32, ClaimsError> {
        terms.validate().map_err(ClaimsError::TermsMalformed)?;
        plan.version = plan.version.checked_add(1).ok_or(ClaimsError::IdsUsedUp)?;
        self.terms.put(&(id, plan.version), terms);
        self.write(id, plan);
        Ok(plan.version)
    }

    /// A version of a plan's terms.
    pub fn terms(&self, plan: PlanId, version: u32) -> Result<PlanTerms, ClaimsError> {
        self.terms.read(&(plan, version)).map(|KeptTerms(terms)| terms).ok_or(ClaimsError::PlanNotFound)
    }

    /// Sets a page of the fee schedule. Does not check who calls.
    pub fn set_fees(&mut self, id: PlanId, plan: &Plan, page: u8, fees: &[Fee]) -> Result<(), ClaimsError> {
        if fees.len() > MAX_PAGE {
            return Err(ClaimsError::BatchTooLarge);
        }
        let mut kept = Vec::with_capacity(fees.len().saturating_mul(FEE));
        let mut before: Option<CodeTag> = None;
        for fee in fees {
            let ascends = before.is_none_or(|before| before.0 < fee.code.0);
            if !ascends || fee_page(fee.code, plan.fee_pages) != page {
                return Err(ClaimsError::NotOnThisPage);
            }
            before = Some(fee.code);
            fee.encode_to(&mut kept);
        }
        if u16::from(page) >= plan.fee_pages {
            return Err(ClaimsError::NotOnThisPage);
        }
        self.fees.put(&(id, page), &KeptPage(kept));
        Ok(())
    }

    /// A page of the fee schedule.
    pub fn fee_page(&self, plan: PlanId, page: u8) -> FeePage {
        FeePage(self.fees.bytes(&(plan, page)).unwrap_or_default())
    }

    /// What is allowed for one unit of a procedure.
    pub fn fee(&self, plan: PlanId, code: CodeTag) -> Option<Amount> {
        let pages = self.get(plan).ok()?.fee_pages;
        self.fee_page(plan, fee_page(code, pages)).price(code)
    }

    /// Takes providers into the network, or out of it. Does not check who calls.
    pub fn set_network(&mut self, plan: PlanId, providers: &[AccountId], listed: bool) {
        for provider in providers {
            if listed {
                self.network.put(&(plan, *provider), &());
            } else {
                self.network.delete(&(plan, *provider));
            }
        }
    }

    /// Whether a provider is in the network.
    pub fn in_network(&self, plan: PlanId, provider: AccountId) -> bool {
        self.network.contains((plan, provider))
    }

    /// What a provider owes a pool.
    pub fn debt(&self, plan: PlanId, provider: AccountId) -> Amount {
        self.debts.read(&(plan, provider)).map_or(Amount::ZERO, |Debt(amount)| amount)
    }

    /// Sets what a provider owes a pool.
    pub fn write_debt(&mut self, plan: PlanId, provider: AccountId, amount: Amount) {
        if amount == Amount::ZERO {
            self.debts.delete(&(plan, provider));
        } else {
            self.debts.put(&(plan, provider), &Debt(amount));
        }
    }
}

/// Adds money to a pool.
pub fn fund(pool: &mut Pool, amount: Amount) -> Result<(), ClaimsError> {
    pool.funded = pool.funded.checked_add(amount).ok_or(ClaimsError::PoolOverflow)?;
    Ok(())
}

/// Takes free money out of a pool.
pub fn withdraw(pool: &mut Pool, amount: Amount) -> Result<(), ClaimsError> {
    ensure_free(pool, amount)?;
    pool.funded = pool.funded.minus(amount);
    Ok(())
}

/// Keeps free money for a claim.
pub fn reserve(pool: &mut Pool, amount: Amount) -> Result<(), ClaimsError> {
    ensure_free(pool, amount)?;
    pool.reserved = pool.reserved.checked_add(amount).ok_or(ClaimsError::PoolOverflow)?;
    Ok(())
}

fn ensure_free(pool: &Pool, amount: Amount) -> Result<(), ClaimsError> {
    if amount > pool.free() {
        Err(ClaimsError::PoolTooSmall)
    } else {
        Ok(())
    }
}

/// Settles a claim with `amount` of what is reserved, of which `withheld` comes out of what the provider owes and is free then.
pub fn settle(pool: &mut Pool, amount: Amount, withheld: Amount) -> Result<(), ClaimsError> {
    pool.reserved = pool.reserved.checked_sub(amount).ok_or(ClaimsError::PoolTooSmall)?;
    pool.paid = pool.paid.checked_add(amount.minus(withheld)).ok_or(ClaimsError::PoolOverflow)?;
    pool.owed = pool.owed.minus(withheld);
    Ok(())
}

/// Undoes [`settle`].
pub fn unsettle(pool: &mut Pool, amount: Amount, withheld: Amount) {
    // It was taken off each of them before, so it fits again.
    pool.reserved.0 = pool.reserved.0.saturating_add(amount.0);
    pool.paid = pool.paid.minus(amount.minus(withheld));
    pool.owed.0 = pool.owed.0.saturating_add(withheld.0);
}

/// Counts as owed what a reversed claim paid, and as free what was still reserved for it.
pub fn reverse(pool: &mut Pool, paid: Amount, reserved: Amount) -> Result<(), ClaimsError> {
    pool.reserved = pool.reserved.checked_sub(reserved).ok_or(ClaimsError::PoolTooSmall)?;
    pool.owed = pool.owed.checked_add(paid).ok_or(ClaimsError::PoolOverflow)?;
    Ok(())
}

/// Counts what a provider paid back.
pub fn repay(pool: &mut Pool, amount: Amount) {
    pool.paid = pool.paid.minus(amount);
    pool.owed = pool.owed.minus(amount);
}
