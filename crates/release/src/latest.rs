//! `latest.json`: which release of an edition is the newest, signed by the quorum, with an end; and the extension of that
//! end by one outlet's freshness key (TUF's timestamp role, with keys that can do nothing else).

use serde::Serialize;

use crate::canonical::canonical;
use crate::form::file;
use crate::release::{RELEASE_VERSION, Release, ReleaseError};
use crate::time::{self, Seconds};

/// The largest `latest.json` or `freshness.json` that is read, in bytes.
pub const MAX_LATEST: usize = 16 << 10;

/// How long a latest says that it is the newest, from its issue, when nobody extends it.
pub const LATEST_FOR: Seconds = 30 * 86_400;

/// Which release is the newest. An extension has the same form, with the same number and hash and a later end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Latest {
    /// Format version, [`RELEASE_VERSION`].
    pub komuz: u8,
    /// Hash of the masthead whose outlets sign it.
    pub masthead: String,
    /// Id of the story.
    pub story: String,
    /// Language of the edition.
    pub lang: String,
    /// The release's number.
    pub number: u64,
    /// The release's hash.
    pub release: String,
    /// When it was signed, RFC 3339 in UTC to the second.
    pub issued: String,
    /// Until when it stands without a renewal.
    pub expires: String,
}

impl Latest {
    /// The latest that goes with a release: issued when the release was proposed, for [`LATEST_FOR`].
    pub fn of(release: &Release) -> Result<Self, ReleaseError> {
        let issued = time::parse(&release.published)
            .ok_or_else(|| ReleaseError::invalid("published", "not a time like 2019-11-21T06:00:00Z"))?;
        Ok(Self {
            komuz: RELEASE_VERSION,
            masthead: release.masthead.clone(),
            story: release.story.clone(),
            lang: release.lang.clone(),
            number: release.number,
            release: release.hash()?,
            issued: time::format(issued),
            expires: time::format(issued + LATEST_FOR),
        })
    }

    /// The extension of this latest by a freshness key: the same release, until [`LATEST_FOR`] from now.
    pub fn extended(&self, now: Seconds) -> Self {
        Self {
            issued: time::format(now),
            expires: time::format(now + LATEST_FOR),
            ..self.clone()
        }
    }

    /// The payload: canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and small numbers: always canonical.
        canonical(self).unwrap_or_default()
    }

    /// Reads a payload.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        file(bytes, MAX_LATEST)
    }
}
