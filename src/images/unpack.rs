//! Layers as they were packed: gzip, zstd or not at all, told by their first bytes as container runtimes do.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Refused, limits};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// A stream without its packing.
pub(super) enum Unpacked<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    Zstd(Box<Zstd<BufReader<R>>>),
}

impl<R: Read> Unpacked<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// What is packed in a way that is not read here.
    pub(super) fn new(input: R) -> Result<Self, Refused> {
        let mut input = BufReader::with_capacity(CHUNK, input);
        Ok(match input.fill_buf()? {
            [0x1f, 0x8b, ..] => Unpacked::Gzip(Box::new(MultiGzDecoder::new(input))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Unpacked::Zstd(Box::new(Zstd::new(input)))
            }
            [b'B', b'Z', b'h', ..] => return Err(not_read("bzip2")),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => return Err(not_read("xz")),
            _ => Unpacked::Plain(input),
        })
    }

    /// Whether it was not packed.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Unpacked::Plain(_))
    }

    /// What it was read from.
    pub(super) fn packed(&mut self) -> &mut R {
        match self {
            Unpacked::Plain(input) => input.get_mut(),
            Unpacked::Gzip(gzip) => gzip.get_mut().get_mut(),
            Unpacked::Zstd(zstd) => zstd.source.get_mut(),
        }
    }
}

/// Whether a file that begins so is packed in a way that is read here.
pub(super) fn is_packed(head: &[u8]) -> bool {
    matches!(head, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn not_read(what: &str) -> Refused {
    Refused(format!("it is compressed with {what}, which is not read here, only gzip and zstd"))
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacked::Plain(input) => input.read(buffer),
            Unpacked::Gzip(gzip) => gzip.read(buffer),
            Unpacked::Zstd(zstd) => zstd.read(buffer),
        }
    }
}

/// Frames of zstd, one after the other; those that hold no data are skipped.
pub(super) struct Zstd<R> {
    source: R,
    /// Of the current frame. Each gets a new one: one that is used again takes all of the window at once.
    decoder: Option<FrameDecoder>,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        Zstd { source, decoder: None }
    }

    /// Starts the next frame; none at the end.
    fn next_frame(&mut self) -> io::Result<Option<FrameDecoder>> {
        while !self.source.fill_buf()?.is_empty() {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(limits::WINDOW);
            match decoder.init(&mut self.source) {
                Ok(()) => return Ok(Some(decoder)),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, max }) => {
                    let why = format!("a frame of zstd asks for a window of {requested} bytes, more than {max}");
                    return Err(io::Error::other(why));
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(None)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.decoder {
                Some(decoder) if decoder.can_collect() > 0 => return decoder.read(buffer),
                Some(decoder) if !decoder.is_finished() => {
                    let one = BlockDecodingStrategy::UptoBlocks(1);
                    decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
                }
                _ => match self.next_frame()? {
                    Some(decoder) => self.decoder = Some(decoder),
                    None => return Ok(0),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut found = Vec::new();
        let mut input = Unpacked::new(bytes).map_err(|error| error.to_string())?;
        input.read_to_end(&mut found).map_err(|error| error.to_string())?;
        Ok(found)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).expect("memory takes it");
        packer.finish().expect("memory takes it")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn every_packing_gives_the_same() {
        let text = b"text\n".repeat(100_000);
        assert_eq!(unpacked(&text), Ok(text.clone()));
        assert_eq!(unpacked(&gzip(&text)), Ok(text.clone()));
        assert_eq!(unpacked(&zstd(&text)), Ok(text.clone()));
    }

    #[test]
    fn streams_in_parts_are_one_stream() {
        assert_eq!(unpacked(&[gzip(b"a"), gzip(b"b")].concat()), Ok(b"ab".to_vec()));
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        assert_eq!(unpacked(&[skipped.clone(), zstd(b"a"), skipped, zstd(b"b")].concat()), Ok(b"ab".to_vec()));
    }

    #[test]
    fn damage_and_other_packings_are_said() {
        let whole = gzip(&b"text\n".repeat(1000));
        assert!(unpacked(&whole[..whole.len() / 2]).is_err());
        let whole = zstd(&b"text\n".repeat(1000));
        assert!(unpacked(&whole[..whole.len() / 2]).is_err());
        assert!(unpacked(b"\xfd7zXZ\0").unwrap_err().contains("xz"));
        // A frame that wants a window of 2 GiB: FHD without single segment, window descriptor 0xa8.
        let window = [0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0];
        let why = unpacked(&window).unwrap_err();
        assert!(why.ends_with("bytes, more than 67108864"), "{why}");
    }
}
