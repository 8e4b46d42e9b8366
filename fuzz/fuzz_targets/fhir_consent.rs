//! See [`salus_fuzz::fhir::consent`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::fhir::consent(data));
