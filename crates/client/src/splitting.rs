//! How much goes into one transaction, where there is more than one takes.

use crate::chain::Chain;
use crate::error::{CallError, ClientError};
use crate::message::Message;
use crate::rules::Rule;
use scale::Decode;
use subxt_signer::sr25519::Keypair;

/// How many things go into the next transaction at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Most {
    allowed: usize,
    count: usize,
}

impl Most {
    /// At the most as many as a message takes.
    pub(crate) const fn new(allowed: usize) -> Self {
        Self { allowed, count: allowed }
    }

    /// How many.
    pub(crate) const fn count(self) -> usize {
        self.count
    }

    /// So many were too much.
    pub(crate) fn halve(&mut self, too_many: usize) {
        self.count = (too_many / 2).max(1);
    }

    /// They were not too much: behind them more may fit again.
    pub(crate) fn fitted(&mut self) {
        self.count = self.count.saturating_mul(2).min(self.allowed);
    }
}

/// What a dry run of a message about `count` things answers; `None`: they are too much for one transaction. One alone is
/// never too much: then it is an error.
pub(crate) async fn answer<T: Decode, E: Decode + Rule>(
    chain: &Chain,
    signer: &Keypair,
    message: &Message<T, E>,
    count: usize,
) -> Result<Option<T>, CallError<E>> {
    match message.dry_run(chain, &signer.public_key().to_account_id()).await {
        Ok((_, cost)) if count > 1 && !chain.takes(cost).await? => Ok(None),
        Ok((answer, _)) => Ok(Some(answer)),
        Err(error) if count > 1 && is_too_much(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether something was not done because it needs too much: in a dry run gas or memory, on the chain what others left over
/// of a block.
pub(crate) fn is_too_much<E: Rule>(error: &CallError<E>) -> bool {
    match error {
        CallError::Client(ClientError::Trapped { .. }) => true,
        CallError::Client(ClientError::Dispatch(reason) | ClientError::NotIncluded(reason)) => {
            ["OutOfGas", "ExhaustsResources", "exhaust the block limits", "exhausted"]
                .iter()
                .any(|cause| reason.contains(cause))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_interface::claims::ClaimsError;

    #[test]
    fn half_as_many_are_tried_and_twice_as_many_behind_them() {
        let mut most = Most::new(100);
        most.halve(100);
        most.halve(50);
        assert_eq!(most.count(), 25);
        most.fitted();
        assert_eq!(most.count(), 50);
        most.halve(1);
        assert_eq!(most.count(), 1);
        (0..10).for_each(|_| most.fitted());
        assert_eq!(most.count(), 100);
    }

    #[test]
    fn only_what_fewer_would_not_meet_is_too_much() {
        let node = |reason: &str| CallError::<ClaimsError>::Client(ClientError::NotIncluded(reason.into()));
        assert!(is_too_much(&node("Invalid Transaction: Transaction would exhaust the block limits")));
        assert!(is_too_much(&CallError::<ClaimsError>::Client(ClientError::Dispatch("Contracts::OutOfGas".into()))));
        assert!(!is_too_much(&node("Transaction is outdated")));
        assert!(!is_too_much(&CallError::Refused(ClaimsError::BatchTooLarge)));
        assert!(!is_too_much(&CallError::<ClaimsError>::Client(ClientError::NoDevClock)));
    }
}
