//! That content of exactly the limit is taken, seen from inside: encrypting 64 MiB without optimisation takes longer
//! than a test should.

#![allow(clippy::unwrap_used)]

use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use crate::{
    content::{self, ContentKey, MAX_OBJECT_BYTES},
    source::read_bounded,
    RecordRef, VaultError, MAX_CONTENT_BYTES,
};

#[test]
fn content_of_exactly_the_limit_is_not_too_large() {
    content::check_size(MAX_CONTENT_BYTES).unwrap();
    let refused = content::check_size(MAX_CONTENT_BYTES + 1);
    assert!(matches!(refused, Err(VaultError::TooLarge { .. })));
}

#[tokio::test]
async fn a_stream_of_exactly_the_limit_is_read_whole_whatever_size_was_expected() {
    for hint in [0, MAX_CONTENT_BYTES, u64::MAX] {
        let stream = tokio::io::repeat(1).take(MAX_CONTENT_BYTES);
        let content = read_bounded(stream, hint).await.unwrap();
        assert_eq!(content.len() as u64, MAX_CONTENT_BYTES);
    }
}

#[test]
fn the_largest_object_that_is_read_is_the_largest_that_is_written() {
    let record = RecordRef { record: [1; 32].into(), version: 1 };
    let key = ContentKey::from(Zeroizing::new([2; 32]));
    let media_type = format!("text/{}", "x".repeat(250));
    let content = [3; 1000];
    let object = content::seal(record, &media_type, &content, &[4; 32], &key).unwrap();
    let overhead = object.len() as u64 - content.len() as u64;
    assert_eq!(overhead + MAX_CONTENT_BYTES, MAX_OBJECT_BYTES);
}
