//! Every file below a fingerprint in a folder: all releases that were ever published, not the newest alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use komuz_release::canonical::sha256_hex;
use komuz_release::folder::{Edition, Place, verify_folder};
use komuz_release::notice::continues;
use komuz_release::release::{Release, ReleaseError};
use komuz_release::time::Seconds;
use komuz_release::verify::{Expected, File, Genuine, Newest, Refusal, Seen, Verified, verify_latest};

/// What a server calls a file that it has not written to its end.
const UNFINISHED: &str = ".writing-";

/// What was found.
#[derive(Debug)]
pub enum Finding {
    /// The newest release of an edition, all of it genuine.
    Newest(Box<Verified>),
    /// Another release of an edition: genuine, and corrected since (or not named yet, when its number is higher).
    Other {
        /// Where.
        edition: Edition,
        /// The release.
        release: Box<Release>,
        /// Its hash.
        hash: String,
    },
    /// Something is refused or cannot be read.
    Refused {
        /// The edition or the path that it is about.
        what: String,
        /// Why.
        refusal: Refusal,
    },
    /// What a release says of the notices before it, or of what it changes, is not so.
    Forged {
        /// Its path.
        what: String,
        /// What is not so.
        error: ReleaseError,
    },
    /// A file that nothing signed names.
    Stray {
        /// Its path below `/r/`.
        path: String,
    },
}

/// Reads a file by its path below `/r/`; nothing where there is none.
pub type ReadFile<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, String> + 'a;

/// What is checked.
pub struct Walk<'a> {
    /// The masthead's.
    pub fingerprint: &'a str,
    /// The lowest number that the newest release of an edition may have.
    pub at_least: u64,
    /// The clock.
    pub now: Seconds,
    /// Reads a file by its path below `/r/`.
    pub read: &'a ReadFile<'a>,
}

/// The genuine releases of an edition, by hash.
type Releases = BTreeMap<String, Release>;

impl Walk<'_> {
    /// Checks every file of these paths (below `/r/`).
    pub fn all(&self, paths: &[String]) -> Vec<Finding> {
        let mut found = Vec::new();
        // What is in each edition: the hashes of its releases.
        let mut editions: BTreeMap<Edition, BTreeSet<String>> = BTreeMap::new();
        let mut files = BTreeSet::new();
        for path in paths {
            match path.parse::<Place>() {
                Ok(Place::Latest(edition) | Place::Freshness(edition)) => _ = editions.entry(edition).or_default(),
                Ok(Place::Release(edition, hash) | Place::Signatures(edition, hash) | Place::Index(edition, hash)) => {
                    editions.entry(edition).or_default().insert(hash);
                }
                Ok(Place::File { sha256, .. }) => _ = files.insert(sha256),
                Ok(Place::Masthead { .. }) => {}
                Err(_) => found.push(Finding::Stray { path: path.clone() }),
            }
        }
        let mut named = BTreeSet::new();
        for (edition, hashes) in &editions {
            let releases = self.edition(edition, hashes, &mut found);
            named.extend(releases.values().flat_map(Release::files).map(str::to_owned));
            let newest = releases.values().max_by_key(|release| release.number);
            for lang in newest.iter().flat_map(|release| &release.editions) {
                let other = Edition {
                    lang: lang.clone(),
                    ..edition.clone()
                };
                if !editions.contains_key(&other) {
                    found.push(absent(&Place::Latest(other), "the edition is named by a release"));
                }
            }
        }
        // A release that was not read may name what no other does.
        let all_read = !found.iter().any(|finding| matches!(finding, Finding::Refused { .. }));
        for sha256 in files {
            let place = Place::File {
                fingerprint: self.fingerprint.to_owned(),
                sha256: sha256.clone(),
            };
            if all_read && !named.contains(&sha256) {
                found.push(Finding::Stray {
                    path: place.to_string(),
                });
            } else if let Err(refusal) = self.same(&place, &sha256) {
                found.push(refused(place.to_string(), refusal));
            }
        }
        found
    }

    /// Checks an edition: its newest release as readers do, and every other one.
    fn edition(&self, edition: &Edition, hashes: &BTreeSet<String>, found: &mut Vec<Finding>) -> Releases {
        let mut releases = Releases::new();
        let what = format!("{} ({})", edition.story, edition.lang);
        let seen = Seen {
            number: self.at_least,
            ..Seen::default()
        };
        let expected = Expected {
            fingerprint: self.fingerprint,
            story: &edition.story,
            lang: &edition.lang,
            seen: &seen,
            now: self.now,
        };
        let newest = match self.latest(&expected, edition) {
            Ok(newest) => newest,
            Err(refusal) => {
                found.push(refused(what, refusal));
                return releases;
            }
        };
        match verify_folder(&expected, |path| (self.read)(path)) {
            Ok(verified) => {
                releases.insert(verified.hash.clone(), verified.release.clone());
                found.push(Finding::Newest(Box::new(verified)));
            }
            Err(refusal) => found.push(refused(what, refusal)),
        }
        for hash in hashes.iter().filter(|hash| **hash != newest.latest.release) {
            match self.other(&newest, edition, hash) {
                Ok(genuine) => {
                    let number = genuine.release.number;
                    if releases.values().any(|release| release.number == number) {
                        found.push(refused(
                            Place::Release(edition.clone(), hash.clone()).to_string(),
                            Refusal::Two { number },
                        ));
                    }
                    releases.insert(hash.clone(), genuine.release.clone());
                    found.push(Finding::Other {
                        edition: edition.clone(),
                        release: Box::new(genuine.release),
                        hash: hash.clone(),
                    });
                }
                Err(refusal) => {
                    let path = Place::Release(edition.clone(), hash.clone()).to_string();
                    found.push(refused(path, refusal));
                }
            }
        }
        for (hash, release) in &releases {
            self.history(edition, hash, release, &releases, found);
        }
        releases
    }

    fn latest(&self, expected: &Expected<'_>, edition: &Edition) -> Result<Newest, Refusal> {
        let masthead = self.needed(&Place::Masthead {
            fingerprint: self.fingerprint.to_owned(),
        })?;
        let latest = self.needed(&Place::Latest(edition.clone()))?;
        verify_latest(expected, &masthead, &latest, None)
    }

    /// A release that is not the newest, with its page and its figures.
    fn other(&self, newest: &Newest, edition: &Edition, hash: &str) -> Result<Genuine, Refusal> {
        let release = self.needed(&Place::Release(edition.clone(), hash.to_owned()))?;
        let Some(signatures) = self.optional(&Place::Signatures(edition.clone(), hash.to_owned()))? else {
            let outlets = &newest.chain.newest().outlets;
            return Err(Refusal::Missing {
                file: File::Signatures,
                outlet: outlets.first().map(|outlet| outlet.id.clone()).unwrap_or_default(),
            });
        };
        let genuine = newest.verify_other(hash, &release, &signatures)?;
        self.same(&Place::Index(edition.clone(), hash.to_owned()), &genuine.html)?;
        for sha256 in genuine.release.files() {
            let place = Place::File {
                fingerprint: self.fingerprint.to_owned(),
                sha256: sha256.to_owned(),
            };
            self.same(&place, sha256)?;
        }
        Ok(genuine)
    }

    /// What a release says of the one before, where that is here too.
    pub fn before(&self, edition: &Edition, hash: &str, release: &Release) -> Option<Finding> {
        let before = release.supersedes.as_ref()?;
        let place = Place::Release(edition.clone(), before.release.clone());
        let bytes = self.optional(&place).ok()??;
        if sha256_hex(&bytes) != before.release {
            let path = place.to_string();
            return Some(refused(path.clone(), Refusal::File { path }));
        }
        forged(edition, hash, &Release::parse(&bytes).ok()?, release)
    }

    /// The release that this one supersedes must be here, under the number that it is said to have, and what this one says of
    /// it must be so.
    fn history(&self, edition: &Edition, hash: &str, release: &Release, releases: &Releases, found: &mut Vec<Finding>) {
        let Some(before) = &release.supersedes else { return };
        match releases.get(&before.release) {
            Some(there) if there.number == before.number => found.extend(forged(edition, hash, there, release)),
            Some(there) => found.push(refused(
                Place::Release(edition.clone(), hash.to_owned()).to_string(),
                Refusal::Mismatch {
                    file: File::Release,
                    member: "supersedes",
                    expected: there.number.to_string(),
                    found: before.number.to_string(),
                },
            )),
            // One that is here and refused was said already.
            None => {
                let place = Place::Release(edition.clone(), before.release.clone());
                if matches!(self.optional(&place), Ok(None)) {
                    found.push(absent(&place, "a release says that it takes its place"));
                }
            }
        }
    }

    fn optional(&self, place: &Place) -> Result<Option<Vec<u8>>, Refusal> {
        let path = place.to_string();
        (self.read)(&path).map_err(|error| Refusal::Unreadable { path, error })
    }

    fn needed(&self, place: &Place) -> Result<Vec<u8>, Refusal> {
        self.optional(place)?.ok_or_else(|| Refusal::Unreadable {
            path: place.to_string(),
            error: "there is no such file".into(),
        })
    }

    fn same(&self, place: &Place, sha256: &str) -> Result<(), Refusal> {
        if sha256_hex(&self.needed(place)?) == sha256 {
            Ok(())
        } else {
            Err(Refusal::File {
                path: place.to_string(),
            })
        }
    }
}

fn forged(edition: &Edition, hash: &str, before: &Release, release: &Release) -> Option<Finding> {
    let error = continues(before, release).err()?;
    Some(Finding::Forged {
        what: Place::Release(edition.clone(), hash.to_owned()).to_string(),
        error,
    })
}

fn refused(what: String, refusal: Refusal) -> Finding {
    Finding::Refused { what, refusal }
}

fn absent(place: &Place, why: &str) -> Finding {
    let path = place.to_string();
    Finding::Refused {
        what: path.clone(),
        refusal: Refusal::Unreadable {
            path,
            error: format!("there is no such file, and {why}"),
        },
    }
}

/// The paths of all files below a fingerprint's folder, as [`Place`] writes them, in order.
pub fn paths(releases: &Path, fingerprint: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![(releases.join(fingerprint), fingerprint.to_owned())];
    while let Some((folder, path)) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = format!("{path}/{name}");
            // Links are not followed: a copy of published files has none, and they may lead in a circle.
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), below));
            } else if !name.starts_with(UNFINISHED) {
                found.push(below);
            }
        }
    }
    found.sort();
    Ok(found)
}
