//! A contract that asks another one for leave: the registry, or a contract that reads one flag.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod asker {
    use ink::codegen::TraitCallBuilder;
    use ink::env::call::{build_call, ExecutionInput, Selector};
    use ink::env::DefaultEnvironment;
    use salus_domain::evaluate::Answer;
    use salus_domain::request::Request;
    use salus_interface::consent::ConsentRegistry;

    /// Keeps nothing.
    #[ink(storage)]
    #[derive(Default)]
    pub struct Asker {}

    impl Asker {
        /// Somebody who asks.
        #[ink(constructor)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Whether the registry permits it.
        #[ink(message)]
        pub fn ask_registry(&self, registry: AccountId, patient: AccountId, request: Request) -> bool {
            let registry: ink::contract_ref!(ConsentRegistry) = registry.into();
            let asked = registry.call().decide(patient, request).try_invoke();
            matches!(asked, Ok(Ok(evaluation)) if evaluation.answer == Answer::Permit)
        }

        /// Whether the flag is set.
        #[ink(message)]
        pub fn ask_flag(&self, flags: AccountId, patient: AccountId, provider: AccountId) -> bool {
            let input = ExecutionInput::new(Selector::new(ink::selector_bytes!("is_set"))).push_arg(patient);
            let asked = build_call::<DefaultEnvironment>()
                .call(flags)
                .exec_input(input.push_arg(provider))
                .returns::<bool>()
                .try_invoke();
            matches!(asked, Ok(Ok(true)))
        }
    }
}
