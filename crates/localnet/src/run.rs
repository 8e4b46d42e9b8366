//! A command that has a node while it runs.

use crate::{
    process::{bound_to_this_thread, id, signal_group},
    Node, URL_VARIABLE,
};
use nix::{sys::signal::Signal, unistd::Pid};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// How long the command has to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command with the node's address in [`URL_VARIABLE`], ends all that it has left behind, then the node.
///
/// The command gets a process group of its own. SIGINT, SIGTERM and SIGHUP go on to the whole group, and it is killed where
/// that does not end the command.
///
/// # Errors
/// If the command cannot be started, or the system's.
pub fn run(node: Node, program: &OsStr, arguments: &[OsString]) -> io::Result<ExitStatus> {
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let mut command = bound_to_this_thread(program);
    let mut child = command.args(arguments).env(URL_VARIABLE, node.url()).process_group(0).spawn()?;

    let group = Group(Arc::new(Mutex::new(Some(id(&child)))));
    let passing_on = group.clone();
    thread::spawn(move || passing_on.pass_on(signals));

    let status = child.wait()?;
    // Whoever is still there keeps the group's number from being given to anybody else.
    group.send(Signal::SIGTERM)?;
    group.forget();
    node.stop()?;
    Ok(status)
}

/// The command's process group, until it has ended.
#[derive(Clone)]
struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    fn pass_on(&self, mut signals: Signals) {
        for number in signals.forever() {
            if let Ok(signal) = Signal::try_from(number) {
                // An error leaves nothing to do but to wait for the command.
                let _ = self.send(signal);
            }
            let group = self.clone();
            thread::spawn(move || {
                thread::sleep(PATIENCE);
                let _ = group.send(Signal::SIGKILL);
            });
        }
    }

    fn send(&self, signal: Signal) -> io::Result<()> {
        let group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        group.map_or(Ok(()), |group| signal_group(group, signal)).map_err(io::Error::from)
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
