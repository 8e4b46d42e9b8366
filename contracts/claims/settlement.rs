//! Paying claims: effects first, then one transfer for each provider; what a transfer fails for is taken back.

use crate::claims::Claims;
use crate::{payments, plans};
use ink::prelude::{boxed::Box, vec::Vec};
use ink::primitives::AccountId;
use salus_domain::ids::{ClaimId, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::claims::{Asset, ClaimStatus, ClaimsError, ClaimsSettled, Payment, Plan, MAX_BATCH};
use salus_interface::emit;

/// Claims of one provider in one asset.
struct Transfer {
    asset: Asset,
    provider: AccountId,
    /// What goes to the provider.
    amount: Amount,
    payments: Vec<Payment>,
    /// The places of the claims in the answer.
    places: Vec<usize>,
}

impl Transfer {
    fn add(&mut self, place: usize, payment: Payment) {
        // Both are parts of pools' sums, which fit.
        self.amount.0 = self.amount.0.saturating_add(payment.amount.minus(payment.withheld).0);
        self.payments.push(payment);
        self.places.push(place);
    }
}

/// A batch that is being settled. Each plan is read and written once.
#[derive(Default)]
pub struct Settlement {
    plans: Vec<(PlanId, Box<Plan>)>,
    transfers: Vec<Transfer>,
}

impl Claims {
    pub(crate) fn do_settle(&mut self, claims: &[ClaimId]) -> Result<Vec<Result<Amount, ClaimsError>>, ClaimsError> {
        if claims.len() > MAX_BATCH {
            return Err(ClaimsError::BatchTooLarge);
        }
        let (caller, now) = (self.caller(), self.now());
        let mut run = Settlement::default();
        let mut answers: Vec<Result<Amount, ClaimsError>> = Vec::with_capacity(claims.len());
        for id in claims {
            let place = answers.len();
            answers.push(self.prepare(&mut run, place, *id, caller, now));
        }
        let Settlement { plans, transfers } = run;
        for (id, plan) in &plans {
            self.plans.write(*id, plan);
        }
        for transfer in transfers {
            let Transfer { asset, provider, amount, payments, places } = transfer;
            if amount == Amount::ZERO || payments::pay(asset, provider, amount).is_ok() {
                emit(ClaimsSettled { provider, asset, payments });
                continue;
            }
            for (place, payment) in places.into_iter().zip(payments) {
                self.take_back(payment);
                if let Some(answer) = answers.get_mut(place) {
                    *answer = Err(ClaimsError::TransferFailed);
                }
            }
        }
        Ok(answers)
    }

    /// Counts a claim as settled, and its payment to its provider's transfer.
    fn prepare(
        &mut self,
        run: &mut Settlement,
        place: usize,
        id: ClaimId,
        caller: AccountId,
        now: Timestamp,
    ) -> Result<Amount, ClaimsError> {
        let mut claim = self.register.get(id)?;
        match claim.status {
            ClaimStatus::Adjudicated => {}
            ClaimStatus::Settled => return Err(ClaimsError::AlreadySettled),
            _ => return Err(ClaimsError::NotAdjudicated),
        }
        let amount = claim.total.payer.minus(claim.paid);
        if amount == Amount::ZERO {
            return Err(ClaimsError::NothingToPay);
        }
        if !run.plans.iter().any(|(plan, _)| *plan == claim.plan) {
            run.plans.push((claim.plan, self.plans.get(claim.plan)?));
        }
        let found = run.plans.iter_mut().find(|(plan, _)| *plan == claim.plan);
        let (_, plan) = found.ok_or(ClaimsError::PlanNotFound)?;
        if now < claim.due && caller != plan.insurer {
            return Err(ClaimsError::NotInsurer);
        }
        let owes = plan.pool.owed > Amount::ZERO;
        let debt = if owes { self.plans.debt(claim.plan, claim.provider) } else { Amount::ZERO };
        let withheld = debt.min(amount);
        plans::settle(&mut plan.pool, amount, withheld)?;
        if withheld > Amount::ZERO {
            self.plans.write_debt(claim.plan, claim.provider, debt.minus(withheld));
        }
        claim.status = ClaimStatus::Settled;
        claim.paid = claim.total.payer;
        self.register.write(id, &claim);
        let (asset, provider) = (plan.asset, claim.provider);
        let payment = Payment { claim: id, amount, withheld };
        let mut found = run.transfers.iter_mut();
        match found.find(|other| (other.asset, other.provider) == (asset, provider)) {
            Some(transfer) => transfer.add(place, payment),
            None => {
                let (payments, places) = (Vec::new(), Vec::new());
                let mut transfer = Transfer { asset, provider, amount: Amount::ZERO, payments, places };
                transfer.add(place, payment);
                run.transfers.push(transfer);
            }
        }
        Ok(amount)
    }

    /// Undoes [`Claims::prepare`] for a claim that could not be paid.
    fn take_back(&mut self, payment: Payment) {
        let Payment { claim: id, amount, withheld } = payment;
        let Some(mut claim) = self.register.find(id) else { return };
        let Ok(mut plan) = self.plans.get(claim.plan) else { return };
        claim.status = ClaimStatus::Adjudicated;
        claim.paid = claim.paid.minus(amount);
        self.register.write(id, &claim);
        if withheld > Amount::ZERO {
            let debt = self.plans.debt(claim.plan, claim.provider);
            self.plans.write_debt(claim.plan, claim.provider, Amount(debt.0.saturating_add(withheld.0)));
        }
        plans::unsettle(&mut plan.pool, amount, withheld);
        self.plans.write(claim.plan, &plan);
    }
}
