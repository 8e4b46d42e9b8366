//! What a decision on consent cannot do without: the patient's cell is read, and nothing is decided.

#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[ink::contract]
#[allow(missing_docs, unsafe_code, reason = "in what the macro makes")]
mod decision_floor {
    use ink::prelude::vec::Vec;
    use ink::storage::Mapping;
    use salus_domain::evaluate::{Answer, Evaluation, Redaction};
    use salus_domain::request::Request;

    /// One cell for each patient, of as many bytes as one wants.
    #[ink(storage)]
    pub struct DecisionFloor {
        genesis: [u8; 32],
        files: Mapping<AccountId, Vec<u8>>,
    }

    impl DecisionFloor {
        /// The cell of one patient.
        #[ink(constructor)]
        pub fn new(genesis: [u8; 32], patient: AccountId, file: Vec<u8>) -> Self {
            let mut files = Mapping::new();
            files.insert(patient, &file);
            Self { genesis, files }
        }

        /// Reads the patient's cell, and answers as if nobody had consented.
        #[ink(message)]
        pub fn decide(&self, patient: AccountId, request: Request) -> Evaluation {
            let _ = request;
            let answer = if self.files.get(patient).is_some() { Answer::NoConsent } else { Answer::Deny };
            Evaluation { answer, deciding: Vec::new(), redact: Redaction::default() }
        }
    }
}
