//! The operator's tickets: secrets that let somebody open logs and bring a first masthead to this server.
//!
//! The first is made at first start and printed once inside the founding link, others by `komuz ticket new`. Only their
//! hashes are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A ticket in the clear; exists only while the founding link is made.
pub struct Ticket(String);

/// What is kept of a ticket: SHA-256 of its text. The ticket has 256 random bits, so no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TicketHash([u8; 32]);

impl Ticket {
    /// A new ticket from 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// Its text, base64url, as it stands in the founding link.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What to keep of it.
    pub fn hash(&self) -> TicketHash {
        TicketHash::of(&self.0)
    }
}

impl TicketHash {
    /// The hash of what somebody presents.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// From the bytes that were kept.
    pub fn from_kept(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `text` is the ticket. Hashes are compared, so the time taken tells nothing about the ticket itself.
    pub fn admits(&self, text: &str) -> bool {
        Self::of(text) == *self
    }
}

/// The ticket in an `Authorization` header, `Komuz <ticket>`.
pub fn of_header(value: &[u8]) -> Option<&str> {
    let value = std::str::from_utf8(value).ok()?;
    value.strip_prefix("Komuz ").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ticket_itself_is_admitted() {
        let ticket = Ticket::from_random([7; 32]);
        let kept = TicketHash::from_kept(*ticket.hash().as_bytes());
        assert!(kept.admits(ticket.text()));
        assert!(!kept.admits(&ticket.text()[1..]));
        assert!(!kept.admits(""));
    }

    #[test]
    fn a_ticket_comes_in_one_form_of_header() {
        assert_eq!(of_header(b"Komuz abc "), Some("abc"));
        assert_eq!(of_header(b"Bearer abc"), None);
        assert_eq!(of_header(b"abc"), None);
        assert_eq!(of_header(b"Komuz \xff"), None);
    }

    #[test]
    fn what_is_kept_is_not_the_ticket() {
        let ticket = Ticket::from_random([7; 32]);
        assert_ne!(ticket.text().as_bytes(), ticket.hash().as_bytes());
    }
}
