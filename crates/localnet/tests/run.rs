//! `salus-localnet run`, with programs that play a node: tests/fake-nodes.

use nix::{
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Within what anything ends that is ended: long before it would end by itself.
const PATIENCE: Duration = Duration::from_secs(60);

fn localnet(node: &str) -> Command {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake-nodes").join(node);
    let mut command = Command::new(env!("CARGO_BIN_EXE_salus-localnet"));
    command.env("CONTRACTS_NODE", node).env_remove("FAKE_NODE_LIFELINE");
    command
}

fn run(node: &str, script: &str) -> Output {
    localnet(node).args(["run", "--", "sh", "-c", script]).output().expect("run")
}

/// A run whose command waits, and pipes that are at their end once the node and the command's last process are gone.
struct Waiting {
    localnet: Child,
    _folder: TempDir,
    node: File,
    command: BufReader<std::process::ChildStdout>,
}

impl Waiting {
    /// Returns once the node is ready and the command runs.
    fn start(script: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let pipe = pipe(&folder);
        // With a reader, the node does not wait when it opens the pipe; opened to write as well, this does not either.
        let reader = File::options().read(true).write(true).open(&pipe).expect("opened");
        let mut localnet = localnet("ready")
            .env("FAKE_NODE_LIFELINE", &pipe)
            .args(["run", "--", "sh", "-c", &format!("echo started; {script}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut command = BufReader::new(localnet.stdout.take().expect("piped"));
        let mut line = String::new();
        command.read_line(&mut line).expect("a line");
        assert_eq!(line, "started\n");
        // The node has it open, and from now on nobody else.
        let node = File::open(&pipe).expect("opened");
        drop(reader);
        Self { localnet, _folder: folder, node, command }
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(self.localnet.id().cast_signed());
        kill(pid, signal).expect("sent");
    }

    /// Returns once the node and the command with its children have ended.
    fn all_end(self) {
        comes_to_its_end("the node", self.node);
        comes_to_its_end("the command", self.command);
    }
}

fn comes_to_its_end(what: &str, mut pipe: impl Read + Send + 'static) {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(pipe.read_to_end(&mut Vec::new())));
    told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what} lives on")).expect("read");
}

fn pipe(folder: &TempDir) -> PathBuf {
    let pipe = folder.path().join("lifeline");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    pipe
}

#[test]
fn the_command_gets_the_nodes_address_and_its_exit_code_is_returned() {
    let output = run("ready", r#"echo "$SALUS_NODE_URL"; exit 7"#);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ws://127.0.0.1:4711\n");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn the_command_does_not_run_without_a_node() {
    let output = run("failing", "echo never");
    assert!(output.stdout.is_empty());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the chain's folder is full"));
}

#[test]
fn what_the_command_leaves_behind_is_ended_with_it() {
    let begun = Instant::now();
    // The one that stays behind holds standard output, so this returns only once it is gone.
    let output = run("ready", "sleep 600 & exit 0");
    assert!(output.status.success());
    assert!(begun.elapsed() < PATIENCE, "it ended by itself");
}

#[test]
fn a_signal_ends_the_command_with_its_children_and_the_node() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        // In the background: a shell that has just forked a child in the foreground would let it go on past a signal.
        let mut run = Waiting::start("sleep 600 & sleep 601 & wait");
        run.send(signal);
        assert_eq!(run.localnet.wait().expect("waited").code(), Some(code));
        run.all_end();
    }
}

/// The kernel does it, at the request of util-linux's `setpriv`; where that is missing, nothing can be promised, and this fails.
#[test]
#[cfg(target_os = "linux")]
fn the_node_does_not_outlive_a_run_that_is_killed() {
    let mut run = Waiting::start("exec sleep 600");
    run.send(Signal::SIGKILL);
    run.localnet.wait().expect("waited");
    run.all_end();
}

#[test]
fn which_names_the_node_and_starts_nothing() {
    let output = localnet("silent").arg("which").output().expect("run");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).trim_end().ends_with("tests/fake-nodes/silent"));
}
