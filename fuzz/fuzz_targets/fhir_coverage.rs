//! See [`salus_fuzz::fhir::coverage`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::fhir::coverage(data));
