//! How an event is told from the others.

/// An event of one of the contracts.
pub trait Event: scale::Encode + scale::Decode {
    /// Its name.
    const NAME: &'static str;
    /// Its name and the types of its fields, as ink! hashes them (BLAKE2b-256) into the event's first topic. White space
    /// does not count.
    const SIGNATURE: &'static str;
}

macro_rules! signatures {
    ($($Event:ident($($Field:ty),+);)+) => {
        $(
            impl crate::event::Event for $Event {
                const NAME: &'static str = stringify!($Event);
                const SIGNATURE: &'static str = concat!(stringify!($Event), "(", stringify!($($Field),+), ")");
            }
        )+

        #[cfg(all(test, feature = "contract"))]
        mod signature_tests {
            use super::*;

            #[test]
            fn signatures_are_those_of_ink() {
                $(
                    let signature = <$Event as crate::event::Event>::SIGNATURE.replace(char::is_whitespace, "");
                    let mut topic = [0; 32];
                    <ink::env::hash::Blake2x256 as ink::env::hash::CryptoHash>::hash(signature.as_bytes(), &mut topic);
                    assert_eq!(<$Event as ink::env::Event>::SIGNATURE_TOPIC, Some(topic), "{signature}");
                )+
            }
        }
    };
}
pub(crate) use signatures;
