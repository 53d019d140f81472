//! Sound files beyond their values: what is said about lengths that are wrong, and what is refused.

use crate::signal_corpus::signals;
use crate::told;

#[test]
fn wrong_lengths_are_noted() {
    for (name, expected) in [
        ("streamed_zero.wav", "does not say how many samples"),
        ("streamed_ones.wav", "does not say how many samples"),
        ("streamed_large.wav", "announces 2147479552 bytes"),
        (
            "cut.wav",
            "announces 400 bytes of samples, and the file holds 163",
        ),
        ("behind.wav", "all but the last 10 bytes"),
        ("rf64_open.wav", "does not say how many samples"),
        ("rf64_large.wav", "announces 1099511627776 bytes"),
    ] {
        let notes = signals(name, "x").unwrap().notes;
        assert!(notes[0].contains(expected), "{name}: {notes:?}");
    }
    let notes = signals("cut.wav", "x").unwrap().notes;
    assert!(notes[1].contains("cut short: 3 bytes"), "{notes:?}");
    for name in [
        "list_before.wav",
        "list_after.wav",
        "odd_unpadded.wav",
        "odd_mono.wav",
        "rf64.wav",
        "bw64.wav",
        "container_24_4.wav",
        "soundfile_rf64_pcm_16_file.wav",
        "soundfile_wavex_float_file.wav",
        "scipy_f32.wav",
    ] {
        let read = signals(name, "x").unwrap();
        assert_eq!(read.notes, [] as [&str; 0], "{name}");
        assert_eq!(read.sampling_rate, Some(8000.0));
        assert_eq!(read.units, None);
    }
}

#[test]
fn compressed_and_empty_sound_is_refused_with_what_helps() {
    for (name, expected) in [
        ("refused_ms_adpcm.wav", "Microsoft ADPCM of 4 bits"),
        ("refused_ima_adpcm.wav", "IMA ADPCM of 4 bits"),
        ("refused_gsm610.wav", "GSM 6.10"),
    ] {
        let (problem, advice) = told(&signals(name, "x").unwrap_err());
        assert!(problem.contains(expected), "{problem}");
        assert!(advice.contains("-c:a pcm_s16le"), "{advice}");
    }
    for name in ["empty.wav", "empty_and_list.wav"] {
        let message = signals(name, "x").unwrap_err().to_string();
        assert!(message.contains("no samples"), "{name}: {message}");
    }
}
