//! The folder of published files: what lies in it has been verified, and stays.
//!
//! Each file is taken because of one that is there already: `masthead.json` because of the operator, then `signatures.json`
//! because a quorum of the masthead signed, then `release.json`, `index.html` and the figures because the signed hashes name
//! them, and `latest.json` when everything it points to is there. So a stranger can add nothing, in no order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use komuz_release::canonical::sha256_hex;
use komuz_release::folder::{Edition, Place};
use komuz_release::jws::{General, Signature, Typ, assemble, signing_input};
use komuz_release::keys::PublicKey;
use komuz_release::latest::Latest;
use komuz_release::masthead::{Chain, Masthead};
use komuz_release::release::{Release, Statement};
use komuz_release::time::Seconds;
use komuz_release::verify::{Expected, Freshness, Newest, Refusal, Seen, verify_latest};

use super::write;
use crate::identity::Identity;
use crate::limits::{Disk, DiskFull};

/// An extension is renewed when it is older than this.
const RENEW_AFTER: Seconds = 86_400;

/// The published files.
pub struct Shelf {
    folder: PathBuf,
    identity: Arc<Identity>,
    disk: Arc<Disk>,
    /// One file is put after the other: what is checked must still hold when it is written.
    figures: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Stored,
    /// It was there already.
    Known,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// A first masthead from somebody whom the operator has not let in.
    #[error("a first masthead needs the operator's ticket, or the signature of a release key that the operator trusts")]
    Ticket,
    /// It does not verify.
    #[error("not taken: {0}")]
    Refused(String),
    /// What it rests on is not here yet.
    #[error("not taken yet: {0}; files come in the order masthead, signatures, release, page and figures, latest")]
    TooEarly(&'static str),
    /// It would replace something newer or different.
    #[error("not taken: {0}")]
    Conflict(String),
    /// Only the server itself writes it.
    #[error("this file is written by the server itself")]
    Own,
    /// No room.
    #[error(transparent)]
    Full(#[from] DiskFull),
    /// The file system.
    #[error("the file could not be stored")]
    Io(#[from] io::Error),
}

fn refused(error: impl ToString) -> PutError {
    PutError::Refused(error.to_string())
}

impl From<Refusal> for PutError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Older { .. } | Refusal::OlderMasthead { .. } | Refusal::Two { .. } => {
                Self::Conflict(refusal.to_string())
            }
            other => Self::Refused(other.to_string()),
        }
    }
}

impl Shelf {
    /// A shelf in a folder, which is made when something is put there. Removes what a crash left unfinished.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(folder: PathBuf, identity: Arc<Identity>, disk: Arc<Disk>) -> io::Result<Self> {
        disk.found(write::tidy(&folder)?);
        Ok(Self {
            folder,
            identity,
            disk,
            figures: Mutex::default(),
        })
    }

    /// A file's bytes; `None` when it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn get(&self, place: &Place) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(place)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the page of an edition's newest release is; `None` when nothing is published.
    ///
    /// # Errors
    /// What the file system says.
    pub fn newest_page(&self, edition: &Edition) -> io::Result<Option<Place>> {
        let latest = self.get(&Place::Latest(edition.clone()))?;
        let latest = latest.and_then(|bytes| newest_unseen(&bytes));
        Ok(latest.map(|latest| Place::Index(edition.clone(), latest.release)))
    }

    /// Takes a file, if it verifies. `ticket` says that the operator's ticket came with it; `now` is this server's clock.
    ///
    /// # Errors
    /// [`PutError`], and then nothing has changed.
    pub fn put(&self, place: &Place, bytes: &[u8], ticket: bool, now: Seconds) -> Result<Put, PutError> {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        match place {
            Place::Masthead { fingerprint } => self.put_masthead(place, fingerprint, bytes, ticket),
            Place::Signatures(edition, hash) => self.put_signatures(place, edition, hash, bytes),
            Place::Release(edition, hash) => {
                let (put, named) = self.put_release(place, edition, hash, bytes)?;
                // Not yet read from the disk: then this one will be read with the others.
                if let Some(all) = figures.get_mut(&edition.fingerprint) {
                    all.extend(named);
                }
                Ok(put)
            }
            Place::Index(edition, hash) => {
                let statement = self.statement(edition, hash)?;
                self.put_hashed(place, &statement.html, bytes)
            }
            Place::File { fingerprint, sha256 } => {
                if !figures.contains_key(fingerprint) {
                    figures.insert(fingerprint.clone(), self.named_figures(fingerprint)?);
                }
                if !figures.get(fingerprint).is_some_and(|named| named.contains(sha256)) {
                    return Err(PutError::TooEarly("no release that is here names this file"));
                }
                self.put_hashed(place, sha256, bytes)
            }
            Place::Latest(edition) => self.put_latest(place, edition, bytes, now),
            Place::Freshness(_) => Err(PutError::Own),
        }
    }

    fn put_masthead(&self, place: &Place, fingerprint: &str, bytes: &[u8], ticket: bool) -> Result<Put, PutError> {
        let chain = Chain::verify(bytes, fingerprint).map_err(refused)?;
        let Some(before) = self.get(place)? else {
            let list: Vec<General> = serde_json::from_slice(bytes).map_err(refused)?;
            let signed = list
                .iter()
                .filter_map(|one| one.verify(Typ::Masthead).ok())
                .flat_map(|jws| jws.signatures);
            let keys: Vec<PublicKey> = signed.map(|signature| signature.key).collect();
            if !ticket && !self.identity.trusts_any(&keys) {
                return Err(PutError::Ticket);
            }
            return self.write_new(place, bytes);
        };
        if before == bytes {
            return Ok(Put::Known);
        }
        let before = Chain::verify(&before, fingerprint).map_err(refused)?;
        if chain.get(&before.newest().hash()).is_none() {
            let conflict = "this chain of mastheads is older than the one that is here, or another";
            return Err(PutError::Conflict(conflict.to_owned()));
        }
        if chain.newest().number == before.newest().number {
            return Ok(Put::Known);
        }
        self.replace(place, bytes)
    }

    fn put_signatures(&self, place: &Place, edition: &Edition, hash: &str, bytes: &[u8]) -> Result<Put, PutError> {
        let jws = General::parse(bytes)
            .and_then(|general| general.verify(Typ::Release))
            .map_err(refused)?;
        let statement = Statement::parse(&jws.payload).map_err(refused)?;
        if statement.release != hash || statement.story != edition.story || statement.lang != edition.lang {
            return Err(refused(
                "the signatures are for another release, story or language than their place",
            ));
        }
        let chain = self.chain(&edition.fingerprint)?;
        let masthead = chain
            .get(&statement.masthead)
            .ok_or(PutError::TooEarly("its masthead is not here"))?;
        check_quorum(masthead, &jws.signatures)?;
        if self.get(place)?.is_some() {
            return Ok(Put::Known);
        }
        self.write_new(place, bytes)
    }

    fn put_release(
        &self,
        place: &Place,
        edition: &Edition,
        hash: &str,
        bytes: &[u8],
    ) -> Result<(Put, Vec<String>), PutError> {
        self.statement(edition, hash)?;
        if sha256_hex(bytes) != hash {
            return Err(refused("the bytes are not those that its place names"));
        }
        let release = Release::parse(bytes).map_err(refused)?;
        if release.story != edition.story || release.lang != edition.lang {
            return Err(refused("the release is of another story or language than its place"));
        }
        let named = release.files().into_iter().map(str::to_owned).collect();
        Ok((self.put_hashed(place, hash, bytes)?, named))
    }

    fn put_latest(&self, place: &Place, edition: &Edition, bytes: &[u8], now: Seconds) -> Result<Put, PutError> {
        let masthead = self
            .get(&masthead_place(edition))?
            .ok_or(PutError::TooEarly("its masthead is not here"))?;
        let newest = newest(edition, &masthead, bytes, None, &Seen::default(), now)?;
        let stored = self.get(place)?;
        if let Some(bytes_here) = &stored {
            // What is here has been verified when it came.
            let stored = newest_unseen(bytes_here).ok_or_else(|| refused("the latest.json that is here is damaged"))?;
            let seen = Seen {
                masthead: 0,
                number: stored.number,
                release: stored.release.clone(),
            };
            self::newest(edition, &masthead, bytes, None, &seen, now)?;
            // The same release, signed again: wanted when an outlet has replaced a key that had signed what is here.
            let stands = || self::newest(edition, &masthead, bytes_here, None, &Seen::default(), now).is_ok();
            let under = |hash: &str| newest.chain.get(hash).map_or(0, |masthead| masthead.number);
            let is_newer = under(&newest.latest.masthead) > under(&stored.masthead);
            if stored.number == newest.latest.number && !is_newer && stands() {
                return Ok(Put::Known);
            }
        }
        self.check_whole(edition, &newest)?;
        let put = match stored {
            Some(_) => self.replace(place, bytes)?,
            None => self.write_new(place, bytes)?,
        };
        // The page is out: that its extension could not be written now is mended by the next round.
        let _ = self.renew_edition(edition, now);
        Ok(put)
    }

    /// Whether everything that a latest points to is here and verifies.
    fn check_whole(&self, edition: &Edition, newest: &Newest) -> Result<(), PutError> {
        let hash = newest.latest.release.clone();
        let read = |place: Place, missing| self.get(&place)?.ok_or(PutError::TooEarly(missing));
        let release = read(
            Place::Release(edition.clone(), hash.clone()),
            "its release.json is not here",
        )?;
        let signatures = read(
            Place::Signatures(edition.clone(), hash.clone()),
            "its signatures.json is not here",
        )?;
        let verified = newest.verify_release(&release, &signatures)?;
        read(Place::Index(edition.clone(), hash), "its index.html is not here")?;
        for sha256 in verified.release.files() {
            let place = Place::File {
                fingerprint: edition.fingerprint.clone(),
                sha256: sha256.to_owned(),
            };
            if !self.path(&place).is_file() {
                return Err(PutError::TooEarly("one of its figures is not here"));
            }
        }
        Ok(())
    }

    /// Extends the expiry of every edition whose masthead names this server's freshness key, where the extension that is
    /// there is a day old. Gives the number of editions that it extended.
    ///
    /// # Errors
    /// What the file system says, of the first edition that could not be extended; the others are.
    pub fn renew(&self, now: Seconds) -> io::Result<usize> {
        let _turn = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut renewed = 0;
        let mut first_error = Ok(());
        for edition in self.editions()? {
            match self.renew_edition(&edition, now) {
                Ok(done) => renewed += usize::from(done),
                Err(error) if first_error.is_ok() => first_error = Err(error),
                Err(_) => {}
            }
        }
        first_error.map(|()| renewed)
    }

    fn renew_edition(&self, edition: &Edition, now: Seconds) -> io::Result<bool> {
        let (Some(masthead), Some(latest)) = (
            self.get(&masthead_place(edition))?,
            self.get(&Place::Latest(edition.clone()))?,
        ) else {
            return Ok(false);
        };
        let place = Place::Freshness(edition.clone());
        let extension = self.get(&place)?;
        let seen = Seen::default();
        let Ok(newest) = newest(edition, &masthead, &latest, extension.as_deref(), &seen, now)
            // An extension by a key that the masthead has dropped is replaced.
            .or_else(|_| newest(edition, &masthead, &latest, None, &seen, now))
        else {
            return Ok(false);
        };
        let key = self.identity.freshness.public();
        let Some(outlet) = newest
            .chain
            .newest()
            .outlets
            .iter()
            .find(|outlet| outlet.freshness == Some(key))
        else {
            return Ok(false);
        };
        let (Freshness::Fresh { since, .. } | Freshness::NotRenewed { since }) = newest.freshness;
        if now < since + RENEW_AFTER {
            return Ok(false);
        }
        let payload = newest.latest.extended(now).to_bytes();
        let input = signing_input(Typ::Freshness, &payload, &outlet.id, &key);
        let bytes = self.identity.freshness.sign(input.as_bytes());
        let signature = Signature {
            outlet: outlet.id.clone(),
            key,
            bytes,
        };
        write::put(
            &self.path(&place),
            &assemble(Typ::Freshness, &payload, &[signature]).to_bytes(),
        )?;
        Ok(true)
    }

    /// The editions that have a latest.
    fn editions(&self) -> io::Result<Vec<Edition>> {
        let mut found = Vec::new();
        for fingerprint in names(&self.folder)? {
            for story in names(&self.folder.join(&fingerprint))? {
                for lang in names(&self.folder.join(&fingerprint).join(&story))? {
                    // Read back as a place: whatever else lies there is none.
                    if let Ok(Place::Latest(edition)) = format!("{fingerprint}/{story}/{lang}/latest.json").parse() {
                        found.push(edition);
                    }
                }
            }
        }
        Ok(found)
    }

    /// The figures that the releases under a fingerprint name.
    fn named_figures(&self, fingerprint: &str) -> io::Result<BTreeSet<String>> {
        let mut named = BTreeSet::new();
        let top = self.folder.join(fingerprint);
        for story in names(&top)? {
            for lang in names(&top.join(&story))? {
                for hash in names(&top.join(&story).join(&lang))? {
                    let Ok(place) = format!("{fingerprint}/{story}/{lang}/{hash}/release.json").parse() else {
                        continue;
                    };
                    let release = self.get(&place)?.and_then(|bytes| Release::parse(&bytes).ok());
                    named.extend(release.iter().flat_map(Release::files).map(str::to_owned));
                }
            }
        }
        Ok(named)
    }

    fn chain(&self, fingerprint: &str) -> Result<Chain, PutError> {
        let place = Place::Masthead {
            fingerprint: fingerprint.to_owned(),
        };
        let bytes = self
            .get(&place)?
            .ok_or(PutError::TooEarly("its masthead is not here"))?;
        Chain::verify(&bytes, fingerprint).map_err(refused)
    }

    /// What was signed about a release. Its signatures were verified when they came.
    fn statement(&self, edition: &Edition, hash: &str) -> Result<Statement, PutError> {
        let place = Place::Signatures(edition.clone(), hash.to_owned());
        let bytes = self
            .get(&place)?
            .ok_or(PutError::TooEarly("its signatures.json is not here"))?;
        let payload = General::parse(&bytes)
            .and_then(|general| general.payload())
            .map_err(refused)?;
        Statement::parse(&payload).map_err(refused)
    }

    fn put_hashed(&self, place: &Place, hash: &str, bytes: &[u8]) -> Result<Put, PutError> {
        if sha256_hex(bytes) != hash {
            return Err(refused("the bytes are not those that were signed"));
        }
        if self.path(place).is_file() {
            return Ok(Put::Known);
        }
        self.write_new(place, bytes)
    }

    fn write_new(&self, place: &Place, bytes: &[u8]) -> Result<Put, PutError> {
        self.disk.take(bytes.len() as u64)?;
        match write::put(&self.path(place), bytes) {
            Ok(()) => Ok(Put::Stored),
            Err(error) => {
                self.disk.give_back(bytes.len() as u64);
                Err(error.into())
            }
        }
    }

    /// Replaces a small file; its growth is not worth an entry in the account.
    fn replace(&self, place: &Place, bytes: &[u8]) -> Result<Put, PutError> {
        write::put(&self.path(place), bytes)?;
        Ok(Put::Stored)
    }

    /// Where a file lies: made from a place's typed parts, so nothing outside the folder has a path.
    fn path(&self, place: &Place) -> PathBuf {
        place
            .to_string()
            .split('/')
            .fold(self.folder.clone(), |path, part| path.join(part))
    }
}

fn masthead_place(edition: &Edition) -> Place {
    Place::Masthead {
        fingerprint: edition.fingerprint.clone(),
    }
}

fn newest(
    edition: &Edition,
    masthead: &[u8],
    latest: &[u8],
    freshness: Option<&[u8]>,
    seen: &Seen,
    now: Seconds,
) -> Result<Newest, Refusal> {
    let Edition {
        fingerprint,
        story,
        lang,
    } = edition;
    verify_latest(
        &Expected {
            fingerprint,
            story,
            lang,
            seen,
            now,
        },
        masthead,
        latest,
        freshness,
    )
}

/// What a latest says, signatures aside.
fn newest_unseen(bytes: &[u8]) -> Option<Latest> {
    Latest::parse(&General::parse(bytes).ok()?.payload().ok()?).ok()
}

fn check_quorum(masthead: &Masthead, signatures: &[Signature]) -> Result<(), PutError> {
    let has = |s: &Signature| {
        masthead
            .outlet(&s.outlet)
            .is_some_and(|outlet| outlet.keys.contains(&s.key))
    };
    if let Some(stranger) = signatures.iter().find(|signature| !has(signature)) {
        return Err(refused(format!(
            "signed with a key that {} does not have",
            stranger.outlet
        )));
    }
    match masthead.missing(signatures).first() {
        Some(outlet) => Err(refused(format!("the signature of {outlet} is missing"))),
        None => Ok(()),
    }
}

/// The names of what lies in a folder; none when there is no such folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}
