//! Small sound files and biosignals.

/// One signal of an EDF file.
#[derive(Clone)]
pub struct EdfSignal {
    pub label: &'static str,
    pub unit: &'static str,
    pub physical: (f64, f64),
    pub digital: (i16, i16),
    /// Samples, record by record.
    pub records: Vec<Vec<i16>>,
}

/// A biosignal whose records last this many seconds.
pub fn edf(kind: &str, seconds: f64, signals: &[EdfSignal]) -> Vec<u8> {
    let count = signals.len();
    let records = signals[0].records.len();
    let mut header = format!(
        "{:<8}{:<80}{:<80}{:<8}{:<8}",
        "0", "X X X X", "Startdate X", "01.01.20", "00.00.00"
    );
    header += &format!(
        "{:<8}{kind:<44}{records:<8}{seconds:<8}{count:<4}",
        256 * (count + 1)
    );
    let mut fields = |width: usize, text: &dyn Fn(&EdfSignal) -> String| {
        for signal in signals {
            header += &format!("{:<width$}", text(signal));
        }
    };
    fields(16, &|s| s.label.to_owned());
    fields(80, &|_| String::new());
    fields(8, &|s| s.unit.to_owned());
    fields(8, &|s| s.physical.0.to_string());
    fields(8, &|s| s.physical.1.to_string());
    fields(8, &|s| s.digital.0.to_string());
    fields(8, &|s| s.digital.1.to_string());
    fields(80, &|_| String::new());
    fields(8, &|s| s.records[0].len().to_string());
    fields(32, &|_| String::new());
    let mut bytes = header.into_bytes();
    for record in 0..records {
        for signal in signals {
            bytes.extend(signal.records[record].iter().flat_map(|v| v.to_le_bytes()));
        }
    }
    bytes
}

/// A sound file of these samples.
pub fn wav(tag: u16, channels: u16, rate: u32, bits: u16, samples: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([tag, channels].iter().flat_map(|v| v.to_le_bytes()));
    bytes.extend(
        [rate, rate * u32::from(frame)]
            .iter()
            .flat_map(|v| v.to_le_bytes()),
    );
    bytes.extend([frame, bits].iter().flat_map(|v| v.to_le_bytes()));
    bytes.extend(b"data");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    bytes
}
