//! Element types of numpy that are not read, and how to make numbers of them.

/// How to make numbers of an array of another type. Each is tried with numpy by the script that makes
/// the tests' data.
pub(crate) fn advice_on(descriptor: &str) -> &'static str {
    let code = descriptor.trim_start_matches(['<', '>', '|', '=']);
    match code.chars().next() {
        Some('U' | 'S') => {
            "save class numbers, numpy.unique(array, return_inverse=True)[1], or array.astype('float64') \
             if it holds numbers as text"
        }
        Some('O') => {
            "it holds pickled Python objects, which are not read: save array.astype('float64') if they \
             are numbers, or numpy.unique(array.astype(str), return_inverse=True)[1] if they are classes"
        }
        Some('c') => {
            "save the magnitude, numpy.abs(array), or both parts, \
             numpy.stack([array.real, array.imag], axis=-1)"
        }
        Some('M') => "save seconds, (array - array.min()) / numpy.timedelta64(1, 's')",
        Some('m') => "save seconds, array / numpy.timedelta64(1, 's')",
        Some('V') => {
            "numpy saved raw bytes without their type: convert the array with array.astype('float32') \
             before it is saved"
        }
        _ => "save array.astype('float64')",
    }
}

/// The same for a structured array, by its list of fields `[('a', '<f8'), …`.
pub(crate) fn advice_on_fields(list: &str) -> String {
    const CONVERT: &str = "numpy.lib.recfunctions.structured_to_unstructured";
    let mut numbers = Vec::new();
    let mut all = true;
    let mut rest = list;
    while let Some((_, field)) = rest.split_once("('") {
        let Some((name, after)) = field.split_once('\'') else {
            break;
        };
        rest = after;
        let code = after.trim_start_matches([',', ' ', '\'', '<', '>', '|', '=']);
        match code.starts_with(|c: char| "biuf?".contains(c)) {
            true => numbers.push(format!("'{name}'")),
            // a list of fields within this one
            false if code.starts_with('[') => {}
            false => all = false,
        }
    }
    match (all, numbers.is_empty()) {
        (true, _) => format!("save {CONVERT}(array)"),
        (false, false) => format!(
            "save its fields of numbers, {CONVERT}(array[[{}]])",
            numbers.join(", ")
        ),
        (false, true) => "save its fields one by one, such as array['name']".to_owned(),
    }
}
