//! Names of an investigation's documents: each has a log of its own, because a right is a right to a log.

use crate::cbor::{CborError, Reader, Writer};

/// The longest id of a story or tag of a language, in bytes.
pub const MAX_NAME: usize = 128;

/// A document of an investigation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocId {
    /// Who is in. Kept by the replica itself.
    Charter,
    /// Sources, evidence, stories and their editions, policy.
    Registers,
    /// A language edition's text.
    Body {
        /// The story's id.
        story: String,
        /// BCP 47 tag.
        lang: String,
    },
    /// A language edition's threads.
    Notes {
        /// The story's id.
        story: String,
        /// BCP 47 tag.
        lang: String,
    },
    /// A language edition's sign-offs.
    SignOffs {
        /// The story's id.
        story: String,
        /// BCP 47 tag.
        lang: String,
    },
    /// Pictures and other files: their names and where their bytes lie.
    Files,
    /// The bytes of files, in chunks ([`crate::blob`]): a log, and no document.
    Blobs,
    /// Which snapshots of documents there are. Kept by the replica itself.
    Snapshots,
}

impl DocId {
    /// As it is written wherever a document is named: an array of the kind's number and, for an edition's documents, story
    /// and language.
    pub fn write(&self, w: Writer) -> Writer {
        match self {
            Self::Charter => w.array(1).uint(1),
            Self::Registers => w.array(1).uint(2),
            Self::Body { story, lang } => w.array(3).uint(3).text(story).text(lang),
            Self::Notes { story, lang } => w.array(3).uint(4).text(story).text(lang),
            Self::SignOffs { story, lang } => w.array(3).uint(5).text(story).text(lang),
            Self::Files => w.array(1).uint(6),
            Self::Blobs => w.array(1).uint(8),
            Self::Snapshots => w.array(1).uint(7),
        }
    }

    /// Reads what [`Self::write`] writes.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CborError> {
        let start = r.position();
        let (len, kind) = r.array_of_kind()?;
        let edition = |r: &mut Reader<'_>| Ok((r.text(MAX_NAME)?.to_owned(), r.text(MAX_NAME)?.to_owned()));
        let doc = match (len, kind) {
            (1, 1) => Self::Charter,
            (1, 2) => Self::Registers,
            (1, 6) => Self::Files,
            (1, 8) => Self::Blobs,
            (1, 7) => Self::Snapshots,
            (3, 3) => edition(r).map(|(story, lang)| Self::Body { story, lang })?,
            (3, 4) => edition(r).map(|(story, lang)| Self::Notes { story, lang })?,
            (3, 5) => edition(r).map(|(story, lang)| Self::SignOffs { story, lang })?,
            _ => return Err(CborError::NotAllowed(start)),
        };
        Ok(doc)
    }

    /// Whether replicas keep it among themselves: no caller watches it or writes to it.
    pub fn is_kept_apart(&self) -> bool {
        matches!(self, Self::Charter | Self::Blobs | Self::Snapshots)
    }

    /// The bytes of [`Self::write`] alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(Writer::bare()).finish()
    }
}
