//! See [`salus_fuzz::claims::ledger`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::claims::ledger(data));
