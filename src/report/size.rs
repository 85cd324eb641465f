//! Numbers of bytes for people.

/// A number of bytes in the unit that fits: `812 bytes`, `1.4 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while value >= 1024.0
        && let Some(next) = units.next()
    {
        value /= 1024.0;
        unit = Some(next);
    }
    let number = format!("{value:.1}");
    format!("{} {}", number.strip_suffix(".0").unwrap_or(&number), unit.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_at_most_one_digit_after_the_point() {
        assert_eq!((size(812), size(1536), size(1 << 21)), ("812 bytes".into(), "1.5 KiB".into(), "2 MiB".into()));
        assert_eq!(size(5 << 40), "5120 GiB");
    }
}
