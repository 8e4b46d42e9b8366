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
};
use tempfile::TempDir;

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
        let mut localnet = localnet("ready")
            .env("FAKE_NODE_LIFELINE", &pipe)
            .args(["run", "--", "sh", "-c", &format!("echo started; {script}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        // Opening waits for the node to open the other end.
        let node = File::open(&pipe).expect("opened");
        let mut command = BufReader::new(localnet.stdout.take().expect("piped"));
        let mut line = String::new();
        command.read_line(&mut line).expect("a line");
        assert_eq!(line, "started\n");
        Self { localnet, _folder: folder, node, command }
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(self.localnet.id().cast_signed());
        kill(pid, signal).expect("sent");
    }

    fn node_ends(&mut self) {
        self.node.read_to_end(&mut Vec::new()).expect("read");
    }

    fn command_ends(&mut self) {
        self.command.read_to_end(&mut Vec::new()).expect("read");
    }
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
    // The one that stays behind holds standard output, so this returns only once it is gone.
    let output = run("ready", "sleep 600 & exit 0");
    assert!(output.status.success());
}

#[test]
fn a_signal_ends_the_command_with_its_children_and_the_node() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        // In the background: a shell that has just forked a child in the foreground would let it go on past a signal.
        let mut run = Waiting::start("sleep 600 & sleep 601 & wait");
        run.send(signal);
        assert_eq!(run.localnet.wait().expect("waited").code(), Some(code));
        run.command_ends();
        run.node_ends();
    }
}

/// The kernel does it, at the request of `setpriv`; where that is missing, nothing can be promised.
#[test]
#[cfg(target_os = "linux")]
fn the_node_does_not_outlive_a_run_that_is_killed() {
    let mut run = Waiting::start("exec sleep 600");
    run.send(Signal::SIGKILL);
    run.localnet.wait().expect("waited");
    run.node_ends();
    run.command_ends();
}

#[test]
fn which_names_the_node_and_starts_nothing() {
    let output = localnet("silent").arg("which").output().expect("run");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).trim_end().ends_with("tests/fake-nodes/silent"));
}
