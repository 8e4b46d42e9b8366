//! The least that a consent contract can be: one flag for each patient and provider.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod flag {
    use ink::storage::Mapping;
    use salus_interface::consent::ConsentError;

    /// Whether a patient lets a provider in.
    #[ink(storage)]
    #[derive(Default)]
    pub struct Flag {
        flags: Mapping<(AccountId, AccountId), bool>,
    }

    impl Flag {
        /// No flag is set.
        #[ink(constructor)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Sets the caller's flag for a provider.
        ///
        /// # Errors
        /// None.
        #[ink(message)]
        pub fn set(&mut self, provider: AccountId, flag: bool) -> Result<(), ConsentError> {
            self.flags.insert((self.env().caller(), provider), &flag);
            Ok(())
        }

        /// Whether the flag is set.
        #[ink(message)]
        pub fn is_set(&self, patient: AccountId, provider: AccountId) -> bool {
            self.flags.get((patient, provider)).unwrap_or_default()
        }
    }
}
