//! Processes that end when they should.

use nix::{
    errno::Errno,
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

/// Between two looks at whether a process has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// A command that is told to end as soon as the *thread* that spawns it does, however that ends.
///
/// The kernel does that on request of the child itself. The request takes unsafe code here, and so util-linux's `setpriv`
/// makes it. Then, the child gets a process group of its own: Ctrl-C reaches only its parent, which ends it in order.
/// Without `setpriv` it stays in the group, so that Ctrl-C reaches it at least.
pub fn bound_to_this_thread(program: impl AsRef<OsStr>) -> Command {
    static SETPRIV: OnceLock<bool> = OnceLock::new();
    let mut bind = Command::new("setpriv");
    bind.args(["--pdeathsig", "TERM", "--"]);
    if *SETPRIV.get_or_init(|| succeeds(&mut bind)) {
        bind.arg(program).process_group(0);
        bind
    } else {
        Command::new(program)
    }
}

/// Whether `setpriv` with these options runs a program.
fn succeeds(bind: &mut Command) -> bool {
    let mut probe = Command::new(bind.get_program());
    probe.args(bind.get_args()).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Asks the child to end, ends it where it has not done so within the limit, and returns how it ended.
///
/// # Errors
/// The system's.
pub fn end(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    // Not waited for, so the process id is still its own.
    kill(id(child), Signal::SIGTERM)?;
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(PAUSE);
    }
    child.kill()?;
    child.wait()
}

/// The child's process id.
pub fn id(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Sends the signal to a process group; one that has ended is no error.
pub fn signal_group(group: Pid, signal: Signal) -> nix::Result<()> {
    match nix::sys::signal::killpg(group, signal) {
        Err(Errno::ESRCH) => Ok(()),
        result => result,
    }
}
