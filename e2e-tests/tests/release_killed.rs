//! The service is killed at 200 moments or more, under load: no entry that was acknowledged is lost, none is there twice, and the
//! chain ends up with what the log says.
//!
//! This program is both: without arguments the test, with `serve` the service that is killed.

#[path = "release/support.rs"]
#[allow(dead_code)] // The journeys use the rest.
mod support;

use salus_audit::{leaf_of, Log, LogFile};
use salus_client::deployment::Deployment;
use salus_client::signer;
use salus_domain::ids::Hash;
use salus_e2e_tests::{id, OwnNode, Result, World};
use salus_interface::access::{AccessDecided, ReleaseLogged};
use salus_release::entry::{Entry, Outcome};
use salus_release::request::{Asked, Proof};
use salus_release::wire::PermitPlace;
use salus_release::{serve, Config, LogMode};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Running, Scene, CONTENT};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// In each of the two modes, at the least: as many requests are acknowledged meanwhile, and a fourth of the kills fall upon a
/// service that listens.
const KILLS: usize = 100;
/// So many, where a slow machine gets little done between them.
const MOST_KILLS: usize = 5 * KILLS;
/// After so many kills, it is measured again how long a process takes to listen;
const MEASURED: usize = 10;
/// or where so many in a row did not come to it.
const IN_VAIN: usize = 5;
/// A process lives for twice as long at the most as it takes one to listen, and this. So most are killed under load, however slow
/// the machine is.
const UNDER_LOAD: Duration = Duration::from_millis(250);
/// How many ask at the same time.
const CALLERS: usize = 4;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", mode, folder, url, suri] => runtime.block_on(be_killed(mode, Path::new(folder), url, suri)),
        // The test harness's own options are of no use here.
        _ => runtime.block_on(killed_at_any_moment_it_neither_loses_nor_doubles_an_entry()),
    }
}

fn mode(name: &str) -> LogMode {
    match name {
        "event" => LogMode::Event,
        _ => LogMode::Batch { entries: 5, interval: Duration::from_millis(50) },
    }
}

/// The service, until it is killed. It says all that it can say.
async fn be_killed(name: &str, folder: &Path, url: &str, suri: &str) -> Result {
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        vault: format!("file://{}", folder.join("vault").display()),
        log: log_file(folder, name),
        urls: vec![url.to_owned()],
        deployment: Deployment::read(&folder.join("deployment.json"))?,
        account: signer::from_suri(suri)?,
        mode: mode(name),
        max_head_age: None,
        rpc_timeout: Config::RPC_TIMEOUT,
        start_timeout: Config::START_TIMEOUT,
        concurrency: Config::CONCURRENCY,
    };
    Ok(serve(config, |address| println!("http://{address}"), std::future::pending()).await?)
}

fn log_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// An answer that a caller got.
struct Acknowledged {
    id: [u8; 32],
    index: u64,
    leaf: Hash,
}

async fn killed_at_any_moment_it_neither_loses_nor_doubles_an_entry() -> Result {
    let node = OwnNode::start().await?;
    let mut tests = JoinSet::new();
    for (seed, name) in [(1, "event"), (2, "batch")] {
        let scene = Scene::in_world(World::on(&node.url).await?).await?;
        let permit = scene.decided(&scene.world.doctor).await?;
        tests.spawn(kill_and_check(Arc::new(scene), permit, name, seed));
    }
    while let Some(done) = tests.join_next().await {
        println!("{}", done??);
    }
    Ok(())
}

async fn kill_and_check(scene: Arc<Scene>, permit: PermitPlace, name: &'static str, seed: u64) -> Result<String> {
    let folder = scene.folder.path().to_owned();
    scene.world.deployment.write(&folder.join("deployment.json"))?;
    let (told, address) = watch::channel(None::<String>);
    let (end, ending) = watch::channel(false);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call(Arc::clone(&scene), permit, address.clone(), ending.clone(), answered.clone()));
    }
    drop(answered);

    let begun = Instant::now();
    let (kills, listened) = kill(&scene, name, seed, &told, &mut callers, &answers).await?;
    let took = begun.elapsed();

    // Once more, in order: what was asked for is answered at last.
    let log = log_file(&folder, name);
    let running = Running::start(Config { log: log.clone(), ..scene.config(mode(name)) }).await?;
    told.send_replace(Some(running.url()));
    end.send_replace(true);
    let (mut acknowledged, mut given_up) = (Vec::new(), Vec::new());
    while let Some(caller) = callers.join_next().await {
        given_up.extend(caller??);
    }
    while let Some(told) = answers.recv().await {
        acknowledged.push(told);
    }
    running.stop().await?;

    check(&scene, &log, &acknowledged, &given_up)?;
    on_chain(&scene, &log, name).await?;
    for file in [log, folder.join(format!("{name}.stderr"))] {
        let bytes = std::fs::read(&file)?;
        assert!(!bytes.is_empty());
        for secret in [CONTENT, scene.suri.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }
    let requests = acknowledged.len();
    Ok(format!("{name}: {kills} kills in {took:.1?}, {listened} while it listened, {requests} requests acknowledged"))
}

/// Kills the service time and again, until it was under load. How often, and how often while it listened.
async fn kill(
    scene: &Scene,
    name: &str,
    seed: u64,
    told: &watch::Sender<Option<String>>,
    callers: &mut JoinSet<Result<Vec<[u8; 32]>>>,
    answers: &mpsc::UnboundedReceiver<Acknowledged>,
) -> Result<(usize, usize)> {
    let mut moments = fastrand::Rng::with_seed(seed);
    let mut longest = Duration::ZERO;
    let (mut kills, mut listened, mut in_vain) = (0, 0, 0);
    while kills < KILLS || listened <= KILLS / 4 || answers.len() <= KILLS {
        if kills == MOST_KILLS {
            let requests = answers.len();
            return Err(format!("hardly any load: {listened} of {kills} listened, {requests} requests").into());
        }
        if let Some(ended) = callers.try_join_next() {
            return Err(format!("a caller ended: {:?}", ended?).into());
        }
        if kills % MEASURED == 0 || in_vain == IN_VAIN {
            longest = 2 * start_up(scene, name).await? + UNDER_LOAD;
            in_vain = 0;
        }
        let mut service = start(scene, name)?;
        let moment = longest.mul_f64(moments.f64());
        let listening = async {
            told.send_replace(Some(address_of(&mut service).await?));
            Ok(service.wait().await?)
        };
        match tokio::time::timeout(moment, listening).await {
            Err(_) => {}
            Ok(ended) => return ended.and_then(|status| Err(format!("the service ended by itself: {status}").into())),
        }
        let was_listening = told.send_replace(None).is_some();
        service.kill().await?;
        kills += 1;
        listened += usize::from(was_listening);
        in_vain = if was_listening { 0 } else { in_vain + 1 };
    }
    Ok((kills, listened))
}

/// How long the service takes until it listens.
async fn start_up(scene: &Scene, name: &str) -> Result<Duration> {
    let begun = Instant::now();
    let mut service = start(scene, name)?;
    address_of(&mut service).await?;
    let took = begun.elapsed();
    service.kill().await?;
    Ok(took)
}

/// Where the service listens, as soon as it does.
async fn address_of(service: &mut Child) -> Result<String> {
    let stdout = service.stdout.take().ok_or("no output")?;
    Ok(BufReader::new(stdout).lines().next_line().await?.ok_or("the service ended by itself")?)
}

/// Starts this program as the service.
fn start(scene: &Scene, name: &str) -> Result<Child> {
    let folder = scene.folder.path();
    let stderr = File::options().create(true).append(true).open(folder.join(format!("{name}.stderr")))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", name]).arg(folder).args([scene.world.chain.url(), &scene.suri]);
    command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
    Ok(command.spawn()?)
}

/// Asks without a pause, each time until it has an answer: the same signed request again, whatever happened, as long as it is
/// fresh. The ids of those that had none by then, which may be in the log or not.
async fn call(
    scene: Arc<Scene>,
    permit: PermitPlace,
    mut address: watch::Receiver<Option<String>>,
    ending: watch::Receiver<bool>,
    answered: mpsc::UnboundedSender<Acknowledged>,
) -> Result<Vec<[u8; 32]>> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build()?;
    let mut given_up = Vec::new();
    let mut pending = None;
    loop {
        let (proof, body): &(Proof, Vec<u8>) = match &pending {
            Some(pending) => pending,
            None if *ending.borrow() => return Ok(given_up),
            None => pending.insert(scene.signed(&scene.world.doctor, permit)?),
        };
        let url = address.wait_for(Option::is_some).await?.clone().unwrap_or_default();
        let request = http.post(format!("{url}/v1/releases")).header("authorization", proof.header());
        let answer = async {
            let response = request.body(body.clone()).send().await.ok()?;
            let status = response.status();
            Some((status, response.bytes().await.ok()?))
        };
        let gone = async {
            let _ = address.wait_for(|now| now.as_ref() != Some(&url)).await;
        };
        let answer = tokio::select! {
            answer = answer => answer,
            () = gone => None,
        };
        // A service that cannot reach the node in time did as little as one that is gone.
        let Some((status, bytes)) = answer.filter(|(status, _)| *status != 503) else {
            // The process was killed; until that is known, others may be told to wait.
            tokio::task::yield_now().await;
            continue;
        };
        let answer: serde_json::Value = serde_json::from_slice(&bytes)?;
        if status == 401 && answer["code"] == "stale" {
            let asked = Asked { method: "POST", path_and_query: "/v1/releases", body };
            given_up.push(proof.verify(&scene.target(), &asked).ok_or("signed by another")?);
            pending = None;
            continue;
        }
        if status != 200 {
            return Err(format!("{status}: {answer}").into());
        }
        let hash = |name: &str| -> Result<[u8; 32]> {
            let mut hash = [0; 32];
            hex::decode_to_slice(answer["entry"][name].as_str().ok_or("no hash")?, &mut hash)?;
            Ok(hash)
        };
        let index = answer["entry"]["index"].as_u64().ok_or("no index")?;
        answered.send(Acknowledged { id: hash("id")?, index, leaf: Hash(hash("leaf")?) })?;
        pending = None;
    }
}

/// The log has every entry that was acknowledged, where and as it was told, and each request once; and perhaps some of those that
/// were given up.
fn check(scene: &Scene, log: &Path, acknowledged: &[Acknowledged], given_up: &[[u8; 32]]) -> Result {
    let file = LogFile::read(log)?;
    let mut ids = HashSet::new();
    for index in 0..file.tree().size() {
        let entry = file.entry(index)?;
        assert!(ids.insert(entry.id), "entry {index} is there twice");
        let Entry::V1(said) = Entry::decode_bytes(&entry.bytes)?;
        assert!(matches!(said.outcome, Outcome::Released { .. }), "{said:?}");
        assert_eq!(said.record, scene.record);
    }
    for told in acknowledged {
        assert_eq!(file.find(&told.id), Some(told.index), "an acknowledged entry is lost");
        let entry = file.entry(told.index)?;
        assert_eq!((leaf_of(&entry.id, &entry.bytes), file.tree().leaf(told.index)), (told.leaf, Some(told.leaf)));
    }
    let unanswered = given_up.iter().filter(|id| ids.contains(*id)).count();
    assert_eq!(ids.len(), acknowledged.len() + unanswered, "what was asked for is there, and nothing else");
    // Nobody holds it any more.
    assert_eq!(Log::open(log)?.size(), ids.len() as u64);
    Ok(())
}

/// The chain has what the log says.
async fn on_chain(scene: &Scene, log: &Path, name: &str) -> Result {
    let file = LogFile::read(log)?;
    let world = &scene.world;
    let on_chain = world.read(world.grants.log(id(&scene.service))).await?;
    if name == "batch" {
        let anchor = on_chain.anchor.ok_or("nothing is anchored")?;
        assert_eq!((anchor.size, anchor.root), (file.tree().size(), file.tree().root()));
        return Ok(());
    }
    assert_eq!(on_chain.written, file.tree().size());
    let to = world.chain.block_number().await?;
    let events = world.chain.contract_events(world.grants.address(), world.deployment.block, to, |_| {}).await?;
    assert!(events.iter().any(|found| found.event.decode::<AccessDecided>().is_some()));
    let logged = events.iter().filter_map(|found| found.event.decode::<ReleaseLogged>());
    let mut count = 0;
    for (number, event) in logged.enumerate() {
        assert_eq!((event.number, Some(event.release.leaf)), (number as u64, file.tree().leaf(number as u64)));
        count += 1;
    }
    assert_eq!(count, file.tree().size());
    Ok(())
}
