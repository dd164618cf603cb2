//! The canonical form of what is signed: RFC 8785 (JSON Canonicalization Scheme), for values whose numbers are integers.
//!
//! Ours and not a crate, because readers carry it: without floating-point numbers the whole scheme is an order of members
//! and the string escapes that `serde_json` already writes as ECMAScript does.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The largest integer that RFC 8785 writes without loss (2^53 - 1).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a value has no canonical form here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// A number that is not an integer within 2^53.
    #[error("{place}: the number {number} is not an integer between -2^53 and 2^53, and releases hold no others")]
    Number {
        /// Members on the way, joined by dots.
        place: String,
        /// The number.
        number: String,
    },
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON in another spelling than the canonical one.
    #[error("not in canonical form (RFC 8785)")]
    NotCanonical,
}

/// The canonical bytes of a value (RFC 8785): no white space, members sorted by the UTF-16 code units of their names.
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|e| CanonicalError::NotJson(e.to_string()))?;
    let mut out = Vec::new();
    write(&value, &mut Vec::new(), &mut out)?;
    Ok(out)
}

/// Reads JSON that must be in canonical form: doubled members, white space and other spellings are refused.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| CanonicalError::NotJson(e.to_string()))?;
    let mut canonical = Vec::with_capacity(bytes.len());
    write(&value, &mut Vec::new(), &mut canonical)?;
    if canonical == bytes {
        Ok(value)
    } else {
        Err(CanonicalError::NotCanonical)
    }
}

/// SHA-256 of bytes in lower-case hex: the name of releases, mastheads and files.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether a text is a SHA-256 in lower-case hex.
pub fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        out.push(char::from(DIGITS[usize::from(b >> 4)]));
        out.push(char::from(DIGITS[usize::from(b & 15)]));
    }
    out
}

fn write<'a>(value: &'a Value, place: &mut Vec<&'a str>, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let small = match (number.as_u64(), number.as_i64()) {
                (Some(n), _) => n <= MAX_INTEGER,
                (None, Some(n)) => n.unsigned_abs() <= MAX_INTEGER,
                (None, None) => false,
            };
            if !small {
                return Err(CanonicalError::Number {
                    place: place.join("."),
                    number: number.to_string(),
                });
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, place, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            // They come sorted by bytes. The order of UTF-16 differs only where surrogates meet U+E000 to U+FFFF: hardly
            // anything moves, and sorting by insertion is far less code to carry than a sort.
            let mut sorted: Vec<(&String, &Value)> = Vec::with_capacity(members.len());
            for member in members {
                let later = |other: &&(&String, &Value)| member.0.encode_utf16().lt(other.0.encode_utf16());
                sorted.insert(sorted.len() - sorted.iter().rev().take_while(later).count(), member);
            }
            out.push(b'{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                place.push(name);
                write(member, place, out)?;
                place.pop();
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(hex(&[byte]).as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
