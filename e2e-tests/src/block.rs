//! What meets in one block, where the order of the calls decides.

use crate::raw::{in_one_block, Call, Raw};
use crate::{account, Result, World};
use salus_client::{signer, AccountId32, Keypair};
use salus_interface::event::Event;
use std::collections::hash_map::{Entry, HashMap};
use std::time::{Duration, Instant};
use subxt::config::substrate::{SubstrateConfig, SubstrateExtrinsicParamsBuilder};
use tokio::task::JoinSet;

/// How long the node may go on without a block that has any of what is in its pool.
const PATIENCE: Duration = Duration::from_secs(120);

impl World {
    /// Puts calls into one block, one after the other, each as another's; its number.
    pub async fn in_one_block<const N: usize>(&self, calls: [(&Keypair, Call); N]) -> Result<u64> {
        let order = in_one_block(calls);
        Ok(self.raw.submit(&order, &signer::from_suri("//Alice")?).await??.block)
    }

    /// What access grants told of one kind in a block, in order.
    pub async fn told<E: Event>(&self, block: u64) -> Result<Vec<E>> {
        let told = self.chain.contract_events(self.grants.address(), block, block, |_| {}).await?;
        Ok(told.iter().filter_map(|found| found.event.decode()).collect())
    }
}

impl Raw {
    /// Signs all calls, then puts them into the node's pool at once, and waits until all are in blocks, which are as full as
    /// they get. An account's calls go in one after the other: of those that wait for an earlier one, a pool keeps 512 and
    /// drops the others without a word.
    ///
    /// # Errors
    /// The node's; where one of them is not taken, or the node makes no block with any of them for two minutes.
    pub async fn flood(&self, calls: &[(&Keypair, Call)]) -> Result {
        let at = self.best().await?;
        let mut signers = HashMap::<[u8; 32], (u64, Vec<Vec<u8>>)>::new();
        for (who, call) in calls {
            let who_id = account(who);
            let (first, signed) = match signers.entry(who_id.0) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert((self.rpc.system_account_next_index(&who_id).await?, Vec::new())),
            };
            let nonce = *first + signed.len() as u64;
            let params = SubstrateExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
            signed.push(at.transactions().create_signable_offline(call, params)?.sign(*who)?.into_encoded());
        }
        let ends: Vec<_> =
            signers.iter().map(|(who, (first, signed))| (AccountId32(*who), first + signed.len() as u64)).collect();
        let mut sent = JoinSet::new();
        for (_, signed) in signers.into_values() {
            let rpc = self.rpc.clone();
            sent.spawn(async move {
                for bytes in signed {
                    rpc.author_submit_extrinsic(&bytes).await?;
                }
                Ok::<_, subxt::rpcs::Error>(())
            });
        }
        while let Some(taken) = sent.join_next().await {
            taken??;
        }
        let (mut least, mut deadline) = (u64::MAX, Instant::now());
        loop {
            let missing = self.missing(&ends).await?;
            match missing {
                0 => return Ok(()),
                fewer if fewer < least => (least, deadline) = (fewer, Instant::now() + PATIENCE),
                _ if Instant::now() > deadline => return Err(format!("{missing} calls are not in a block").into()),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// How many calls of these accounts are not in a block, until each has the nonce that it ends up with.
    async fn missing(&self, ends: &[(AccountId32, u64)]) -> Result<u64> {
        let at = self.best().await?;
        let mut missing = 0;
        for (who, end) in ends {
            missing += end - at.transactions().account_nonce(who).await?;
        }
        Ok(missing)
    }
}
