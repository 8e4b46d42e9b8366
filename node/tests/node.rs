//! The node as its users meet it: a process, its log, and JSON-RPC over HTTP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{json, Value};

/// Storage key of `Timestamp.Now`.
const NOW: &str = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";
const HOUR: u64 = 3_600_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A node on a free port, ended with the test.
struct Node {
    process: Child,
    port: u16,
}

impl Node {
    /// Reads the log up to the port, then closes the pipe, as test harnesses do.
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_salus-node"))
            .args(["--rpc-port=0", "--port=0"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the node starts");
        let log = BufReader::new(process.stderr.take().expect("it is piped"));
        let port = log
            .lines()
            .map(|line| line.expect("the log is text"))
            .find_map(|line| {
                line.split_once("Running JSON-RPC server: addr=127.0.0.1:").map(|(_, port)| port.to_owned())
            })
            .expect("the log tells the port");
        Self { process, port: port.trim().parse().expect("a port") }
    }

    fn request(&self, method: &str, parameters: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the node listens");
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .expect("the node reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the node answers in text");
        let _ = stream.shutdown(Shutdown::Both);
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("the body is JSON")
    }

    fn call(&self, method: &str, parameters: Value) -> Value {
        let mut answer = self.request(method, parameters);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    fn error_code(&self, method: &str, parameters: Value) -> i64 {
        self.request(method, parameters)["error"]["code"].as_i64().expect("an error")
    }

    /// The time in force, from the chain's state.
    fn time_in_force(&self) -> u64 {
        let stored = self.call("state_getStorage", json!([NOW]));
        let bytes = hex::decode(stored.as_str().expect("stored").trim_start_matches("0x")).expect("hexadecimal");
        u64::from_le_bytes(bytes.try_into().expect("64 bits"))
    }

    fn height(&self) -> u64 {
        let header = self.call("chain_getHeader", json!([]));
        let number = header["number"].as_str().expect("a number");
        u64::from_str_radix(number.trim_start_matches("0x"), 16).expect("hexadecimal")
    }

    /// Sends the signal and waits for the end.
    fn end(mut self, signal: &str) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        let status = self.process.wait().expect("it ends");
        (status.code(), asked.elapsed())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_moved_time_is_in_force_when_the_call_returns() {
    let node = Node::start(&["--dev", "--alice"]);
    let before = node.call("dev_clock", json!([]));
    assert_eq!(before["offset"], 0);

    let now = node.call("dev_advanceClock", json!([HOUR]))["now"].as_u64().expect("a time");
    assert_eq!(node.time_in_force(), now);
    assert!(now >= before["now"].as_u64().expect("a time") + HOUR);

    let after = node.call("dev_clock", json!([]));
    assert!(after["offset"].as_u64().expect("an offset") >= HOUR);
    assert!(after["now"].as_u64().expect("a time") > now);
}

#[test]
fn absurd_moves_are_refused_and_change_nothing() {
    let node = Node::start(&["--dev"]);
    let century = 3_155_760_000_000_u64;
    for absurd in [u64::MAX, century + 1_000_000] {
        assert_eq!(node.error_code("dev_advanceClock", json!([absurd])), 30_001);
    }
    for malformed in [json!([-1]), json!([1.5]), json!(["1"]), json!([])] {
        assert_eq!(node.error_code("dev_advanceClock", malformed), -32_602);
    }
    assert_eq!(node.call("dev_clock", json!([]))["offset"], 0);
    assert_eq!(node.height(), 0);
}

#[test]
fn many_blocks_at_once_have_rising_times() {
    let node = Node::start(&["--dev"]);
    let mut last = 0;
    for _ in 0..20 {
        node.call("engine_createBlock", json!([true, false]));
        let now = node.time_in_force();
        assert!(now >= last + 5, "{now} after {last}");
        last = now;
    }
    assert_eq!(node.height(), 20);
}

#[test]
fn blocks_are_finalised_with_the_seal_or_after_the_delay() {
    for delay in ["0", "3"] {
        let node = Node::start(&["--dev", "--finalize-delay-sec", delay]);
        let sealed = node.call("engine_createBlock", json!([true, false]))["hash"].take();
        let finalised = || node.call("chain_getFinalizedHead", json!([])) == sealed;
        assert_eq!(finalised(), delay == "0");
        until("finality", finalised);
    }
}

#[test]
fn engine_calls_fail_with_their_own_codes() {
    let node = Node::start(&["--dev"]);
    let unknown = format!("0x{}", "11".repeat(32));
    assert_eq!(node.error_code("engine_createBlock", json!([false, false])), 12_000);
    assert_eq!(node.error_code("engine_createBlock", json!([true, false, unknown])), 13_000);
    assert_eq!(node.error_code("engine_finalizeBlock", json!([unknown])), 13_000);
}

#[test]
fn two_nodes_run_side_by_side_on_the_same_chain_specification() {
    let (one, other) = (Node::start(&["--dev"]), Node::start(&["--tmp"]));
    assert_ne!(one.port, other.port);
    let genesis = |node: &Node| node.call("chain_getBlockHash", json!([0]));
    assert_eq!(genesis(&one), genesis(&other));
    assert_eq!(one.call("system_chain", json!([])), "Development");
}

#[test]
fn a_signal_ends_the_node_at_once() {
    for signal in ["-INT", "-TERM"] {
        let (code, took) = Node::start(&["--dev"]).end(signal);
        assert_eq!(code, Some(0));
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[test]
fn a_kept_chain_goes_on_where_it_was_also_in_time() {
    let folder = std::env::temp_dir().join(format!("salus-node-kept-{}", std::process::id()));
    let path = folder.to_str().expect("text");
    let node = Node::start(&["--base-path", path]);
    let now = node.call("dev_advanceClock", json!([HOUR]))["now"].as_u64().expect("a time");
    assert_eq!(node.end("-TERM").0, Some(0));

    let node = Node::start(&["--base-path", path]);
    assert_eq!(node.height(), 1);
    assert_eq!(node.time_in_force(), now);
    node.call("engine_createBlock", json!([true, false]));
    assert!(node.time_in_force() > now);
    assert_eq!(node.end("-TERM").0, Some(0));
    std::fs::remove_dir_all(folder).expect("removed");
}
