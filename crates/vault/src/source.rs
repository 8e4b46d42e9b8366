//! Reading content to seal, never more than the limit.

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

use crate::{content::check_size, VaultError, MAX_CONTENT_BYTES};

/// The whole of `reader`, with room for `hint` bytes from the start.
///
/// Errors: `TooLarge` as soon as one byte more than the limit has been seen, `Source`.
pub(crate) async fn read_bounded(reader: impl AsyncRead, hint: u64) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    // One byte more than the limit, to tell "just full" from "too much".
    let reader = reader.take(MAX_CONTENT_BYTES + 1);
    let mut reader = std::pin::pin!(reader);
    // One byte of room beyond the hint, to see the end without growing.
    let room = hint.clamp(4096, MAX_CONTENT_BYTES) as usize + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    loop {
        if content.len() == content.capacity() {
            // Growing in place would free the old memory unwiped.
            let mut larger = Zeroizing::new(Vec::with_capacity(content.capacity() * 2));
            larger.extend_from_slice(&content);
            content = larger;
        }
        let read = reader.read_buf(&mut *content).await.map_err(VaultError::Source)?;
        check_size(content.len() as u64)?;
        if read == 0 {
            return Ok(content);
        }
    }
}
