//! The three contracts, message by message. What a message does stands on its trait in `salus_interface`. And of the tokens
//! that plans are paid in, as much as paying takes.

mod access_grants;
mod claims;
mod consent_registry;
mod token;

use salus_domain::money::Amount;
use salus_interface::claims::Asset;

pub use access_grants::AccessGrants;
pub use claims::Claims;
pub use consent_registry::ConsentRegistry;
pub use token::{PSP22Metadata, TokenError, PSP22};

/// Makes the client of a contract: a type with an address, and a method for each message of its trait. `#[pays bond]` adds an
/// argument, which is sent along as value; `#[transfers amount of asset]` adds the asset, and sends the argument `amount` along
/// where that is the native token.
macro_rules! contract {
    (
        $(#[$meta:meta])* $Contract:ident, errors $Error:ty;
        messages { $(
            $(#[pays $value:ident])? $(#[transfers $amount:ident of $asset:ident])?
            fn $message:ident($($argument:ident: $Argument:ty),*) -> $Answer:ty;
        )* }
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
                    &self,
                    $($argument: $Argument,)*
                    $($value: salus_domain::money::Amount)?
                    $($asset: salus_interface::claims::Asset)?
                ) -> $crate::message::Message<$Answer, $Error> {
                    let name = concat!(stringify!($Contract), "::", stringify!($message));
                    $crate::message::Message::new(&self.address, name, &($($argument,)*))
                        $(.paying($value.0))?
                        $(.paying($crate::contracts::value_of($amount, $asset)))?
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

/// What is sent along of an amount: of a token of its own contract, nothing.
const fn value_of(amount: Amount, asset: Asset) -> u128 {
    match asset {
        Asset::Native => amount.0,
        Asset::Psp22(_) => 0,
    }
}
