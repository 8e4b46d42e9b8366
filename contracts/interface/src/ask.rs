//! How another contract is called.

use crate::cells::Raw;
use alloc::vec::Vec;
use ink::env::call::utils::{ReturnType, Set};
use ink::env::call::{build_call, Call, CallBuilder, ExecutionInput, Selector};
use ink::env::DefaultEnvironment;
use ink::primitives::AccountId;
use scale::{Encode, Output};

/// What comes of a call: the bytes of the answer, or nothing where the other contract did not carry it out.
///
/// ink! makes a way to another contract for each message, with the decoding of all of its answer. Here the call, of which ink! still
/// checks the types, becomes bytes first, and who asks decodes what it needs. Reentry stays denied.
pub fn ask<Args: Encode, R>(call: Ready<Args, R>) -> Option<Vec<u8>> {
    let call = call.params();
    send(*call.callee(), &call.exec_input().encode())
}

/// A call that is ready to be sent, as the traits' call builders make it.
type Ready<Args, R> =
    CallBuilder<DefaultEnvironment, Set<Call<DefaultEnvironment>>, Set<ExecutionInput<Args>>, Set<ReturnType<R>>>;

#[inline(never)]
fn send(callee: AccountId, input: &[u8]) -> Option<Vec<u8>> {
    #[cfg(feature = "std")]
    if let Some(answer) = crate::off_chain::asked(callee, input) {
        return answer;
    }
    let (selector, arguments) = input.split_first_chunk()?;
    let input = ExecutionInput::new(Selector::new(*selector)).push_arg(Rest(arguments));
    let call = build_call::<DefaultEnvironment>().call(callee).exec_input(input).returns::<Raw>();
    call.try_invoke().ok()?.ok().map(|Raw(bytes)| bytes)
}

/// Arguments that are encoded already.
struct Rest<'a>(&'a [u8]);

impl Encode for Rest<'_> {
    fn encode_to<T: Output + ?Sized>(&self, to: &mut T) {
        to.write(self.0);
    }
}
