//! `system_*`, as far as it asks for the network: there is none.

use std::{future::Future, sync::Arc};

use futures::StreamExt;
use sc_rpc::system::{error::Error, Health, NodeRole, Request, SyncState};
use sc_utils::mpsc::{tracing_unbounded, TracingUnboundedSender};
use sp_blockchain::HeaderBackend;

use crate::{runtime_api::Block, service::Client};

/// How many unanswered questions are worth a warning.
const WARN_AT: usize = 10_000;

/// Where the RPC sends its questions, and what answers them.
pub fn requests(client: Arc<Client>) -> (TracingUnboundedSender<Request<Block>>, impl Future<Output = ()>) {
    let (sender, mut receiver) = tracing_unbounded("mpsc_system_rpc", WARN_AT);
    let starting_block = client.info().best_number;
    let answers = async move {
        while let Some(request) = receiver.next().await {
            answer(request, starting_block, client.info().best_number);
        }
    };
    (sender, answers)
}

/// Who asked may be gone by now: then nobody misses the answer.
fn answer(request: Request<Block>, starting_block: u32, best: u32) {
    match request {
        Request::Health(to) => {
            let _ = to.send(Health { peers: 0, is_syncing: false, should_have_peers: false });
        }
        Request::SyncState(to) => {
            let _ = to.send(SyncState { starting_block, current_block: best, highest_block: best });
        }
        Request::NodeRoles(to) => {
            let _ = to.send(vec![NodeRole::Authority]);
        }
        Request::Peers(to) => {
            let _ = to.send(Vec::new());
        }
        Request::LocalListenAddresses(to) | Request::NetworkReservedPeers(to) => {
            let _ = to.send(Vec::new());
        }
        Request::LocalPeerId(to) => {
            let _ = to.send(String::new());
        }
        Request::NetworkState(to) => {
            let _ = to.send(serde_json::json!({ "connectedPeers": {}, "notConnectedPeers": {} }));
        }
        Request::NetworkAddReservedPeer(_, to) | Request::NetworkRemoveReservedPeer(_, to) => {
            let _ = to.send(Err(Error::MalformattedPeerArg("this node has no peer-to-peer network".to_owned())));
        }
    }
}
