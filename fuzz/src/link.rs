//! Share links, as somebody was given them.

use salus_cli::operations::links::Link;

/// The text of a link.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(link) = text.parse::<Link>() else { return };
    assert!(link.text().eq_ignore_ascii_case(text.trim()));
    let again: Link = link.text().parse().expect("what was written can be read");
    assert_eq!((again.account(), again.patient(), again.text()), (link.account(), link.patient(), link.text()));
}
