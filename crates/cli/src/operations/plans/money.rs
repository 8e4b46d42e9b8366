//! What a plan pays in: how it is written, and how it is handed to claims.

use crate::operations::{account_of, OperationError, Suite};
use salus_client::contracts::{PSP22Metadata, TokenError, PSP22};
use salus_client::message::{Executed, Message};
use salus_client::{client_account, ink_account, AccountId32, Chain, ClientError, Keypair, Token};
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_interface::claims::Asset;

/// How amounts of an asset are written. A PSP22 token that does not say how many decimals it has is written in its smallest unit.
///
/// # Errors
/// [`ClientError`].
pub async fn token_of(chain: &Chain, asset: Asset) -> Result<Token, ClientError> {
    let Asset::Psp22(address) = asset else { return Ok(chain.token().clone()) };
    let address = client_account(address);
    let metadata = PSP22Metadata::at(address);
    let decimals = said(metadata.token_decimals().read(chain).await)?.unwrap_or_default();
    let symbol = said(metadata.token_symbol().read(chain).await)?.flatten();
    let symbol = symbol.filter(|symbol| is_symbol(symbol)).unwrap_or_else(|| format!("units of the token {address}"));
    Ok(Token { symbol, decimals })
}

/// What a token says of itself, where it does: the metadata are optional.
fn said<T>(read: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match read {
        Ok(said) => Ok(Some(said)),
        Err(ClientError::Trapped { .. } | ClientError::Undecodable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Anybody can make a token: what it calls itself is not written where it could pass for something else.
fn is_symbol(symbol: &str) -> bool {
    (1..=16).contains(&symbol.len()) && symbol.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What lets claims take `amount` of the asset from `payer`; `None`: nothing is needed.
///
/// # Errors
/// [`ClientError`].
pub async fn allowance(
    suite: &Suite,
    payer: &AccountId32,
    asset: Asset,
    amount: Amount,
) -> Result<Option<Message<(), TokenError>>, ClientError> {
    let Asset::Psp22(address) = asset else { return Ok(None) };
    let token = PSP22::at(client_account(address));
    let claims = ink_account(suite.deployment.claims().address());
    let allowed = token.allowance(ink_account(payer), claims).read(&suite.chain).await?;
    let missing = amount.minus(Amount(allowed));
    Ok((missing > Amount::ZERO).then(|| token.increase_allowance(claims, missing.0)))
}

/// Lets claims take `amount` of the asset from `payer`, where it may take less.
///
/// # Errors
/// [`OperationError::Token`].
pub async fn allow(
    suite: &Suite,
    payer: &Keypair,
    asset: Asset,
    amount: Amount,
) -> Result<Option<Executed<()>>, OperationError> {
    match allowance(suite, &account_of(payer), asset, amount).await? {
        Some(message) => Ok(Some(message.submit(&suite.chain, payer).await?)),
        None => Ok(None),
    }
}

/// Adds money to a plan's pool.
///
/// # Errors
/// [`OperationError::NoPlan`], [`OperationError::Token`], [`OperationError::Claims`].
pub async fn fund(suite: &Suite, from: &Keypair, plan: PlanId, amount: Amount) -> Result<Executed<()>, OperationError> {
    let asset = super::plan(suite, plan).await?.asset;
    allow(suite, from, asset, amount).await?;
    Ok(suite.deployment.claims().fund(plan, amount, asset).submit(&suite.chain, from).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_call_itself_what_could_pass_for_something_else() {
        for symbol in ["USDT", "AZERO", "wBTC2"] {
            assert!(is_symbol(symbol), "{symbol}");
        }
        for symbol in ["", "1000 UNIT", "a\u{1b}[2J", "ABCDEFGHIJKLMNOPQ", "€"] {
            assert!(!is_symbol(symbol), "{symbol}");
        }
    }

    #[test]
    fn a_token_without_metadata_says_nothing_and_a_broken_connection_is_an_error() {
        let trapped =
            ClientError::Trapped { contract: String::new(), message: String::new(), reason: "ContractTrapped".into() };
        assert!(matches!(said::<u8>(Err(trapped)), Ok(None)));
        assert!(said::<u8>(Err(ClientError::Node("gone".into()))).is_err());
    }
}
