//! Leaves out of the module what never runs.

use std::ops::Range;

/// A colour profile for printers in the fields that every ICC profile has (ICC.1, 7.2): class, colours, connection space,
/// twelve bytes of a date, signature.
const PRINTER: &[u8] = b"prtrCMYKLab ";
const SIGNATURE: &[u8] = b"acsp";

/// The module with zeros in place of the colour profile that `printpdf` carries for files of PDF/X, and that no report asks
/// for: half a megabyte of the page. `None` where there is not exactly one.
#[must_use]
pub fn without_profile(mut module: Vec<u8>) -> Option<Vec<u8>> {
    let mut found = module
        .windows(PRINTER.len() + 12 + SIGNATURE.len())
        .enumerate()
        .filter(|(_, window)| window.starts_with(PRINTER) && window.ends_with(SIGNATURE));
    let (Some((at, _)), None) = (found.next(), found.next()) else { return None };
    let profile = profile(&module, at)?;
    module.get_mut(profile)?.fill(0);
    Some(module)
}

/// Where the profile lies whose class stands at byte `at`: its length, big end first, are the four bytes it begins with.
fn profile(module: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(12)?;
    let length = u32::from_be_bytes(module.get(start..start + 4)?.try_into().ok()?);
    Some(start..start.checked_add(usize::try_from(length).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that begin with the header of a profile and are `length` long in its words.
    fn profile(length: u32) -> Vec<u8> {
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(b"ADBE\x02\x10\0\0prtrCMYKLab twelve bytesacsp");
        bytes.resize(64, 7);
        bytes
    }

    #[test]
    fn one_profile_is_left_out_and_nothing_around_it() {
        let module = [b"before".to_vec(), profile(64), b"after".to_vec()].concat();
        assert_eq!(without_profile(module), Some([b"before".to_vec(), vec![0; 64], b"after".to_vec()].concat()));
    }

    #[test]
    fn none_two_and_one_without_an_end_are_said() {
        assert_eq!(without_profile(b"nothing".to_vec()), None);
        assert_eq!(without_profile([profile(64), profile(64)].concat()), None);
        assert_eq!(without_profile(profile(65)), None);
    }
}
