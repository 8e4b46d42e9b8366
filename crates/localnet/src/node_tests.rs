//! Tests of [`Node`] with programs that play a node: tests/fake-nodes.

use super::*;
use crate::process::id;
use nix::{errno::Errno, sys::signal::kill};
use std::{cell::Cell, net::TcpListener, os::unix::process::ExitStatusExt, rc::Rc};

/// Far longer than any of the programs needs.
const AMPLE: Duration = Duration::from_secs(60);
/// Shorter than any process needs to do anything.
const TINY: Duration = Duration::from_millis(1);

fn options(fake: &str) -> Options {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake-nodes").join(fake);
    Options { program: Some(program), start_limit: AMPLE, stop_limit: AMPLE, ..Options::default() }
}

fn start(fake: &str) -> Node {
    Node::find_or_start(options(fake)).expect("started")
}

/// Whether there is no such process, not even one that nobody has waited for.
fn is_gone(pid: nix::unistd::Pid) -> bool {
    kill(pid, None) == Err(Errno::ESRCH)
}

fn pid(node: &Node) -> nix::unistd::Pid {
    id(&node.process.as_ref().expect("started").child)
}

#[test]
fn a_node_at_a_url_is_taken_as_it_is() {
    let options = Options { url: Some("ws://node.example:1".into()), ..options("missing") };
    let node = Node::find_or_start(options).expect("taken");
    assert_eq!(node.url(), "ws://node.example:1");
    assert!(node.last_lines().is_none());
    node.stop().expect("nothing to stop");
}

#[test]
fn a_started_node_tells_its_address() {
    let node = start("ready");
    assert_eq!(node.url(), "ws://127.0.0.1:4711");
    assert!(node.last_lines().expect("started").contains("addr=127.0.0.1:4711"));
}

#[test]
fn a_stopped_node_is_gone() {
    let node = start("ready");
    let pid = pid(&node);
    assert!(!is_gone(pid));
    node.stop().expect("stopped");
    assert!(is_gone(pid));
}

#[test]
fn a_dropped_node_is_gone() {
    let node = start("ready");
    let pid = pid(&node);
    drop(node);
    assert!(is_gone(pid));
}

#[test]
fn a_node_that_does_not_end_when_asked_is_ended() {
    let node = Node::find_or_start(Options { stop_limit: TINY, ..options("stubborn") }).expect("started");
    let pid = pid(&node);
    node.stop().expect("stopped");
    assert!(is_gone(pid));
}

#[test]
fn a_node_lives_on_when_the_thread_that_started_it_ends() {
    let node = thread::spawn(|| start("ready")).join().expect("no panic");
    let mut process = node.process.expect("started");
    assert!(process.child.try_wait().expect("its parent may ask").is_none());
    assert_eq!(process.end().expect("stopped").signal(), Some(15));
}

#[test]
fn a_node_that_ends_early_is_reported_with_its_status_and_last_lines() {
    let error = Node::find_or_start(options("failing")).expect_err("it ends");
    let NodeError::ExitedEarly { status, ref last_lines, .. } = error else { panic!("{error}") };
    assert_eq!(status.code(), Some(3));
    assert_eq!(last_lines, "Error: the chain's folder is full");
    assert!(error.to_string().contains("the chain's folder is full"));
}

#[test]
fn a_node_that_is_not_ready_in_time_is_reported() {
    let error = Node::find_or_start(Options { start_limit: TINY, ..options("silent") }).expect_err("it waits");
    assert!(matches!(error, NodeError::TimedOut { limit: TINY, .. }), "{error}");
}

#[test]
fn a_slow_start_is_announced_once() {
    let announced = Rc::new(Cell::new(0));
    let counter = announced.clone();
    let notice = Box::new(move || counter.set(counter.get() + 1));
    let options = Options { start_limit: 2 * TINY, on_slow_start: Some((TINY, notice)), ..options("silent") };
    Node::find_or_start(options).expect_err("it is never ready");
    assert_eq!(announced.get(), 1);
}

#[test]
fn the_finalisation_delay_is_the_nodes_own_unless_it_is_set() {
    assert_eq!(Options::default().arguments(), ["--dev", "--rpc-port", "0"]);
    let options = Options { finalize_delay_sec: Some(0), ..Options::default() };
    assert_eq!(options.arguments(), ["--dev", "--rpc-port", "0", "--finalize-delay-sec", "0"]);
}

/// A node that answers one question with these methods.
fn answering(methods: &'static str) -> Node {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a question");
        let mut question = BufReader::new(stream.try_clone().expect("cloned"));
        let mut line = String::new();
        while !line.ends_with("\r\n\r\n") {
            question.read_line(&mut line).expect("a line");
        }
        question.read_exact(&mut [0; QUESTION.len()]).expect("the question");
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"methods":[{methods}]}}}}"#);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).expect("answered");
    });
    Node::find_or_start(Options { url: Some(url), ..Options::default() }).expect("taken")
}

#[test]
fn a_node_with_a_clock_to_move_says_so() {
    assert!(answering(r#""chain_getBlock","dev_advanceClock""#).has_dev_clock());
}

#[test]
fn a_node_without_a_clock_to_move_has_none() {
    assert!(!answering(r#""chain_getBlock""#).has_dev_clock());
}

#[test]
fn a_node_that_does_not_answer_has_no_clock_to_move() {
    let options = Options { url: Some("ws://127.0.0.1:1".into()), ..Options::default() };
    let node = Node::find_or_start(options).expect("taken");
    assert!(!node.has_dev_clock());
}
