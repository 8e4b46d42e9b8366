//! `salus release`: the service that hands out envelopes against permits, and how it stands.

use crate::context::{GlobalOptions, DEFAULT_URL};
use crate::failure::{Exit, Failure};
use crate::operations::account_of;
use crate::output::{say, write_out, Report};
use crate::service::ServiceOption;
use crate::values::show_time;
use salus_domain::time::Timestamp;
use salus_release::{Config, LogMode, Server};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{signal, SignalKind};

/// `salus release`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ReleaseCommand {
    /// Run the service: it hands out envelopes and ciphertexts of a vault against permits, and logs every time
    #[command(after_help = "Example:
  salus release serve --vault /srv/salus/vault --log /srv/salus/releases.log --suri //Ferdie
  salus release serve --vault s3://records/vault --log releases.log --url ws://10.0.0.1:9944 --also-url ws://10.0.0.2:9944 \
--log-mode event --suri //Ferdie

It holds no key that opens an envelope. The signer's account is whose log it is on the chain, and pays for that; one account is for
one service, one log and one vault. It listens without TLS: put a reverse proxy before it. It runs until SIGINT or SIGTERM, finishes
what it is at, and brings the log onto the chain. crates/release/README.md has the routes, and what it protects.

JSON, one line as soon as it listens: url, account, vault, log, nodes, logMode, anchorEvery|null, anchorSeconds|null,
maxHeadAge|null.")]
    Serve(ServeOptions),
    /// Ask a service whether it can release, and what its nodes say
    #[command(after_help = "Example:
  salus release health --service http://127.0.0.1:8780

Ends with 5 where it cannot. With --deployment, no node is asked beside those of the service.

JSON: url, healthy, code|null, finalHeight|null, finalTime|null, nodes [{node, finalHeight|null}], logSize, anchoredSize|null, unanchored,
unanchoredMilliseconds|null.")]
    Health(ServiceOption),
    /// Ask a service how far its log is, and how much of it is on the chain
    #[command(after_help = "Example:
  salus release head --service http://127.0.0.1:8780 --suri //Dave

JSON: url, account, size, root, anchored {size, root}|null, height.")]
    Head(ServiceOption),
}

/// How `salus release serve` is run.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8780")]
    listen: SocketAddr,
    /// The file of the log. It is made where there is none
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// A further node, beside --url: the one that is furthest is asked. Repeatable
    #[arg(long, value_name = "URL")]
    also_url: Vec<String>,
    /// How the log comes onto the chain: its root every now and then, or every release as an event before it is handed out
    #[arg(long, value_name = "MODE", value_enum, default_value = "batch")]
    log_mode: Mode,
    /// In batch mode: after how many entries at the latest
    #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u64).range(1..))]
    anchor_every: u64,
    /// In batch mode: after how many seconds at the latest, where there are new entries
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..))]
    anchor_seconds: u64,
    /// How old the newest final block may be, in seconds; off: however old, for a chain that makes blocks of transactions only
    #[arg(long, value_name = "SECONDS|off", default_value = "120", value_parser = age)]
    max_head_age: Age,
}

/// How the log comes onto the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// Its root, every now and then
    Batch,
    /// Every release, before it is handed out; and the root, as with batch
    Event,
}

/// How old a block may be, if there is a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age(Option<Duration>);

fn age(text: &str) -> Result<Age, String> {
    match text {
        "off" => Ok(Age(None)),
        text => match text.parse() {
            Ok(seconds) if seconds > 0 => Ok(Age(Some(Duration::from_secs(seconds)))),
            _ => Err("it is a number of seconds from 1 on, or off".to_owned()),
        },
    }
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &ReleaseCommand) -> Result<Report, Failure> {
    match command {
        ReleaseCommand::Serve(options) => serve(global, options).await,
        ReleaseCommand::Health(service) => health(global, service).await,
        ReleaseCommand::Head(service) => head(global, service).await,
    }
}

async fn serve(global: &GlobalOptions, options: &ServeOptions) -> Result<Report, Failure> {
    if global.dry_run {
        return Err(Failure::usage("a service cannot be run without doing anything", "leave out --dry-run"));
    }
    let folder = options.log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let message = format!("there is no folder for {}", options.log.display());
        return Err(Failure::input("release.log", message, "make the folder, or name another file with --log"));
    }
    let account = global.signer()?;
    let vault = global.vault_url()?;
    let suite = global.suite().await?;
    let urls: Vec<String> = std::iter::once(global.url.clone().unwrap_or_else(|| DEFAULT_URL.to_owned()))
        .chain(options.also_url.iter().cloned())
        .collect();
    let Age(max_head_age) = options.max_head_age;
    let mode = match options.log_mode {
        Mode::Event => LogMode::Event,
        Mode::Batch => {
            LogMode::Batch { entries: options.anchor_every, interval: Duration::from_secs(options.anchor_seconds) }
        }
    };
    let config = Config {
        listen: options.listen,
        vault: vault.clone(),
        log: options.log.clone(),
        urls: urls.clone(),
        deployment: suite.deployment,
        account: account.clone(),
        mode,
        max_head_age,
        rpc_timeout: Config::RPC_TIMEOUT,
        start_timeout: Config::START_TIMEOUT,
        concurrency: Config::CONCURRENCY,
    };
    // What goes wrong while it runs is told on stderr. Where something else does so already, that stands.
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).try_init();
    let ending = ending()?;
    let server = Server::start(config).await?;
    let (url, account) = (format!("http://{}", server.address()), account_of(&account).to_string());
    if global.json {
        let (every, seconds) = match mode {
            LogMode::Batch { entries, interval } => (Some(entries), Some(interval.as_secs())),
            LogMode::Event => (None, None),
        };
        let started = json!({
            "url": url,
            "account": account,
            "vault": vault,
            "log": options.log.display().to_string(),
            "nodes": urls,
            "logMode": if every.is_some() { "batch" } else { "event" },
            "anchorEvery": every,
            "anchorSeconds": seconds,
            "maxHeadAge": max_head_age.map(|age| age.as_secs()),
        });
        write_out(format!("{started}\n").as_bytes())?;
    } else {
        let how = match mode {
            LogMode::Event => "every release is on the chain before it is handed out".to_owned(),
            LogMode::Batch { entries, interval } => {
                format!("its root goes onto the chain every {entries} entries or {} s", interval.as_secs())
            }
        };
        let age =
            max_head_age.map_or("may be of any age".to_owned(), |age| format!("is at most {} s old", age.as_secs()));
        say(&format!("the release service listens at {url}; end it with Ctrl-C"));
        say(&format!("  vault {vault}"));
        say(&format!("  log {}, of account {account}: {how}", options.log.display()));
        say(&format!("  nodes {}; the newest final block {age}", urls.join(", ")));
        if !options.listen.ip().is_loopback() {
            say("  it speaks HTTP without TLS: let nobody reach it but a reverse proxy that does");
        }
    }
    server.run(ending).await;
    if !global.json {
        say("the release service has ended");
    }
    Ok(Report::default())
}

/// What is over when the process is told to end.
fn ending() -> Result<impl std::future::Future<Output = ()>, Failure> {
    let told = |kind| {
        signal(kind).map_err(|error| {
            let message = format!("signals cannot be waited for: {error}");
            Failure::new(Exit::Internal, "internal", message, "do the same again")
        })
    };
    let (mut interrupt, mut terminate) = (told(SignalKind::interrupt())?, told(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn health(global: &GlobalOptions, service: &ServiceOption) -> Result<Report, Failure> {
    let url = service.required()?;
    let client = service.unsigned(global).await?;
    let health = client.health().await?;
    let nodes: Vec<_> =
        health.nodes.iter().map(|node| json!({ "node": node.node, "finalHeight": node.final_height })).collect();
    let answering = health.nodes.iter().filter(|node| node.final_height.is_some()).count();
    let height = health.final_height.map_or("unknown".to_owned(), |height| height.to_string());
    let log = format!(
        "  the log has {} entries, {} of them on the chain",
        health.log_size,
        health.anchored_size.map_or("none".to_owned(), |size| size.to_string())
    );
    let report = Report::default()
        .field("url", url)
        .field("healthy", health.code.is_none())
        .field("code", health.code.clone())
        .field("finalHeight", health.final_height)
        .field("finalTime", health.final_time.and_then(|time| show_time(Timestamp(time))))
        .field("nodes", nodes)
        .field("logSize", health.log_size)
        .field("anchoredSize", health.anchored_size)
        .field("unanchored", health.unanchored)
        .field("unanchoredMilliseconds", health.unanchored_for);
    let report = match &health.code {
        None => report.line(format!("{url} can release: newest final block {height}")),
        Some(code) => report.line(format!("{url} can NOT release: {code}")).exit(Exit::Chain),
    };
    Ok(report.line(format!("  {answering} of {} nodes answer", health.nodes.len())).line(log))
}

async fn head(global: &GlobalOptions, service: &ServiceOption) -> Result<Report, Failure> {
    let url = service.required()?;
    let suite = global.suite().await?;
    let client = service.client(global, &suite)?.ok_or_else(|| Failure::usage("no service is named", "name one"))?;
    let head = client.head().await?;
    let (size, root) = (head.size, hex::encode(head.root.0));
    let anchored = head.anchored.map(|anchored| json!({ "size": anchored.size, "root": hex::encode(anchored.root.0) }));
    let line = match head.anchored {
        Some(anchored) => format!("  {} of them are on the chain, as of block {}", anchored.size, head.height),
        None => format!("  no root of it is on the chain, as of block {}", head.height),
    };
    let report = Report::default()
        .line(format!("the log of {} has {size} entries, root {root}", head.account))
        .line(line)
        .field("url", url)
        .field("account", head.account.to_string());
    Ok(report.field("size", size).field("root", root).field("anchored", anchored).field("height", head.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_on_the_age_of_blocks_is_seconds_or_off() {
        assert_eq!(age("off"), Ok(Age(None)));
        assert_eq!(age("120"), Ok(Age(Some(Duration::from_secs(120)))));
        for text in ["", "0", "-1", "2m", "never"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
