//! A PSP22 token that does what it is told instead of what was asked of it. Everybody may tell it, and everybody may take
//! everything from everybody.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[ink::contract]
#[allow(missing_docs, unsafe_code, clippy::cast_possible_truncation, reason = "in what the macros make")]
mod hostile_token {
    use ink::env::call::{build_call, ExecutionInput, Selector};
    use ink::env::hash::Blake2x256;
    use ink::env::{CallFlags, DefaultEnvironment, Error, ReturnErrorCode};
    use ink::prelude::{string::String, vec::Vec};
    use psp22::{PSP22Data, PSP22Error, PSP22};

    /// What a transfer does.
    #[derive(Debug)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub enum Behaviour {
        /// It moves what it is asked to.
        Honest,
        /// It answers with an error.
        Refuse,
        /// It panics.
        Trap,
        /// It answers that all went well, and moves nothing.
        Lie,
        /// It moves so much less.
        Fee(u128),
        /// It calls a contract with this input, and then moves what it is asked to, whatever that answered.
        Reenter { target: AccountId, input: Vec<u8> },
        /// It hashes so many times, and then moves what it is asked to.
        Burn(u32),
    }

    /// Any answer.
    struct Whatever;

    impl scale::Decode for Whatever {
        fn decode<I: scale::Input>(input: &mut I) -> Result<Self, scale::Error> {
            while input.remaining_len()?.is_some_and(|left| left > 0) {
                input.read_byte()?;
            }
            Ok(Self)
        }
    }

    /// Bytes that are an input already.
    struct Raw<'a>(&'a [u8]);

    impl scale::Encode for Raw<'_> {
        fn encode_to<T: scale::Output + ?Sized>(&self, dest: &mut T) {
            dest.write(self.0);
        }
    }

    /// The token.
    #[ink(storage)]
    pub struct HostileToken {
        data: PSP22Data,
        behaviour: Behaviour,
    }

    impl HostileToken {
        /// An honest token of which the caller has all.
        #[ink(constructor)]
        pub fn new(supply: u128) -> Self {
            let (data, _) = PSP22Data::new(supply, Self::env().caller());
            Self { data, behaviour: Behaviour::Honest }
        }

        /// Sets what transfers do from now on.
        #[ink(message)]
        pub fn behave(&mut self, behaviour: Behaviour) -> Result<(), PSP22Error> {
            self.behaviour = behaviour;
            Ok(())
        }

        fn moves(&mut self, from: AccountId, to: AccountId, value: u128) -> Result<(), PSP22Error> {
            let moved = match &self.behaviour {
                Behaviour::Honest => value,
                Behaviour::Refuse => return Err(PSP22Error::Custom(String::from("no"))),
                Behaviour::Trap => panic!("told to"),
                Behaviour::Lie => return Ok(()),
                Behaviour::Fee(fee) => value.saturating_sub(*fee),
                Behaviour::Reenter { target, input } => {
                    reenter(*target, input)?;
                    value
                }
                Behaviour::Burn(rounds) => {
                    let mut digest = [0; 32];
                    for _ in 0..*rounds {
                        digest = self.env().hash_bytes::<Blake2x256>(&digest);
                    }
                    value
                }
            };
            self.data.transfer(from, to, moved).map(drop)
        }
    }

    /// Calls a contract. An error where it was not carried in; where the chain denies the call, it ends this contract's as well.
    fn reenter(target: AccountId, input: &[u8]) -> Result<(), PSP22Error> {
        let (selector, arguments) = input.split_first_chunk().ok_or(PSP22Error::InsufficientBalance)?;
        let input = ExecutionInput::new(Selector::new(*selector)).push_arg(Raw(arguments));
        let call = build_call::<DefaultEnvironment>().call(target).call_flags(CallFlags::ALLOW_REENTRY);
        match call.exec_input(input).returns::<Whatever>().try_invoke() {
            Ok(_) | Err(Error::ReturnError(ReturnErrorCode::CalleeTrapped)) => Ok(()),
            Err(_) => Err(PSP22Error::Custom(String::from("the other contract was not called"))),
        }
    }

    impl PSP22 for HostileToken {
        #[ink(message)]
        fn total_supply(&self) -> u128 {
            self.data.total_supply()
        }

        #[ink(message)]
        fn balance_of(&self, owner: AccountId) -> u128 {
            self.data.balance_of(owner)
        }

        #[ink(message)]
        fn allowance(&self, _owner: AccountId, _spender: AccountId) -> u128 {
            u128::MAX
        }

        #[ink(message)]
        fn transfer(&mut self, to: AccountId, value: u128, _data: Vec<u8>) -> Result<(), PSP22Error> {
            self.moves(self.env().caller(), to, value)
        }

        #[ink(message)]
        fn transfer_from(
            &mut self,
            from: AccountId,
            to: AccountId,
            value: u128,
            _data: Vec<u8>,
        ) -> Result<(), PSP22Error> {
            self.moves(from, to, value)
        }

        #[ink(message)]
        fn approve(&mut self, _spender: AccountId, _value: u128) -> Result<(), PSP22Error> {
            Ok(())
        }

        #[ink(message)]
        fn increase_allowance(&mut self, _spender: AccountId, _delta_value: u128) -> Result<(), PSP22Error> {
            Ok(())
        }

        #[ink(message)]
        fn decrease_allowance(&mut self, _spender: AccountId, _delta_value: u128) -> Result<(), PSP22Error> {
            Ok(())
        }
    }
}
