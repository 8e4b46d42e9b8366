//! What meets in one block, where the order of the calls decides.

use crate::raw::{in_one_block, Call};
use crate::{Result, World};
use salus_client::{signer, Keypair};
use salus_interface::event::Event;

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
