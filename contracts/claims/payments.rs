//! Money in and out: the native token, and PSP22 tokens.
//!
//! Whatever a token does, it cannot call back into this contract: reentry is denied, as it is by default.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use psp22::PSP22;
use salus_domain::money::Amount;
use salus_interface::ask;
use salus_interface::claims::{Asset, ClaimsError};

/// Pays out. What an error leaves behind is the caller's to take back.
pub fn pay(asset: Asset, to: AccountId, amount: Amount) -> Result<(), ClaimsError> {
    let paid = match asset {
        Asset::Native => ink::env::transfer::<DefaultEnvironment>(to, amount.0).is_ok(),
        Asset::Psp22(token) => {
            let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
            is_done(ask(token.call_mut().transfer(to, amount.0, Vec::new())))
        }
    };
    if paid {
        Ok(())
    } else {
        Err(ClaimsError::TransferFailed)
    }
}

/// Takes in what the caller brings: of the native token the value that was transferred, which `amount` names; of a PSP22 token
/// what of `amount` arrives. Tells what arrived.
pub fn take_in(
    asset: Asset,
    from: AccountId,
    this: AccountId,
    value: Amount,
    amount: Amount,
) -> Result<Amount, ClaimsError> {
    if amount == Amount::ZERO {
        return Err(ClaimsError::NothingTransferred);
    }
    let Asset::Psp22(token) = asset else {
        return if value == amount { Ok(amount) } else { Err(ClaimsError::WrongValue) };
    };
    if value != Amount::ZERO {
        return Err(ClaimsError::WrongValue);
    }
    let before = balance(token, this)?;
    let mut contract: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    if !is_done(ask(contract.call_mut().transfer_from(from, this, amount.0, Vec::new()))) {
        return Err(ClaimsError::TransferFailed);
    }
    match balance(token, this)?.minus(before).min(amount) {
        Amount::ZERO => Err(ClaimsError::TransferFailed),
        arrived => Ok(arrived),
    }
}

/// Whether a token did what it was asked for: its answer is `Ok(())`.
fn is_done(answer: Option<Vec<u8>>) -> bool {
    answer.is_some_and(|answer| answer == [0])
}

fn balance(token: AccountId, of: AccountId) -> Result<Amount, ClaimsError> {
    let token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    let answer = ask(token.call().balance_of(of)).and_then(|answer| answer.try_into().ok());
    answer.map(|balance| Amount(u128::from_le_bytes(balance))).ok_or(ClaimsError::TransferFailed)
}
