//! How values of `domain` lie in a contract's storage, which ink! wants to know for the metadata.

/// Says of types that each lies in one cell, as its SCALE encoding: what is needed to keep it in an
/// `ink::storage::Mapping`. A type of `domain`, which does not know ink!, is first wrapped into one of the contract's.
#[macro_export]
macro_rules! kept_in_one_cell {
    ($($Type:ty),+ $(,)?) => {$(
        #[cfg(feature = "std")]
        impl ink::storage::traits::StorageLayout for $Type {
            fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
                use ink::metadata::layout::{Layout, LayoutKey, LeafLayout};
                Layout::Leaf(LeafLayout::from_key::<Self>(LayoutKey::from(key)))
            }
        }
    )+};
}
