//! What any document is refused for before its elements are looked at.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::{directory, refused};
use salus_fhir::consent::compile;
use salus_fhir::{Refused, RefusedReason as R, MAX_DOCUMENT, MAX_KEY, MAX_NESTING};

fn refusal(document: &[u8]) -> Refused {
    compile(document, &directory()).unwrap_err()
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    assert_eq!(refusal(b"{\n  \"a\": }"), refused("$", R::NotJson { line: 2, column: 8 }));
    for document in [&b""[..], b"{} {}", b"\xff", b"{\"a\": \"\xff\"}", b"{\"a\": 01}", b"{\"a\": \"\\ud800\"}"] {
        assert!(matches!(refusal(document).reason, R::NotJson { .. }), "{document:?}");
    }
}

#[test]
fn what_is_no_object_is_refused() {
    assert_eq!(refusal(b"[1]"), refused("$", R::WrongType { expected: "an object" }));
    assert_eq!(refusal(b"{}"), refused("$", R::Empty));
    assert_eq!(refusal(b"{\"status\": \"active\"}"), refused("resourceType", R::Missing));
}

#[test]
fn a_key_that_appears_twice_is_refused_at_any_depth() {
    let document =
        br#"{"resourceType": "Consent", "provision": {"provision": [{"type": "deny", "\u0074ype": "permit"}]}}"#;
    assert_eq!(refusal(document), refused("Consent.provision.provision[0].type", R::DuplicateKey));
}

#[test]
fn a_document_that_is_too_large_is_refused_unread() {
    let document = vec![b' '; MAX_DOCUMENT + 1];
    let reason = R::TooLarge { bytes: MAX_DOCUMENT + 1, limit: MAX_DOCUMENT };
    assert_eq!(refusal(&document), refused("$", reason));
}

#[test]
fn a_document_that_is_nested_too_deep_is_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(refusal(nested(MAX_NESTING).as_bytes()).reason, R::WrongType { expected: "an object" });
    assert_eq!(refusal(nested(MAX_NESTING + 1).as_bytes()).reason, R::NestedTooDeep);
    // Far beyond what a recursion could take.
    let bottomless = nested(20_000);
    assert_eq!(refusal(bottomless.as_bytes()).reason, R::NestedTooDeep);
}

#[test]
fn a_key_that_is_longer_than_any_name_is_refused() {
    let document =
        |length: usize| format!("{{\"resourceType\": \"Consent\", \"text\": {{\"{}\": 1}}}}", "k".repeat(length));
    assert_eq!(refusal(document(MAX_KEY).as_bytes()), refused("Consent.status", R::Missing));
    let reason = R::KeyTooLong { bytes: MAX_KEY + 1, limit: MAX_KEY };
    assert_eq!(refusal(document(MAX_KEY + 1).as_bytes()), refused("Consent.text", reason));
}

/// How many bytes of memory the process had at most, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    kilobytes.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// A path for each of these items would take 3.8 GB.
#[test]
fn a_long_list_below_long_keys_is_looked_through_without_a_path_for_each_item() {
    let (key, depth) = (format!("{{\"{}\":", "k".repeat(MAX_KEY)), MAX_NESTING - 4);
    let items = format!("[{}{{\"modifierExtension\": []}}]", "0,".repeat(250_000));
    let text = format!("{}{items}{}", key.repeat(depth), "}".repeat(depth));
    let refusal = refusal(format!("{{\"resourceType\": \"Consent\", \"text\": {text}}}").as_bytes());
    assert_eq!(refusal.reason, R::ModifierExtension);
    assert!(refusal.path.ends_with("k[250000].modifierExtension"));
    assert!(peak().is_none_or(|peak| peak < 1 << 30), "{:?}", peak());
}

#[test]
fn a_refusal_reads_as_a_path_and_a_sentence() {
    let text = refusal(b"{\"resourceType\": \"Consent\"}").to_string();
    assert_eq!(text, "Consent.status: the element is missing; add it");
}
