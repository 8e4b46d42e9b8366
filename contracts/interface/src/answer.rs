//! How a message ends that changed cells, but nothing in the contract's root cell.

/// Gives the answer of a message that takes `&mut self` and leaves the root cell as it is. On a chain, an answer that is
/// `Ok` ends the message here: ink! would write the root cell back, although nothing in it has changed, and that is a
/// sixth of what a grant of consent costs. A refusal goes back to ink!, which undoes everything.
///
/// It is for what comes last in a message: nothing after it is carried out.
///
/// # Errors
/// The refusal, as it is.
pub fn answer<T: scale::Encode, E: scale::Encode>(result: Result<T, E>) -> Result<T, E> {
    #[cfg(not(feature = "std"))]
    if result.is_ok() {
        let answer: Result<Result<T, E>, ink_primitives::LangError> = Ok(result);
        ink::env::return_value(ink::env::ReturnFlags::empty(), &answer);
    }
    result
}
