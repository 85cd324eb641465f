//! Ranges of a file that are searched from one end to the other.

/// The ranges (offset and length), each cut to a file of `len` bytes, and all together to twice its length.
///
/// Headers may claim that sections and segments go on behind the end of the file, and a thousand of them may lie over each
/// other: a small file must not ask for a search of terabytes. In honest files ranges hardly overlap.
pub(super) fn bounded(len: u64, ranges: impl IntoIterator<Item = (u64, u64)>) -> impl Iterator<Item = (u64, u64)> {
    let ranges = ranges.into_iter().map(|(offset, size)| (0, offset, size));
    bounded_in_memory(len, ranges).map(|(_, offset, size)| (offset, size))
}

/// [`bounded`] for ranges that have an address in memory, which comes first.
pub(super) fn bounded_in_memory(
    len: u64,
    ranges: impl IntoIterator<Item = (u64, u64, u64)>,
) -> impl Iterator<Item = (u64, u64, u64)> {
    let mut left = len.saturating_mul(2);
    ranges.into_iter().filter_map(move |(address, offset, size)| {
        let size = size.min(len.saturating_sub(offset)).min(left);
        left -= size;
        (size > 0).then_some((address, offset, size))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_with_the_file_and_are_not_searched_without_end() {
        let cut = |ranges: &[(u64, u64)]| bounded(100, ranges.iter().copied()).collect::<Vec<_>>();
        assert_eq!(cut(&[(10, 20), (90, u64::MAX), (200, 5), (u64::MAX, 5)]), [(10, 20), (90, 10)]);
        assert_eq!(cut(&[(0, 100); 1000]), [(0, 100); 2]);
    }
}
