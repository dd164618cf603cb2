//! The subset of CBOR (RFC 8949) that all of Komuz's sealed formats are written in: unsigned integers, byte strings,
//! UTF-8 text, arrays, `null`; definite lengths and shortest forms only (section 4.2.1, deterministic encoding).
//!
//! Reading is strict: one value has exactly one encoding, and a reader pulls exactly the fields it expects. So nothing
//! can be hidden in an encoding, what was read is written again as the same bytes, and no length from outside is ever
//! allocated before its bytes are there. Any CBOR library can read what is written here (the tests do, with ciborium).

use std::ops::RangeInclusive;

use thiserror::Error;

const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const NULL: u8 = 0xf6;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CborError {
    /// The bytes end inside a value.
    #[error("the bytes end at {0}, inside a value")]
    Truncated(usize),
    /// Bytes are left after the value.
    #[error("bytes are left over from {0} on")]
    Trailing(usize),
    /// Another type of value than this format has here.
    #[error("a value of another type was expected at byte {0}")]
    Unexpected(usize),
    /// A number or length that is not written in its shortest form, or an indefinite length.
    #[error("the number at byte {0} is not in its one allowed form")]
    NotShortest(usize),
    /// A length, count or number beyond this format's limit.
    #[error("the value at byte {0} is larger than allowed")]
    TooLarge(usize),
    /// Text that is not UTF-8.
    #[error("the text at byte {0} is not UTF-8")]
    NotText(usize),
    /// A value that this format does not allow here.
    #[error("the value at byte {0} is not one of those allowed")]
    NotAllowed(usize),
}

/// Writes values one after the other. What is written inside an array is counted by who opens it.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// A writer whose bytes start with a format's version byte.
    pub fn versioned(version: u8) -> Self {
        Self { out: vec![version] }
    }

    /// A writer of bare values.
    pub fn bare() -> Self {
        Self { out: Vec::new() }
    }

    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        match value {
            0..=23 => self.out.push(major | value as u8),
            24..=0xff => self.out.extend([major | 24, value as u8]),
            0x100..=0xffff => {
                self.out.push(major | 25);
                self.out.extend((value as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.out.push(major | 26);
                self.out.extend((value as u32).to_be_bytes());
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend(value.to_be_bytes());
            }
        }
    }

    /// Opens an array of `len` values.
    pub fn array(mut self, len: usize) -> Self {
        self.head(ARRAY, len as u64);
        self
    }

    /// An unsigned integer.
    pub fn uint(mut self, value: u64) -> Self {
        self.head(UINT, value);
        self
    }

    /// A byte string.
    pub fn bytes(mut self, value: &[u8]) -> Self {
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
        self
    }

    /// A text.
    pub fn text(mut self, value: &str) -> Self {
        self.head(TEXT, value.len() as u64);
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    /// `null`.
    pub fn null(mut self) -> Self {
        self.out.push(NULL);
        self
    }

    /// Whatever `write` adds.
    pub fn with(self, write: impl FnOnce(Self) -> Self) -> Self {
        write(self)
    }

    /// An array of one value for each item.
    pub fn list<T>(self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(Self, T) -> Self) -> Self {
        let mut writer = self.array(items.len());
        for item in items {
            writer = write(writer, item);
        }
        writer
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads values one after the other from bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader of bare values.
    pub fn bare(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A reader of what follows a version byte; gives that byte too. Errors: [`CborError::Truncated`] on no bytes,
    /// [`CborError::TooLarge`] on more than `limit`.
    pub fn versioned(bytes: &'a [u8], limit: usize) -> Result<(u8, Self), CborError> {
        if bytes.len() > limit {
            return Err(CborError::TooLarge(0));
        }
        let version = *bytes.first().ok_or(CborError::Truncated(0))?;
        Ok((version, Self { bytes, at: 1 }))
    }

    /// Where the next value starts, in bytes from the start (the version byte included).
    pub fn position(&self) -> usize {
        self.at
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], CborError> {
        let end = self.at.checked_add(len).ok_or(CborError::Truncated(self.bytes.len()))?;
        let slice = self
            .bytes
            .get(self.at..end)
            .ok_or(CborError::Truncated(self.bytes.len()))?;
        self.at = end;
        Ok(slice)
    }

    fn head(&mut self, major: u8) -> Result<u64, CborError> {
        let start = self.at;
        let first = self.take(1)?[0];
        if first >> 5 != major {
            self.at = start;
            return Err(CborError::Unexpected(start));
        }
        let (value, least) = match first & 0x1f {
            small @ 0..=23 => (u64::from(small), 0),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.big_endian(2)?, 0x100),
            26 => (self.big_endian(4)?, 0x1_0000),
            27 => (self.big_endian(8)?, 0x1_0000_0000),
            _ => return Err(CborError::NotShortest(start)),
        };
        if value < least {
            return Err(CborError::NotShortest(start));
        }
        Ok(value)
    }

    fn big_endian(&mut self, len: usize) -> Result<u64, CborError> {
        Ok(self
            .take(len)?
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// An array of exactly `len` values is opened.
    pub fn array(&mut self, len: usize) -> Result<(), CborError> {
        let start = self.at;
        match self.head(ARRAY)? {
            found if found == len as u64 => Ok(()),
            _ => Err(CborError::NotAllowed(start)),
        }
    }

    /// An array of one of these lengths; which.
    pub fn array_of(&mut self, lengths: RangeInclusive<usize>) -> Result<usize, CborError> {
        let start = self.at;
        let found = usize::try_from(self.head(ARRAY)?).unwrap_or(usize::MAX);
        lengths
            .contains(&found)
            .then_some(found)
            .ok_or(CborError::NotAllowed(start))
    }

    /// An array whose first value is a number that says what the rest is: (length with that number, the number).
    pub fn array_of_kind(&mut self) -> Result<(usize, u64), CborError> {
        let start = self.at;
        let len = usize::try_from(self.head(ARRAY)?).map_err(|_| CborError::TooLarge(start))?;
        Ok((len, self.uint()?))
    }

    /// An array of at most `limit` values, each read by `read`.
    pub fn list<T, E: From<CborError>>(
        &mut self,
        limit: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let start = self.at;
        let len = self.head(ARRAY)?;
        if len > limit as u64 {
            return Err(CborError::TooLarge(start).into());
        }
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.head(UINT)
    }

    /// A byte string of at most `limit` bytes.
    pub fn bytes(&mut self, limit: usize) -> Result<&'a [u8], CborError> {
        let start = self.at;
        let len = self.head(BYTES)?;
        if len > limit as u64 {
            return Err(CborError::TooLarge(start));
        }
        self.take(len as usize)
    }

    /// A byte string of exactly `N` bytes, as one of the types of [`crate::bytes`] or an array.
    pub fn fixed<const N: usize, T: From<[u8; N]>>(&mut self) -> Result<T, CborError> {
        let start = self.at;
        let slice = self.bytes(N)?;
        <[u8; N]>::try_from(slice)
            .map(T::from)
            .map_err(|_| CborError::NotAllowed(start))
    }

    /// A text of at most `limit` bytes of UTF-8.
    pub fn text(&mut self, limit: usize) -> Result<&'a str, CborError> {
        let start = self.at;
        let len = self.head(TEXT)?;
        if len > limit as u64 {
            return Err(CborError::TooLarge(start));
        }
        core::str::from_utf8(self.take(len as usize)?).map_err(|_| CborError::NotText(start))
    }

    /// `null` as none, or whatever `read` reads.
    pub fn optional<T, E: From<CborError>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if self.bytes.get(self.at) == Some(&NULL) {
            self.at += 1;
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// The bytes from `start` to here, as they were written.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), CborError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(CborError::Trailing(self.at))
        }
    }
}
