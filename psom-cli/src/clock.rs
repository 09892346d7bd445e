//! Certificates that are not valid yet by this machine's clock.

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use psom::error::{LostReason, SetupError};
use rustls::CertificateError;

/// Returns a sentence about this machine's clock if the server's certificate was rejected because its
/// validity begins later than the time of that clock.
pub(crate) fn explains(error: &psom::Error) -> Option<String> {
    match error {
        psom::Error::Setup(SetupError::Connect { source: LostReason::Tls(error), .. }) => {
            of_tls(error)
        }
        _ => None,
    }
}

/// Returns the same sentence for an error of an HTTP request.
pub(crate) fn explains_request(error: &ureq::Error) -> Option<String> {
    match error {
        ureq::Error::Rustls(error) => of_tls(error),
        ureq::Error::Io(error) => of_io(error),
        _ => None,
    }
}

fn of_io(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<rustls::Error>() {
        Some(error) => of_tls(error),
        None => of_io(inner.downcast_ref::<io::Error>()?),
    }
}

fn of_tls(error: &rustls::Error) -> Option<String> {
    let now = match error {
        rustls::Error::InvalidCertificate(CertificateError::NotValidYet) => {
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            time, ..
        }) => Duration::from_secs(time.as_secs()),
        _ => return None,
    };
    let (year, month, day) = date(now.as_secs() / SECONDS_PER_DAY);
    Some(format!(
        "this machine's clock says {year:04}-{month:02}-{day:02}, and the server's certificate is not valid \
         yet at that time; set the clock"
    ))
}

const SECONDS_PER_DAY: u64 = 86_400;

/// Returns year, month and day of a day since 1970-01-01, in the Gregorian calendar.
fn date(day: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut rest) = (1970, day);
    loop {
        let days = if is_leap(year) { 366 } else { 365 };
        if rest < days {
            break;
        }
        rest -= days;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < days {
            break;
        }
        rest -= days;
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::UnixTime;

    use super::*;

    fn not_valid_yet(seconds: u64) -> rustls::Error {
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            time: UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            not_before: UnixTime::since_unix_epoch(Duration::from_secs(seconds + 1)),
        })
    }

    #[test]
    fn an_early_clock_is_named_with_its_date() {
        for (seconds, date) in
            [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_798_761_599, "2026-12-31")]
        {
            let reason = io::Error::other(not_valid_yet(seconds)).into();
            let error = SetupError::Connect { address: "a:1".to_owned(), source: reason };
            let why = explains(&error.into()).unwrap_or_default();
            assert!(why.contains(&format!("clock says {date},")), "{why}");
        }
        let nested = io::Error::other(io::Error::other(not_valid_yet(0)));
        for error in [ureq::Error::Io(nested), ureq::Error::Rustls(not_valid_yet(0))] {
            assert!(explains_request(&error).is_some_and(|why| why.contains("1970-01-01")));
        }
        let plain = rustls::Error::InvalidCertificate(CertificateError::NotValidYet);
        assert!(of_tls(&plain).is_some());
    }

    #[test]
    fn other_errors_have_nothing_to_do_with_the_clock() {
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert_eq!(of_tls(&expired), None);
        assert_eq!(explains_request(&ureq::Error::Io(io::Error::other("x"))), None);
        assert_eq!(explains(&psom::Error::PeerClosed), None);
    }
}
