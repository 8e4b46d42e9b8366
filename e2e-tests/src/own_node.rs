//! A node that a test pauses or kills.

use crate::Result;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A node that only this test uses. It finalises with the seal, and ends with this value.
pub struct OwnNode {
    child: Child,
    /// Its WebSocket address.
    pub url: String,
}

impl OwnNode {
    /// Starts a node with its chain in memory.
    ///
    /// # Errors
    /// Where there is none to start.
    pub async fn start() -> Result<Self> {
        tokio::task::spawn_blocking(|| Self::start_now(None)).await?
    }

    /// Starts a node that keeps its chain in a folder, and goes on with what is there.
    ///
    /// # Errors
    /// Where there is none to start.
    pub async fn kept_in(folder: &Path) -> Result<Self> {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(|| Self::start_now(Some(folder))).await?
    }

    fn start_now(folder: Option<PathBuf>) -> Result<Self> {
        let mut command = Command::new(salus_localnet::find_program(None)?);
        command.args(["--rpc-port", "0", "--finalize-delay-sec", "0"]);
        match folder {
            Some(folder) => command.arg("--base-path").arg(folder),
            None => command.arg("--dev"),
        };
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take().ok_or("no log")?;
        let mut node = Self { child, url: String::new() };
        let mut lines = BufReader::new(log).lines();
        for line in lines.by_ref() {
            if let Some((_, address)) = line?.split_once("Running JSON-RPC server: addr=") {
                node.url = format!("ws://{}", address.split(',').next().unwrap_or_default().trim());
                break;
            }
        }
        // Somebody has to read on: the node waits where its log is full.
        std::thread::spawn(move || lines.for_each(drop));
        if node.url.is_empty() {
            return Err("the node ended".into());
        }
        Ok(node)
    }

    fn signal(&self, signal: Signal) -> Result {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }

    /// It keeps its connections, and answers nothing.
    ///
    /// # Errors
    /// The system's.
    pub fn pause(&self) -> Result {
        self.signal(Signal::SIGSTOP)
    }

    /// It goes on.
    ///
    /// # Errors
    /// The system's.
    pub fn resume(&self) -> Result {
        self.signal(Signal::SIGCONT)
    }

    /// Ends it at once (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(mut self) -> Result {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for OwnNode {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
