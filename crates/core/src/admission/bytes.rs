//! Bounded reading of what a change's data is made of: LEB128 numbers, and columns of run lengths.
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/#_column_encodings>. Nothing here allocates by a length
//! that the input names.

use super::{MAX_COUNTER, Refusal};

/// Bytes with a place in them.
#[derive(Clone)]
pub(super) struct Bytes<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub fn is_done(&self) -> bool {
        self.at == self.data.len()
    }

    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.at..]
    }

    pub fn take(&mut self, count: u64) -> Result<&'a [u8], Refusal> {
        let left = self.data.len() - self.at;
        if count > left as u64 {
            return Err(Refusal::Malformed {
                what: "a length that points past the end",
            });
        }
        let start = self.at;
        self.at += count as usize;
        Ok(&self.data[start..self.at])
    }

    /// An unsigned LEB128 number of at most 64 bits.
    pub fn uleb(&mut self) -> Result<u64, Refusal> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Refusal::Malformed {
            what: "a number of more than 64 bits",
        })
    }

    /// A signed LEB128 number of at most 64 bits.
    pub fn sleb(&mut self) -> Result<i64, Refusal> {
        let mut value = 0i64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if shift == 63 && byte != 0 && byte != 0x7f {
                    break;
                }
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
        }
        Err(Refusal::Malformed {
            what: "a number of more than 64 bits",
        })
    }

    /// Bytes behind their length.
    pub fn prefixed(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.uleb()?;
        self.take(length)
    }
}

/// A run-length encoded column of optional values.
pub(super) struct Runs<'a, T> {
    bytes: Bytes<'a>,
    left: u64,
    run: Run<T>,
    read: fn(&mut Bytes<'a>) -> Result<T, Refusal>,
}

enum Run<T> {
    Nulls,
    Equal(T),
    Each,
}

impl<'a, T: Clone> Runs<'a, T> {
    pub fn new(column: &'a [u8], read: fn(&mut Bytes<'a>) -> Result<T, Refusal>) -> Self {
        Self {
            bytes: Bytes::new(column),
            left: 0,
            run: Run::Nulls,
            read,
        }
    }

    /// Whether every value has been read.
    pub fn is_done(&self) -> bool {
        self.left == 0 && self.bytes.is_done()
    }

    /// The next value; nothing for a null and past the end.
    pub fn next(&mut self) -> Result<Option<T>, Refusal> {
        if self.left == 0 {
            if self.bytes.is_done() {
                return Ok(None);
            }
            let count = self.bytes.sleb()?;
            (self.left, self.run) = match count {
                0 => (self.bytes.uleb()?, Run::Nulls),
                1.. => (count.unsigned_abs(), Run::Equal((self.read)(&mut self.bytes)?)),
                _ => (count.unsigned_abs(), Run::Each),
            };
            if self.left == 0 || self.left > MAX_COUNTER {
                return Err(Refusal::Malformed {
                    what: "a run of a length that no document has",
                });
            }
        }
        self.left -= 1;
        match &self.run {
            Run::Nulls => Ok(None),
            Run::Equal(value) => Ok(Some(value.clone())),
            Run::Each => Ok(Some((self.read)(&mut self.bytes)?)),
        }
    }
}

/// A column of numbers written as differences.
pub(super) struct Deltas<'a> {
    runs: Runs<'a, i64>,
    value: i64,
}

impl<'a> Deltas<'a> {
    pub fn new(column: &'a [u8]) -> Self {
        Self {
            runs: Runs::new(column, Bytes::sleb),
            value: 0,
        }
    }

    pub fn is_done(&self) -> bool {
        self.runs.is_done()
    }

    /// The next value; nothing for a null and past the end.
    pub fn next(&mut self) -> Result<Option<u64>, Refusal> {
        let Some(difference) = self.runs.next()? else {
            return Ok(None);
        };
        let value = self.value.checked_add(difference);
        match value.map(|value| (value, u64::try_from(value))) {
            Some((signed, Ok(value))) => {
                self.value = signed;
                Ok(Some(value))
            }
            _ => Err(Refusal::Malformed {
                what: "a counter below zero or past 64 bits",
            }),
        }
    }
}

/// A column of booleans written as lengths of runs, the first one of `false`.
pub(super) struct Flags<'a> {
    bytes: Bytes<'a>,
    left: u64,
    value: bool,
}

impl<'a> Flags<'a> {
    pub fn new(column: &'a [u8]) -> Self {
        Self {
            bytes: Bytes::new(column),
            left: 0,
            value: true,
        }
    }

    pub fn is_done(&self) -> bool {
        self.left == 0 && self.bytes.is_done()
    }

    /// The next flag; `false` past the end.
    pub fn next(&mut self) -> Result<bool, Refusal> {
        while self.left == 0 {
            if self.bytes.is_done() {
                return Ok(false);
            }
            self.left = self.bytes.uleb()?;
            self.value = !self.value;
        }
        self.left -= 1;
        Ok(self.value)
    }
}
