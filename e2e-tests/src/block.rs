//! What meets in one block, where the order of the calls decides.

use crate::raw::{in_one_block, Call, Raw};
use crate::{account, Result, World};
use salus_client::{signer, Keypair};
use salus_interface::event::Event;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use subxt::config::substrate::{SubstrateConfig, SubstrateExtrinsicParamsBuilder};
use tokio::task::JoinSet;

/// How long the node has for all that is in its pool.
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
    /// Signs all calls, then puts them into the node's pool at once, and waits until it is empty: blocks are as full as they
    /// get.
    ///
    /// # Errors
    /// The node's; where one of them is not taken.
    pub async fn flood(&self, calls: &[(&Keypair, Call)]) -> Result {
        let at = self.best().await?;
        let mut nonces: HashMap<[u8; 32], u64> = HashMap::new();
        let mut signed = Vec::new();
        for (who, call) in calls {
            let who_id = account(who);
            let nonce = match nonces.get(&who_id.0) {
                Some(nonce) => *nonce,
                None => self.rpc.system_account_next_index(&who_id).await?,
            };
            nonces.insert(who_id.0, nonce + 1);
            let params = SubstrateExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(nonce).immortal().build();
            signed.push(at.transactions().create_signable_offline(call, params)?.sign(*who)?.into_encoded());
        }
        let mut sent = JoinSet::new();
        for bytes in signed {
            let rpc = self.rpc.clone();
            sent.spawn(async move { rpc.author_submit_extrinsic(&bytes).await });
        }
        while let Some(taken) = sent.join_next().await {
            taken??;
        }
        let deadline = Instant::now() + PATIENCE;
        let pending = subxt::rpcs::rpc_params![];
        while !self.transport.request::<Vec<String>>("author_pendingExtrinsics", pending.clone()).await?.is_empty() {
            if Instant::now() > deadline {
                return Err("the pool does not empty".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}
