//! See [`salus_fuzz::vault::objects`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| salus_fuzz::vault::objects(data));
