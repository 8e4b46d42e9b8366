//! The three contracts, message by message. What a message does stands on its trait in `salus_interface`.

mod access_grants;
mod claims;
mod consent_registry;

pub use access_grants::AccessGrants;
pub use claims::Claims;
pub use consent_registry::ConsentRegistry;

/// Makes the client of a contract: a type with an address, and a method for each message of its trait.
macro_rules! contract {
    (
        $(#[$meta:meta])* $Contract:ident, errors $Error:ty;
        messages { $( $(#[pays $value:ident])? fn $message:ident($($argument:ident: $Argument:ty),*) -> $Answer:ty; )* }
        queries { $( fn $query:ident($($asked:ident: $Asked:ty),*) -> $Read:ty; )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Contract {
            address: subxt::utils::AccountId32,
        }

        impl $Contract {
            /// The contract at `address`.
            #[must_use]
            pub const fn at(address: subxt::utils::AccountId32) -> Self {
                Self { address }
            }

            /// Its address.
            #[must_use]
            pub const fn address(&self) -> &subxt::utils::AccountId32 {
                &self.address
            }

            /// The names of all its messages, as in its metadata.
            pub const MESSAGES: &'static [&'static str] = &[
                $(concat!(stringify!($Contract), "::", stringify!($message)),)*
                $(concat!(stringify!($Contract), "::", stringify!($query)),)*
            ];

            $(
                #[doc = concat!("`", stringify!($Contract), "::", stringify!($message), "`.")]
                pub fn $message(
                    &self, $($argument: $Argument,)* $($value: salus_domain::money::Amount)?
                ) -> $crate::message::Message<$Answer, $Error> {
                    let name = concat!(stringify!($Contract), "::", stringify!($message));
                    $crate::message::Message::new(&self.address, name, &($($argument,)*))$(.paying($value.0))?
                }
            )*

            $(
                #[doc = concat!("`", stringify!($Contract), "::", stringify!($query), "`.")]
                pub fn $query(&self, $($asked: $Asked),*) -> $crate::message::Query<$Read> {
                    let name = concat!(stringify!($Contract), "::", stringify!($query));
                    $crate::message::Query::new(&self.address, name, &($($asked,)*))
                }
            )*
        }
    };
}
use contract;
