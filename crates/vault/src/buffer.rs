//! Memory for plaintext.

use zeroize::Zeroizing;

/// Bytes that may be plaintext; wiped when dropped, and grown so that nothing is left behind.
pub(crate) type Buffer = Zeroizing<Vec<u8>>;

/// Makes room for `more` bytes, at once for a good deal more, and for `most` in all at most. Growing in place would free
/// the old memory unwiped.
pub(crate) fn grow(buffer: &mut Buffer, more: usize, most: usize) {
    let needed = buffer.len() + more;
    if needed <= buffer.capacity() {
        return;
    }
    let capacity = (needed * 8).max(16 * 1024).min(most).max(needed);
    let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
    larger.extend_from_slice(buffer);
    *buffer = larger;
}
