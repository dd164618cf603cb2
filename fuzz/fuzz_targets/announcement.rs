#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = komuz_fuzz::announcement(data);
});
