//! All targets behind libFuzzer; the environment variable `XCEBRA_FUZZ_TARGET` names the one to drive.
//! `XCEBRA_FUZZ_SEEDS` names a folder that is to receive sound inputs first.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use xcebra_fuzz::{Target, seeds, target};

static CHOSEN: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("XCEBRA_FUZZ_TARGET").unwrap_or_default();
        let chosen = target(&name).expect("XCEBRA_FUZZ_TARGET names a target");
        if let Some(folder) = std::env::var_os("XCEBRA_FUZZ_SEEDS") {
            for (i, seed) in seeds(&name).iter().enumerate() {
                let path = Path::new(&folder).join(format!("seed-{i:03}"));
                std::fs::write(path, seed).expect("the folder of seeds is writable");
            }
        }
        CHOSEN.get_or_init(|| chosen);
    },
    |bytes: &[u8]| CHOSEN.get().expect("chosen at the start")(bytes)
);
