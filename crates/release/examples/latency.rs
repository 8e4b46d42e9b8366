//! Measures how long a release takes, beside a route that checks one sr25519 signature and nothing else.
//!
//! ```sh
//! cargo run --release -p salus-release --example latency -- ws://127.0.0.1:9944 bundles
//! ```
//!
//! The node is a development node of its own: `//Alice` pays. Requests are signed before the clock starts. The service, the
//! bare route, the callers and the node share the machine.

use axum::extract::{FromRequest, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::Router;
use salus_client::bundle::Bundles;
use salus_client::deployment::{self, Deployment, Mode};
use salus_client::{domain_account, ink_account, signer, Chain, Keypair};
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Role, SensitivitySet};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{Hash, RecordId};
use salus_domain::time::{Period, Timestamp, DAY};
use salus_interface::access::{AccessDecided, RecordRegistered, RecordTerms};
use salus_release::request::{Asked, Proof, Target};
use salus_release::wire::{Hex32, PermitPlace, ReleaseRequest};
use salus_release::{Config, LogMode, Server};
use salus_vault::{EncryptionKeyPair, RecordRef, Vault};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const CONNECTIONS: [usize; 3] = [1, 16, 128];
/// For each number of connections.
const REQUESTS: usize = 4_000;
const WARMING: usize = 200;
const PATH: &str = "/v1/releases";

#[tokio::main]
async fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, bundles] = arguments.as_slice() else { return Err("usage: latency URL BUNDLES".into()) };
    let folder = tempfile::tempdir()?;
    let scene = prepare(&Chain::connect(url).await?, Path::new(bundles), folder.path()).await?;

    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        vault: format!("file://{}", folder.path().join("vault").display()),
        log: folder.path().join("releases.log"),
        urls: vec![url.clone()],
        deployment: scene.deployment.clone(),
        account: signer::from_suri("//Alice")?,
        mode: LogMode::Batch { entries: u64::MAX, interval: Duration::from_secs(3_600) },
        max_head_age: None,
        rpc_timeout: Config::RPC_TIMEOUT,
        start_timeout: Config::START_TIMEOUT,
        concurrency: Config::CONCURRENCY,
    };
    let server = Server::start(config).await?;
    let service = format!("http://{}", server.address());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let bare = format!("http://{}", listener.local_addr()?);
    let route = Router::new().route(PATH, post(check)).with_state(scene.target);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, route).await });

    println!("| connections | route | p50 | p99 | requests/s |\n|---|---|---|---|---|");
    for connections in CONNECTIONS {
        for (name, base) in [("one signature check", &bare), ("release", &service)] {
            measure(&scene, base, connections, WARMING).await?;
            let (mut times, took) = measure(&scene, base, connections, REQUESTS).await?;
            times.sort_unstable();
            let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
            let rate = times.len() as f64 / took.as_secs_f64();
            println!("| {connections} | {name} | {:.2?} | {:.2?} | {rate:.0} |", at(50), at(99));
        }
    }
    let _ = stop.send(());
    running.await?;
    Ok(())
}

/// What the bare route does.
async fn check(State(target): State<Target>, request: Request) -> StatusCode {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let Some(proof) = header.and_then(|header| Proof::parse(header).ok()) else { return StatusCode::UNAUTHORIZED };
    let Ok(body) = bytes::Bytes::from_request(request, &()).await else { return StatusCode::BAD_REQUEST };
    match proof.verify(&target, &Asked { method: "POST", path_and_query: PATH, body: &body }) {
        Some(_) => StatusCode::OK,
        None => StatusCode::UNAUTHORIZED,
    }
}

/// A record in a vault, and a doctor with a final permit for it.
struct Scene {
    deployment: Deployment,
    target: Target,
    doctor: Keypair,
    body: Vec<u8>,
}

async fn prepare(chain: &Chain, bundles: &Path, folder: &Path) -> Result<Scene> {
    let alice = signer::from_suri("//Alice")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let doctor = signer::from_suri(&format!("//latency//{}", now % u128::from(u32::MAX)))?;
    let account = doctor.public_key().to_account_id();
    let (id, patient) = (ink_account(&account), ink_account(&alice.public_key().to_account_id()));
    chain.transfer_all(&alice, &[(account, 1_000_000_000_000_000)]).await?;
    let terms = deployment::EMERGENCY_TERMS;
    let bundles = Bundles::read(bundles)?;
    let deployment =
        deployment::deploy(chain, &alice, &bundles, &now.to_le_bytes(), terms, Mode::DeployNow, |_| {}).await?;
    let (grants, registry) = (deployment.grants(), deployment.registry());
    // Alice is governor, authority and patient.
    let until = chain.now().await?.plus(DAY);
    grants.add_authority(patient).submit(chain, &alice).await?;
    grants.credential(id, patient, Role::Doctor.into(), until).submit(chain, &alice).await?;
    let provision = Provision {
        actors: vec![Actor::Account(domain_account(&account))],
        purposes: Purpose::Treat.into(),
        ..Provision::new(1, Decision::Permit)
    };
    let (period, source) = (Period::ALWAYS, Hash([1; 32]));
    let consent = Consent { base: Base::Silent, period, source, provisions: vec![provision] };
    registry.record(&consent).submit(chain, &alice).await?;
    let key = EncryptionKeyPair::generate()?;
    grants.publish_key(*key.public_key().as_bytes()).submit(chain, &doctor).await?;
    let terms = RecordTerms {
        commitment: Hash([1; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: None,
    };
    let registered = grants.register_record(patient, terms).submit(chain, &doctor).await?;
    let record: RecordId = registered.event::<RecordRegistered>()?.record;
    let place = RecordRef { record: record.0.into(), version: 1 };
    let vault = Vault::local(folder.join("vault"))?;
    vault.seal(place, "text/plain", b"content", &[0; 32], &[key.public_key()]).await?;
    let request = grants.request_access(record, Purpose::Treat, Action::Access, None);
    let decided = request.submit_final(chain, &doctor).await?;
    let event = decided.events.iter().find(|event| event.decode::<AccessDecided>().is_some()).ok_or("no permit")?;
    let permit = PermitPlace { block: decided.evidence.block, event: event.index };
    let request = ReleaseRequest { record: Hex32(record.0), version: 1, permit, key: None };
    let access_grants = domain_account(&deployment.access_grants.address);
    let target = Target { genesis: Hash(chain.genesis_hash()), access_grants };
    Ok(Scene { deployment, target, doctor, body: serde_json::to_vec(&request)? })
}

/// Sends as many requests over so many connections, each after the answer to the one before. How long each took, and all.
async fn measure(scene: &Scene, base: &str, connections: usize, requests: usize) -> Result<(Vec<Duration>, Duration)> {
    let asked = Asked { method: "POST", path_and_query: PATH, body: &scene.body };
    let mut callers = JoinSet::new();
    let mut begun = Vec::new();
    for _ in 0..connections {
        let mut headers = Vec::new();
        for _ in 0..requests.div_ceil(connections) {
            let mut nonce = [0; 16];
            getrandom::fill(&mut nonce)?;
            let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
            headers.push(Proof::sign(&scene.doctor, &scene.target, &asked, Timestamp(now), nonce).header());
        }
        // A client of its own is a connection of its own.
        begun.push((reqwest::Client::builder().no_proxy().tcp_nodelay(true).build()?, headers));
    }
    let together = Arc::new(Barrier::new(connections + 1));
    for (http, headers) in begun {
        let (url, body) = (format!("{base}{PATH}"), scene.body.clone());
        let together = Arc::clone(&together);
        callers.spawn(async move {
            let mut times = Vec::new();
            together.wait().await;
            for header in headers {
                let since = Instant::now();
                let answer = http.post(&url).header(AUTHORIZATION, header).body(body.clone()).send().await?;
                let status = answer.status();
                let text = answer.text().await?;
                times.push(since.elapsed());
                if status != StatusCode::OK {
                    return Err(format!("{status}: {text}").into());
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times)
        });
    }
    together.wait().await;
    let since = Instant::now();
    let mut times = Vec::new();
    while let Some(done) = callers.join_next().await {
        times.extend(done??);
    }
    Ok((times, since.elapsed()))
}
