//! What a client says that it can read.

/// Whether a client reads gzip: it names it, without a weight of zero.
#[must_use]
pub fn accepts_gzip(header: &str) -> bool {
    header.split(',').any(|e| {
        let (name, weight) = e.split_once(';').unwrap_or((e, ""));
        let refused =
            weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn gzip_is_sent_to_those_who_read_it() {
        for (header, expected) in [
            ("gzip, br", true),
            ("br;q=1, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("", false),
            ("gzipx", false),
        ] {
            assert_eq!(super::accepts_gzip(header), expected, "{header}");
        }
    }
}
