//! See [`salus_fuzz::fhir::claim`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::fhir::claim(data));
