//! How an event is emitted.

use crate::event::Event;

/// An event whose topics are its first fields, each of 32 bytes.
pub trait TopicsFirst: Event + ink::env::Event {}

/// Emits an event and gives it back, on a chain by one function for all events: what ink! makes for each is a good part of the
/// code of a contract that has many.
pub fn emit<E: TopicsFirst + Clone>(event: E) -> E {
    #[cfg(feature = "std")]
    ink::env::emit_event::<ink::env::DefaultEnvironment, _>(event.clone());
    #[cfg(not(feature = "std"))]
    {
        use ink::env::event::EventTopicsAmount;
        let mut data = empty();
        event.encode_to(&mut data);
        on_chain(const { &E::SIGNATURE_TOPIC }, <E::RemainingTopics as EventTopicsAmount>::AMOUNT, &data);
    }
    event
}

/// Not inlined: that would be 200 bytes in a contract with many events.
#[cfg(not(feature = "std"))]
#[inline(never)]
fn empty() -> alloc::vec::Vec<u8> {
    alloc::vec::Vec::new()
}

/// `topics` counts the signature, too.
#[cfg(not(feature = "std"))]
#[inline(never)]
fn on_chain(signature: &Option<[u8; 32]>, topics: usize, data: &[u8]) {
    use pallet_contracts_uapi::{HostFn, HostFnImpl};
    let fields = data.get(..topics.saturating_sub(1).saturating_mul(32)).unwrap_or_default();
    // At most four: their number is one byte (SCALE, compact).
    let mut topics = alloc::vec![u8::try_from(topics).unwrap_or_default().saturating_mul(4)];
    topics.extend_from_slice(signature.as_ref().map_or(&[], |signature| signature));
    topics.extend_from_slice(fields);
    HostFnImpl::deposit_event(&topics, data);
}

/// Says of events that they are [`TopicsFirst`], and tests it.
macro_rules! topics_first {
    ($($Event:ident),+ $(,)?) => {
        $(#[cfg(feature = "contract")] impl crate::emit::TopicsFirst for $Event {})+

        #[cfg(all(test, feature = "contract"))]
        mod topics_tests {
            use super::*;

            #[test]
            fn topics_are_the_first_fields() -> Result<(), scale::Error> {
                $(
                    // Accounts and hashes can have any bytes; zeros are a value of all other fields.
                    let amount = <<$Event as ink::env::Event>::RemainingTopics as ink::env::event::EventTopicsAmount>::AMOUNT;
                    let bytes: Vec<u8> = (1..=u8::MAX).take(32 * (amount - 1)).chain([0; 1024]).collect();
                    let event = <$Event as scale::Decode>::decode(&mut bytes.as_slice())?;
                    let before = ink::env::test::recorded_events().count();
                    ink::env::emit_event::<ink::env::DefaultEnvironment, _>(event);
                    let told = ink::env::test::recorded_events().nth(before).ok_or("no event")?;
                    let topics: Vec<&[u8]> = told.topics.iter().skip(1).map(AsRef::as_ref).collect();
                    let fields: Vec<&[u8]> = told.data.chunks(32).take(topics.len()).collect();
                    assert_eq!(topics, fields, stringify!($Event));
                )+
                Ok(())
            }
        }
    };
}
pub(crate) use topics_first;
