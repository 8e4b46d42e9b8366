//! How each message of a contract stays a function of its own.

/// For the constructor: keeps the messages of a contract apart, each of which is `#[inline(never)]`.
///
/// The chain's interpreter translates a function when it is first called, at about ten million refTime for each kilobyte of it.
/// wasm-opt moves a function that has one caller into that caller, so all messages would become one function, and every call
/// would pay for all of them. It leaves alone what a table names: this puts them into one.
#[macro_export]
macro_rules! keep_apart {
    ($Contract:ty as $Trait:path: $($message:ident),+ $(,)?) => {
        #[cfg(not(feature = "std"))]
        {
            const MESSAGES: &[*const ()] = &[$(<$Contract as $Trait>::$message as *const ()),+];
            core::hint::black_box(MESSAGES);
        }
    };
}
