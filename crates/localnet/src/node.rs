//! A node, found or started.

use crate::{
    log::{rpc_address, Tail},
    process::{bound_to_this_thread, end},
    search::find_program,
    NodeError,
};
use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// How long a node has for an answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Asks for the names of all methods.
const QUESTION: &str = r#"{"jsonrpc":"2.0","id":1,"method":"rpc_methods","params":[]}"#;
/// The longest answer that is read, in bytes.
const ANSWER_LENGTH: u64 = 1 << 20;

/// Which node, and how to start it.
pub struct Options {
    /// The WebSocket address of a node that runs already; then nothing is started.
    pub url: Option<String>,
    /// The node to start, instead of what the environment says.
    pub program: Option<PathBuf>,
    /// Seconds between a block and its finalisation, instead of the node's own default, which is 1.
    pub finalize_delay_sec: Option<u8>,
    /// How long the node has to become ready.
    pub start_limit: Duration,
    /// How long the node has to end in order.
    pub stop_limit: Duration,
    /// Called once where the start takes longer than this: the first one compiles the runtime.
    pub on_slow_start: Option<(Duration, Box<dyn FnOnce()>)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: None,
            program: None,
            finalize_delay_sec: None,
            start_limit: Duration::from_secs(60),
            stop_limit: Duration::from_secs(5),
            on_slow_start: None,
        }
    }
}

impl Options {
    /// Says on standard error what it is waiting for, where a start takes more than three seconds.
    #[must_use]
    pub fn with_slow_start_notice(mut self) -> Self {
        let notice = || eprintln!("Starting the node; the first start compiles its runtime …");
        self.on_slow_start = Some((Duration::from_secs(3), Box::new(notice)));
        self
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["--dev", "--rpc-port", "0"].map(OsString::from).into();
        if let Some(seconds) = self.finalize_delay_sec {
            arguments.extend(["--finalize-delay-sec".into(), seconds.to_string().into()]);
        }
        arguments
    }
}

/// A node. One that was started ends with this value.
#[derive(Debug)]
pub struct Node {
    url: String,
    process: Option<Process>,
}

/// A node that was started.
#[derive(Debug)]
struct Process {
    child: Child,
    tail: Tail,
    stop_limit: Duration,
}

impl Node {
    /// Takes the node that the options name, or finds and starts one, and returns once it answers.
    ///
    /// # Errors
    /// Any [`NodeError`]. A node at a URL is not asked whether it is there.
    pub fn find_or_start(options: Options) -> Result<Self, NodeError> {
        match options.url {
            Some(url) => Ok(Self { url, process: None }),
            None => Self::start(&find_program(options.program.as_deref())?, options),
        }
    }

    fn start(program: &Path, options: Options) -> Result<Self, NodeError> {
        let spawn_error = |source| NodeError::Spawn { program: program.into(), source };
        let tail = Tail::default();
        let (child, ready) = spawn(program, options.arguments(), tail.clone()).map_err(spawn_error)?;
        let mut process = Process { child, tail, stop_limit: options.stop_limit };

        match wait(&ready, options.start_limit, options.on_slow_start) {
            Ok(address) => Ok(Self { url: format!("ws://{address}"), process: Some(process) }),
            Err(reason) => {
                let status = process.end().map_err(spawn_error)?;
                let (program, last_lines) = (program.into(), process.tail.text());
                Err(match reason {
                    RecvTimeoutError::Timeout => {
                        NodeError::TimedOut { program, limit: options.start_limit, last_lines }
                    }
                    RecvTimeoutError::Disconnected => NodeError::ExitedEarly { program, status, last_lines },
                })
            }
        }
    }

    /// The node's WebSocket address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether tests can move the node's clock (`dev_advanceClock`). Asks the node; no answer is a no.
    pub fn has_dev_clock(&self) -> bool {
        rpc_methods(&self.url).is_ok_and(|answer| answer.contains("\"dev_advanceClock\""))
    }

    /// The last lines of the log of a node that was started, to show with an error.
    pub fn last_lines(&self) -> Option<String> {
        self.process.as_ref().map(|process| process.tail.text())
    }

    /// Stops the node if it was started here. Dropping it does the same, and tells nobody of errors.
    ///
    /// # Errors
    /// The system's.
    pub fn stop(mut self) -> io::Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.end().map(drop))
    }
}

impl Process {
    fn end(&mut self) -> io::Result<ExitStatus> {
        end(&mut self.child, self.stop_limit)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.end();
    }
}

/// Spawns the node; the receiver gets its address, and is disconnected at the end of its log.
///
/// A thread of its own spawns it, because the node is bound to that thread, and the caller's may end first. The thread
/// then reads the log to its end, so that the node never waits for a reader.
fn spawn(program: &Path, arguments: Vec<OsString>, tail: Tail) -> io::Result<(Child, Receiver<SocketAddr>)> {
    let program = program.to_owned();
    let (spawned, child) = channel();
    let (ready, address) = channel();
    thread::Builder::new().name("node log".into()).spawn(move || {
        let mut command = bound_to_this_thread(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn();
        let log = child.as_mut().ok().and_then(|child| child.stderr.take());
        if spawned.send(child).is_ok() {
            log.into_iter().for_each(|log| read_log(log, &tail, &ready));
        }
    })?;
    Ok((child.recv().map_err(io::Error::other)??, address))
}

fn read_log(log: impl Read, tail: &Tail, ready: &Sender<SocketAddr>) {
    for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let address = rpc_address(&line);
        tail.push(line);
        if let Some(address) = address {
            // After the time limit nobody waits for it any more.
            let _ = ready.send(address);
        }
    }
}

fn wait(
    ready: &Receiver<SocketAddr>,
    limit: Duration,
    on_slow_start: Option<(Duration, Box<dyn FnOnce()>)>,
) -> Result<SocketAddr, RecvTimeoutError> {
    match on_slow_start {
        Some((patience, notice)) if patience < limit => match ready.recv_timeout(patience) {
            Err(RecvTimeoutError::Timeout) => {
                notice();
                ready.recv_timeout(limit - patience)
            }
            result => result,
        },
        _ => ready.recv_timeout(limit),
    }
}

/// What the node answers when asked for its methods. Only without TLS: nobody else's node has a clock to move.
fn rpc_methods(url: &str) -> io::Result<String> {
    let rest = url.strip_prefix("ws://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split('/').next()).ok_or(io::ErrorKind::InvalidInput)?;
    let address = host.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;

    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let length = QUESTION.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{QUESTION}"
    )?;
    let mut answer = String::new();
    stream.take(ANSWER_LENGTH).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
