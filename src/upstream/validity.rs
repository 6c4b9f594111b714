//! Until when a certificate is valid. It reads only the way to that one date (RFC 5280, section 4.1) and checks nothing
//! else. It must never guess a date: any other form is no answer.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
/// The version, which old certificates leave out.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the validity of a certificate in DER.
pub(super) fn valid_until(certificate: &[u8]) -> Option<Timestamp> {
    let (whole, _) = expect(certificate, SEQUENCE)?;
    let (mut fields, _) = expect(whole, SEQUENCE)?;
    if let Some((_, rest)) = expect(fields, VERSION) {
        fields = rest;
    }
    // The serial number, the algorithm and the issuer.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (_, _, not_after) = element(validity)?;
    let (tag, text, _) = element(not_after)?;
    time(tag, text)
}

fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// The first element: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        short if *short < 0x80 => (usize::from(*short), bytes),
        long => {
            let (digits, bytes) = bytes.split_at_checked(usize::from(*long & 0x7f))?;
            // No certificate needs more, and no number below overflows.
            if digits.is_empty() || digits.len() > 3 {
                return None;
            }
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), bytes)
        }
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `YYMMDDHHMMSSZ` until 2049, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match tag {
        UTC_TIME if text.len() == 12 => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME if text.len() == 14 => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |place: usize| rest.get(place..place + 2)?.parse::<i8>().ok();
    let date = Date::new(year, two(0)?, two(2)?).ok()?;
    let time = jiff::civil::Time::new(two(4)?, two(6)?, two(8)?, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    fn ours() -> Vec<u8> {
        let pem = include_str!("../../tests/it/data/test-certificate.pem");
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn the_date_of_a_certificate_is_read() {
        assert_eq!(valid_until(&ours()), Some("2126-11-01T23:23:50Z".parse().unwrap()));
    }

    #[test]
    fn both_forms_of_a_time_are_read_and_no_other() {
        let read = |tag, text: &str| time(tag, text.as_bytes()).map(|time| time.to_string());
        assert_eq!(read(UTC_TIME, "270131235959Z").as_deref(), Some("2027-01-31T23:59:59Z"));
        assert_eq!(read(UTC_TIME, "491231000000Z").as_deref(), Some("2049-12-31T00:00:00Z"));
        assert_eq!(read(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(read(GENERALIZED_TIME, "20500228120000Z").as_deref(), Some("2050-02-28T12:00:00Z"));
        for (tag, text) in [
            (UTC_TIME, "20270131235959Z"),
            (GENERALIZED_TIME, "270131235959Z"),
            (UTC_TIME, "270131235959"),
            (UTC_TIME, "270231235959Z"),
            (UTC_TIME, "27013123595+Z"),
            (0x04, "270131235959Z"),
        ] {
            assert_eq!(read(tag, text), None, "{tag} {text}");
        }
    }

    #[test]
    fn a_damaged_certificate_is_no_answer_and_no_panic() {
        let whole = ours();
        for length in 0..whole.len().min(250) {
            assert_eq!(valid_until(&whole[..length]), None, "cut off at {length}");
        }
        for place in 0..whole.len().min(250) {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut damaged = whole.clone();
                damaged[place] = value;
                // Only that it ends: a changed digit is another date.
                valid_until(&damaged);
            }
        }
    }
}
