//! How a message ends that changed cells, but nothing in the contract's root cell.

use scale::Encode;

/// Gives the answer of a message that leaves the root cell as it is. On a chain this ends the message: ink! would write the root
/// cell back, although nothing in it has changed, and that is a sixth of what a grant of consent costs. A refusal undoes
/// everything, as with ink!. Where all of a message ends here, ink!'s own code for its end is left out of the contract.
///
/// It is for what comes last in a message: nothing after it is carried out.
///
/// # Errors
/// The refusal, as it is.
pub fn answer<T: Encode, E: Encode>(result: Result<T, E>) -> Result<T, E> {
    #[cfg(feature = "std")]
    return result;
    #[cfg(not(feature = "std"))]
    match &result {
        // Two results, one in the other: SCALE has 0 for what is fine, 1 for what is not.
        Ok(value) => end(false, &[0, 0], value),
        Err(error) => end(true, &[0, 1], error),
    }
}

/// Gives the answer of a message that changes nothing, in the same way.
pub fn tell<T: Encode>(value: T) -> T {
    #[cfg(feature = "std")]
    return value;
    #[cfg(not(feature = "std"))]
    end(false, &[0], &value)
}

#[cfg(not(feature = "std"))]
fn end<T: Encode>(refused: bool, before: &[u8], value: &T) -> ! {
    let mut answer = start(before);
    value.encode_to(&mut answer);
    finish(refused, &answer)
}

/// Not inlined: it is the same for all messages, like [`finish`].
#[cfg(not(feature = "std"))]
#[inline(never)]
fn start(before: &[u8]) -> alloc::vec::Vec<u8> {
    before.to_vec()
}

#[cfg(not(feature = "std"))]
#[inline(never)]
fn finish(refused: bool, answer: &[u8]) -> ! {
    use pallet_contracts_uapi::{HostFn, HostFnImpl, ReturnFlags};
    let flags = if refused { ReturnFlags::REVERT } else { ReturnFlags::empty() };
    HostFnImpl::return_value(flags, answer)
}
