//! See [`salus_fuzz::fhir::plan`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::fhir::plan(data));
