//! What a node says on its standard error.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

/// How many lines are kept.
const LINES: usize = 40;
/// What a line says once the node answers, before its addresses.
const READY: &str = "Running JSON-RPC server: addr=";

/// Where to reach the node, if this is the line that tells.
///
/// Nodes differ in what follows the first address: another address, the allowed origins, or nothing.
pub fn rpc_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(READY)?;
    let addresses = || rest.split(',').filter_map(|part| part.trim().parse::<SocketAddr>().ok());
    let mut address = addresses().find(SocketAddr::is_ipv4).or_else(|| addresses().next())?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(address)
}

/// The last lines of a log, shared between who reads it and who reports an error.
#[derive(Debug, Clone, Default)]
pub struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Adds a line and forgets the oldest one where there are too many.
    pub fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, the oldest first.
    pub fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(line: &str) -> Option<String> {
        rpc_address(line).map(|address| address.to_string())
    }

    #[test]
    fn the_address_is_read_from_the_line_of_our_own_node() {
        let line = "    0.412s INFO  rpc: Running JSON-RPC server: addr=127.0.0.1:35921";
        assert_eq!(address(line).as_deref(), Some("127.0.0.1:35921"));
    }

    #[test]
    fn the_ipv4_address_is_taken_where_there_are_several() {
        let line = "2026-11-20 10:00:00 Running JSON-RPC server: addr=[::1]:9945,127.0.0.1:9944";
        assert_eq!(address(line).as_deref(), Some("127.0.0.1:9944"));
    }

    #[test]
    fn allowed_origins_after_the_address_do_not_disturb() {
        let line = r#"Running JSON-RPC server: addr=127.0.0.1:9944, allowed origins=["*"]"#;
        assert_eq!(address(line).as_deref(), Some("127.0.0.1:9944"));
    }

    #[test]
    fn a_node_that_listens_everywhere_is_reached_on_the_loopback_interface() {
        assert_eq!(address("Running JSON-RPC server: addr=0.0.0.0:1").as_deref(), Some("127.0.0.1:1"));
        assert_eq!(address("Running JSON-RPC server: addr=[::]:1").as_deref(), Some("[::1]:1"));
    }

    #[test]
    fn other_lines_hold_no_address() {
        assert_eq!(address("Local node identity is: 12D3Koo"), None);
        assert_eq!(address("Running JSON-RPC server: addr=soon"), None);
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let tail = Tail::default();
        (0..LINES + 2).for_each(|number| tail.push(number.to_string()));
        let text = tail.text();
        assert!(text.starts_with("2\n3\n"));
        assert!(text.ends_with(&(LINES + 1).to_string()));
    }
}
