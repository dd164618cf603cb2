//! From mirrors to a release that is genuine and the newest known.
//!
//! Only the small `latest.json` is raced among mirrors; the body comes from the first that answers, and from the next when
//! that one fails or lies. What is shown is never older than what this page has seen before (kept in memory only: a reader's
//! phone keeps no trace).

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_util::future::join;
use komuz_release::canonical::sha256_hex;
use komuz_release::folder::{Edition, Place};
use komuz_release::jws::General;
use komuz_release::latest::{Latest, MAX_LATEST};
use komuz_release::masthead::{MAX_CHAIN, MAX_MASTHEAD, MastheadError, Outlet};
use komuz_release::release::{MAX_RELEASE, Release};
use komuz_release::time::Seconds;
use komuz_release::verify::{self, Expected, Refusal, Seen, verify_latest};

use crate::fetch::{FetchError, Freshness, fetch};
use crate::signed::OutletLine;

/// The largest picture that is fetched, in bytes.
pub const MAX_PICTURE: usize = 8 << 20;

/// What a page asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which edition of which story, under which fingerprint.
    pub edition: Edition,
    /// Addresses of the mirrors, no slash at the end ([`crate::fetch::mirror_address`]).
    pub mirrors: Vec<String>,
    /// Number of the release that the page was made from: nothing older is shown. 0 where the page does not say.
    pub floor: u64,
    /// The fingerprint in the page's source address, where it is another than the pinned one.
    pub other: Option<String>,
}

/// A release that was checked, and where it came from.
#[derive(Debug, Clone)]
pub struct Found {
    /// The release.
    pub release: Rc<Release>,
    /// Its hash.
    pub hash: String,
    /// The outlets of its masthead, with whether each has signed.
    pub outlets: Vec<OutletLine>,
    /// Whether it is known to be the newest still.
    pub freshness: verify::Freshness,
    /// The mirror.
    pub mirror: String,
}

/// Why there is nothing to show as genuine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The page names no mirror that is an http address.
    #[error("no mirror is named")]
    NoMirror,
    /// No mirror gave all files.
    #[error("{0}")]
    Unreachable(#[from] FetchError),
    /// What a mirror gave is not genuine.
    #[error("{mirror}: {refusal}")]
    Refused {
        /// Why.
        refusal: Box<Refusal>,
        /// Which mirror.
        mirror: String,
    },
}

thread_local! {
    /// The newest that any element of this page has seen of each edition.
    static SEEN: RefCell<Vec<(Edition, Seen)>> = const { RefCell::new(Vec::new()) };
}

/// Address of a place on a mirror.
pub fn address(mirror: &str, place: &Place) -> String {
    format!("{mirror}/r/{place}")
}

/// Finds the newest genuine release of an edition. `show` is called with the first, and again for each newer one that a
/// slower mirror has.
///
/// # Errors
/// [`Failure`] when no mirror gave anything genuine: a refusal when any mirror lied, otherwise the first mirror's silence.
/// [`Refusal::Two`] also after something was shown, when another mirror has another release under its number: all outlets
/// have signed both, and a reader cannot know which one they mean.
pub async fn newest(asked: &Asked, mut show: impl FnMut(Found)) -> Result<(), Failure> {
    if let Some(found) = &asked.other {
        let refusal = Refusal::Masthead(MastheadError::Fingerprint {
            expected: asked.edition.fingerprint.clone(),
            found: found.clone(),
        });
        return Err(Failure::Refused {
            refusal: Box::new(refusal),
            mirror: String::new(),
        });
    }
    let latest = |mirror: String| async move {
        let place = Place::Latest(asked.edition.clone());
        (
            fetch(&address(&mirror, &place), MAX_LATEST, Freshness::Asked).await,
            mirror,
        )
    };
    let mut race: Vec<_> = asked
        .mirrors
        .iter()
        .cloned()
        .map(|mirror| Box::pin(latest(mirror)))
        .collect();
    let mut shown = None::<(u64, String)>;
    let mut failure = Failure::NoMirror;
    while let Some((answer, mirror)) = first(&mut race).await {
        let found = match answer {
            // Once something genuine is shown, a slower mirror matters only when it claims to have something newer, or
            // something else under the same number.
            Ok(latest) if shown.as_ref().is_some_and(|shown| !matters(&latest, shown)) => continue,
            Ok(latest) => from_mirror(asked, &mirror, &latest).await,
            Err(error) => Err(error.into()),
        };
        match found {
            Ok(found) => {
                shown = Some((found.release.number, found.hash.clone()));
                show(found);
            }
            Err(Failure::Refused { refusal, mirror }) if shown.is_some() && matches!(*refusal, Refusal::Two { .. }) => {
                return Err(Failure::Refused { refusal, mirror });
            }
            Err(next) => failure = worse(failure, next),
        }
    }
    if shown.is_some() { Ok(()) } else { Err(failure) }
}

/// The first answer of those that are still awaited; none when there are none. A handful: each is polled at each wake-up.
async fn first<F: Future + Unpin>(race: &mut Vec<F>) -> Option<F::Output> {
    poll_fn(|context| {
        for at in 0..race.len() {
            if let Poll::Ready(answer) = Pin::new(&mut race[at]).poll(context) {
                drop(race.swap_remove(at));
                return Poll::Ready(Some(answer));
            }
        }
        if race.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Whether an unchecked `latest.json` claims something newer than what is shown, or something else under its number.
fn matters(latest: &[u8], (number, hash): &(u64, String)) -> bool {
    let payload = General::parse(latest).and_then(|general| general.payload());
    let latest = payload.ok().and_then(|payload| Latest::parse(&payload).ok());
    latest.is_some_and(|latest| latest.number > *number || (latest.number == *number && latest.release != *hash))
}

/// What is told of two failures: a lie before a silence, and the first of two alike.
fn worse(first: Failure, second: Failure) -> Failure {
    match (&first, &second) {
        (Failure::Refused { .. }, _) => first,
        (_, Failure::Refused { .. }) | (Failure::NoMirror, _) => second,
        _ => first,
    }
}

/// Everything from one mirror, checked.
async fn from_mirror(asked: &Asked, mirror: &str, latest: &[u8]) -> Result<Found, Failure> {
    let refused = |refusal: Refusal| Failure::Refused {
        refusal: Box::new(refusal),
        mirror: mirror.to_owned(),
    };
    let edition = &asked.edition;
    let get = |place: Place, limit: usize, freshness: Freshness| {
        let address = address(mirror, &place);
        async move { fetch(&address, limit, freshness).await }
    };

    let masthead = Place::Masthead {
        fingerprint: edition.fingerprint.clone(),
    };
    let (masthead, extension) = join(
        get(masthead, MAX_CHAIN, Freshness::Asked),
        get(Place::Freshness(edition.clone()), MAX_LATEST, Freshness::Asked),
    )
    .await;
    let (masthead, extension) = (masthead?, extension.ok());

    // Read only now: another element of the page may have seen something newer while these files were on their way.
    let known = |all: &Vec<(Edition, Seen)>| all.iter().find(|(of, _)| of == edition).map(|(_, seen)| seen.clone());
    let mut seen = SEEN.with_borrow(known).unwrap_or_default();
    if seen.number < asked.floor {
        seen = Seen {
            number: asked.floor,
            release: String::new(),
            ..seen
        };
    }
    let expected = Expected {
        fingerprint: &edition.fingerprint,
        story: &edition.story,
        lang: &edition.lang,
        seen: &seen,
        now: (js_sys::Date::now() / 1000.0) as Seconds,
    };
    let newest = match verify_latest(&expected, &masthead, latest, extension.as_deref()) {
        // A broken extension costs its own promise and no more: the quorum's latest stands by itself.
        Err(_) if extension.is_some() => verify_latest(&expected, &masthead, latest, None),
        result => result,
    }
    .map_err(refused)?;

    let hash = newest.latest.release.clone();
    let (release, signatures) = join(
        get(
            Place::Release(edition.clone(), hash.clone()),
            MAX_RELEASE,
            Freshness::Any,
        ),
        get(Place::Signatures(edition.clone(), hash), MAX_MASTHEAD, Freshness::Any),
    )
    .await;
    let verified = newest.verify_release(&release?, &signatures?).map_err(refused)?;
    SEEN.with_borrow_mut(|all| match all.iter_mut().find(|(of, _)| of == edition) {
        Some((_, known)) if known.number > verified.seen.number => {}
        Some((_, known)) => *known = verified.seen,
        None => all.push((edition.clone(), verified.seen)),
    });
    let outlet = |outlet: Outlet| OutletLine {
        signed: verified.signed.iter().any(|signed| signed.outlet == outlet.id),
        id: outlet.id,
        name: outlet.name,
        domain: outlet.domain,
    };
    Ok(Found {
        outlets: verified.masthead.outlets.into_iter().map(outlet).collect(),
        release: Rc::new(verified.release),
        hash: verified.hash,
        freshness: verified.freshness,
        mirror: mirror.to_owned(),
    })
}

/// A picture's bytes from the first mirror that has them; none when no mirror has bytes of this hash.
pub async fn picture(fingerprint: &str, sha256: &str, mirrors: &[String]) -> Option<Vec<u8>> {
    let place = Place::File {
        fingerprint: fingerprint.to_owned(),
        sha256: sha256.to_owned(),
    };
    for mirror in mirrors {
        if let Ok(bytes) = fetch(&address(mirror, &place), MAX_PICTURE, Freshness::Any).await
            && sha256_hex(&bytes) == sha256
        {
            return Some(bytes);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(name: &str) -> Failure {
        Failure::Unreachable(FetchError::Silent(name.to_owned()))
    }

    fn refused(name: &str) -> Failure {
        Failure::Refused {
            refusal: Box::new(Refusal::Two { number: 1 }),
            mirror: name.to_owned(),
        }
    }

    #[test]
    fn a_lie_is_told_before_a_silence() {
        assert_eq!(worse(silent("a"), refused("b")), refused("b"));
        assert_eq!(worse(refused("a"), silent("b")), refused("a"));
        assert_eq!(worse(refused("a"), refused("b")), refused("a"));
        assert_eq!(worse(silent("a"), silent("b")), silent("a"));
        assert_eq!(worse(Failure::NoMirror, silent("b")), silent("b"));
    }

    #[test]
    fn a_mirror_may_be_a_folder_of_a_site() {
        let place = Place::Masthead {
            fingerprint: "ab".to_owned(),
        };
        assert_eq!(
            address("https://outlet.example/komuz", &place),
            "https://outlet.example/komuz/r/ab/masthead.json"
        );
    }
}
