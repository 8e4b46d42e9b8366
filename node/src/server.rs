//! The JSON-RPC server, over HTTP and WebSocket, on the loopback interface.
//!
//! It has an accept loop of its own for one reason: TCP_NODELAY. Without it, an answer that is followed by a
//! notification waits some 40 ms for the peer's delayed acknowledgement.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use hyper::body::Incoming;
use jsonrpsee::{
    server::{
        middleware::http::HostFilterLayer, serve_with_graceful_shutdown, stop_channel, PingConfig,
        RandomStringIdProvider, Server, ServerHandle, StopHandle,
    },
    Methods,
};
use sc_rpc_api::DenyUnsafe;
use tokio::net::TcpListener;
use tower::Service;
use tower_http::cors::{Any, CorsLayer};

/// The largest request and answer, in bytes.
const MESSAGE_LIMIT: u32 = 16 * 1024 * 1024;
/// How many connections there may be at once.
const CONNECTION_LIMIT: u32 = 1024;
/// How many subscriptions a connection may have.
const SUBSCRIPTION_LIMIT: u32 = 1024;
/// How many messages may wait for a slow reader.
const BUFFERED_MESSAGES: u32 = 256;
/// How long to wait after a failed accept: the reason is most likely a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running server.
pub struct RpcServer {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl RpcServer {
    /// Starts the server on the loopback interface; port 0 takes a free one.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub async fn start(port: u16, methods: impl Into<Methods>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, handle) = stop_channel();
        tokio::spawn(accept(listener, methods.into(), stop));
        Ok(Self { address, handle })
    }

    /// Ends the server and waits for its connections to close, but no longer than `limit`.
    pub async fn stop(self, limit: Duration) {
        // An error says that it has ended already.
        let _ = self.handle.stop();
        let _ = tokio::time::timeout(limit, self.handle.stopped()).await;
    }
}

async fn accept(listener: TcpListener, methods: Methods, stop: StopHandle) {
    // Pages from anywhere may ask, as on any development node; but only under a name of this machine, so that a
    // foreign name that resolves to it is of no use.
    let hosts = HostFilterLayer::new(["localhost:*", "127.0.0.1:*"]).expect("both are well-formed authorities");
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let services = Server::builder()
        .max_request_body_size(MESSAGE_LIMIT)
        .max_response_body_size(MESSAGE_LIMIT)
        .max_connections(CONNECTION_LIMIT)
        .max_subscriptions_per_connection(SUBSCRIPTION_LIMIT)
        .set_message_buffer_capacity(BUFFERED_MESSAGES)
        .enable_ws_ping(PingConfig::default())
        .set_id_provider(RandomStringIdProvider::new(16))
        .set_http_middleware(tower::ServiceBuilder::new().layer(hosts).layer(cors))
        .to_service_builder();

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.clone().shutdown() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                log::debug!(target: "rpc", "connection not accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            log::debug!(target: "rpc", "TCP_NODELAY not set: {error}");
        }

        let (services, methods, per_request) = (services.clone(), methods.clone(), stop.clone());
        let service = tower::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(DenyUnsafe::No);
            let mut service = services.clone().build(methods.clone(), per_request.clone());
            async move { service.call(request).await }
        });
        tokio::spawn(serve_with_graceful_shutdown(stream, service, stop.clone().shutdown()));
    }
}
