//! The sign-offs of an edition: proposed releases, what outlets signed, what is published, and the mastheads.
//!
//! Everything here is found by its hash and only ever added, so concurrent sign-offs merge into a union: proposals by the
//! hash of the release's canonical bytes, mastheads by theirs, and each signature is a key of its own. Whatever somebody
//! writes here in bad faith is not counted, since reading verifies: bytes must hash to their name and signatures must fit
//! with a key of the masthead.
//!
//! Mastheads belong to the investigation. The first edition that is signed brings the first masthead; [`Log::merge`]
//! puts the logs of all editions together so that the others find it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ChangeHash, ObjType};
use komuz_release::canonical::sha256_hex;
use komuz_release::jws::{General, Signature, Typ, assemble, signing_input};
use komuz_release::keys::{PublicKey, parse_signature, signature_text};
use komuz_release::latest::Latest;
use komuz_release::masthead::{Chain, Masthead, chain_bytes, sign};
use komuz_release::release::{MAX_RELEASE, Release, ReleaseError, Statement};
use thiserror::Error;

use crate::document::Document;
use crate::values::Node;

/// The most heads of a document's version that are read.
const MAX_HEADS: usize = 1024;

/// Why the sign-off log was not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignoffError {
    /// The release has no canonical form.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The masthead is not the one that the release names.
    #[error("the release names another masthead than the one that it was proposed with")]
    OtherMasthead,
    /// There is no such proposal.
    #[error("no release {release} is proposed here")]
    NoProposal {
        /// The hash that was asked for.
        release: String,
    },
    /// The signature does not fit.
    #[error("the signature of {outlet} does not fit the {what}; sign what is shown")]
    Signature {
        /// Whose.
        outlet: String,
        /// What was signed.
        what: &'static str,
    },
    /// Not every outlet has signed.
    #[error("the release is not signed by {}; it can be published when all have signed", missing.join(", "))]
    Unsigned {
        /// Whose signatures are missing.
        missing: Vec<String>,
    },
    /// The document is not one of sign-offs, or is damaged.
    #[error("the sign-offs cannot be written: {0}")]
    Document(#[from] AutomergeError),
}

/// A version of a document: the hashes of its newest changes, sorted.
pub type Version = Vec<ChangeHash>;

/// A proposed release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The release; its number, time and reason are fixed in it, so that rebuilding gives equal bytes.
    pub release: Release,
    /// The masthead that it names.
    pub masthead: Masthead,
    /// The version of the body that it was made from.
    pub body: Version,
    /// The version of the registers that it was made from.
    pub registers: Version,
    /// Id of the outlet that proposed it.
    pub by: String,
}

/// Something that outlets sign for a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The masthead that the release names.
    Masthead,
    /// The [`Statement`] about the release.
    Release,
    /// The [`Latest`] that points to the release.
    Latest,
}

impl What {
    /// All, in the order in which they are signed.
    pub const ALL: [What; 3] = [What::Masthead, What::Release, What::Latest];

    /// The name in messages and documents.
    pub fn name(self) -> &'static str {
        match self {
            What::Masthead => "masthead",
            What::Release => "release",
            What::Latest => "latest",
        }
    }

    /// The JWS type.
    pub fn typ(self) -> Typ {
        match self {
            What::Masthead => Typ::Masthead,
            What::Release => Typ::Release,
            What::Latest => Typ::Latest,
        }
    }
}

impl Proposal {
    /// The release's hash: the proposal's name.
    pub fn hash(&self) -> Result<String, ReleaseError> {
        self.release.hash()
    }

    /// The bytes that are signed for one of the three.
    pub fn payload(&self, what: What) -> Result<Vec<u8>, ReleaseError> {
        Ok(match what {
            What::Masthead => self.masthead.to_bytes(),
            What::Release => Statement::of(&self.release, &self.masthead)?.to_bytes(),
            What::Latest => Latest::of(&self.release)?.to_bytes(),
        })
    }
}

/// Everything that one or several sign-off documents hold, verified.
#[derive(Debug, Clone, Default)]
pub struct Log {
    proposals: BTreeMap<String, Proposal>,
    mastheads: BTreeMap<String, Masthead>,
    /// What was signed, the payload's hash, and who signed with what.
    signed: BTreeSet<(What, String, String, String, String)>,
    published: BTreeSet<String>,
}

/// How far an edition is with signing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Hash of the release that is up for signing, or of the published one while nothing has changed since.
    pub proposal: Option<String>,
    /// Whether the text as it stands would give the same release.
    pub unchanged: bool,
    /// Outlets whose signature of the proposal counts for the text as it stands.
    pub signed: Vec<String>,
    /// Outlets that have signed, but what they signed is no longer what the text says.
    pub moved: Vec<String>,
    /// Every outlet has signed the proposal: it can be published as signed, even where the text has moved on.
    pub complete: bool,
    /// Number of the last published release; 0 before the first.
    pub published: u64,
    /// Its hash.
    pub published_release: Option<String>,
}

/// Proposes a release.
pub fn propose(signoffs: &mut Document, proposal: &Proposal) -> Result<String, SignoffError> {
    let bytes = proposal.release.to_bytes()?;
    let hash = sha256_hex(&bytes);
    let masthead = proposal.masthead.to_bytes();
    if sha256_hex(&masthead) != proposal.release.masthead {
        return Err(SignoffError::OtherMasthead);
    }
    let (proposals, mastheads) = (root(signoffs, "proposals")?, root(signoffs, "mastheads")?);
    let known = proposals
        .map(&hash)
        .is_some_and(|node| read_release(&hash, &node).is_some());
    let known_masthead = mastheads.all_bytes(&proposal.release.masthead).contains(&masthead);
    let (proposals, mastheads) = (proposals.id().clone(), mastheads.id().clone());
    signoffs.transact(|tx| {
        if !known {
            let map = tx.put_object(&proposals, hash.as_str(), ObjType::Map)?;
            tx.put(&map, "release", bytes)?;
            tx.put(&map, "body", heads_text(&proposal.body))?;
            tx.put(&map, "registers", heads_text(&proposal.registers))?;
            tx.put(&map, "by", proposal.by.as_str())?;
        }
        if !known_masthead {
            tx.put(&mastheads, proposal.release.masthead.as_str(), masthead)?;
        }
        Ok::<(), AutomergeError>(())
    })?;
    Ok(hash)
}

/// Adds an outlet's signatures for a proposal that is in the log, all or none: each must fit.
pub fn sign_proposal(
    signoffs: &mut Document,
    release: &str,
    signatures: &[(What, Signature)],
) -> Result<(), SignoffError> {
    let log = Log::read(signoffs);
    let proposal = log.proposal(release).ok_or_else(|| SignoffError::NoProposal {
        release: release.to_owned(),
    })?;
    let mut keys = Vec::new();
    for (what, signature) in signatures {
        let payload = proposal.payload(*what)?;
        if !fits(*what, &payload, signature) {
            return Err(SignoffError::Signature {
                outlet: signature.outlet.clone(),
                what: what.name(),
            });
        }
        keys.push(signature_key(*what, &payload, signature));
    }
    let all = root(signoffs, "signatures")?;
    let here: BTreeSet<String> = all.keys().into_iter().collect();
    let all = all.id().clone();
    Ok(signoffs.transact(|tx| {
        keys.iter()
            .filter(|key| !here.contains(*key))
            .try_for_each(|key| tx.put(&all, key.as_str(), true))
    })?)
}

/// Marks a release as published. It must be signed by all outlets; `log` may hold other editions' signatures of the
/// masthead.
pub fn mark_published(signoffs: &mut Document, log: &Log, release: &str) -> Result<(), SignoffError> {
    let proposal = log.proposal(release).ok_or_else(|| SignoffError::NoProposal {
        release: release.to_owned(),
    })?;
    let missing = log.missing(proposal);
    if !missing.is_empty() {
        return Err(SignoffError::Unsigned { missing });
    }
    let all = root(signoffs, "published")?;
    if all.keys().iter().any(|key| key == release) {
        return Ok(());
    }
    let all = all.id().clone();
    Ok(signoffs.transact(|tx| tx.put(&all, release, true))?)
}

impl Log {
    /// Reads a sign-off document. What does not verify is left out.
    pub fn read(signoffs: &Document) -> Self {
        let root = Node::root(signoffs, None);
        let mut log = Self::default();
        if let Some(mastheads) = root.map("mastheads") {
            for hash in mastheads.keys() {
                let bytes = mastheads
                    .all_bytes(&hash)
                    .into_iter()
                    .find(|bytes| sha256_hex(bytes) == hash);
                if let Some(masthead) = bytes.and_then(|bytes| Masthead::parse(&bytes).ok()) {
                    log.mastheads.insert(hash, masthead);
                }
            }
        }
        for (hash, node) in root.map("proposals").map(|node| node.maps()).unwrap_or_default() {
            if let Some(proposal) = log.read_proposal(&hash, &node) {
                log.proposals.insert(hash, proposal);
            }
        }
        let keys = |name: &str| root.map(name).map(|node| node.keys()).unwrap_or_default();
        log.signed = keys("signatures")
            .iter()
            .filter_map(|key| parse_signature_key(key))
            .collect();
        log.published = keys("published").into_iter().collect();
        log
    }

    fn read_proposal(&self, hash: &str, node: &Node<'_>) -> Option<Proposal> {
        let release = read_release(hash, node)?;
        let masthead = self.mastheads.get(&release.masthead)?.clone();
        let heads = |name: &str| parse_heads(&node.text(name, MAX_HEADS * 65)?);
        Some(Proposal {
            release,
            masthead,
            body: heads("body")?,
            registers: heads("registers")?,
            by: node.text("by", 64).unwrap_or_default(),
        })
    }

    /// Adds what another edition's log holds of mastheads and their signatures.
    pub fn merge(&mut self, other: &Log) {
        self.mastheads.extend(
            other
                .mastheads
                .iter()
                .map(|(hash, masthead)| (hash.clone(), masthead.clone())),
        );
        self.signed.extend(
            other
                .signed
                .iter()
                .filter(|(what, ..)| *what == What::Masthead)
                .cloned(),
        );
    }

    /// A proposal by its release's hash.
    pub fn proposal(&self, release: &str) -> Option<&Proposal> {
        self.proposals.get(release)
    }

    /// The last published release: marked as published, signed by all, of the highest number.
    pub fn published(&self) -> Option<(&str, &Proposal)> {
        self.published
            .iter()
            .filter_map(|hash| Some((hash.as_str(), self.proposals.get(hash)?)))
            .filter(|(_, proposal)| self.missing(proposal).is_empty())
            .max_by_key(|(hash, proposal)| (proposal.release.number, *hash))
    }

    /// The proposals that would follow the published release, the one that most outlets have signed first; among equals
    /// the one that was proposed last.
    pub fn open(&self) -> Vec<(&str, &Proposal)> {
        let before = self.published();
        let follows = |release: &Release| match (before, &release.supersedes) {
            (None, None) => release.number == 1,
            (Some((hash, last)), Some(supersedes)) => {
                supersedes.release == hash && release.number == last.release.number + 1
            }
            _ => false,
        };
        let mut open: Vec<(&str, &Proposal)> = self
            .proposals
            .iter()
            .filter(|(_, proposal)| follows(&proposal.release))
            .map(|(hash, proposal)| (hash.as_str(), proposal))
            .collect();
        open.sort_by_cached_key(|(hash, proposal)| {
            let key = (
                self.signers(proposal).len(),
                proposal.release.published.clone(),
                (*hash).to_owned(),
            );
            std::cmp::Reverse(key)
        });
        open
    }

    /// Verified signatures under one of a proposal's three payloads, by keys that the masthead gives the outlet (for a
    /// masthead also the one before).
    pub fn signatures(&self, proposal: &Proposal, what: What) -> Vec<Signature> {
        match proposal.payload(what) {
            Ok(payload) => self.verified(what, &payload, &proposal.masthead),
            Err(_) => Vec::new(),
        }
    }

    fn verified(&self, what: What, payload: &[u8], masthead: &Masthead) -> Vec<Signature> {
        let hash = sha256_hex(payload);
        let before = masthead.previous.as_ref().and_then(|hash| self.mastheads.get(hash));
        let owns = |masthead: &Masthead, signature: &Signature| {
            masthead
                .outlets
                .iter()
                .any(|o| o.id == signature.outlet && o.keys.contains(&signature.key))
        };
        self.signed
            .iter()
            .filter(|(w, payload, ..)| *w == what && *payload == hash)
            .filter_map(|(_, _, outlet, key, bytes)| {
                Some(Signature {
                    outlet: outlet.clone(),
                    key: key.parse().ok()?,
                    bytes: parse_signature(bytes)?,
                })
            })
            .filter(|signature| {
                owns(masthead, signature)
                    || (what == What::Masthead && before.is_some_and(|before| owns(before, signature)))
            })
            .filter(|signature| fits(what, payload, signature))
            .collect()
    }

    /// Outlets that have signed a proposal's release and its latest, in the masthead's order.
    pub fn signers(&self, proposal: &Proposal) -> Vec<String> {
        let by = |what| -> BTreeSet<String> {
            self.signatures(proposal, what)
                .into_iter()
                .map(|signature| signature.outlet)
                .collect()
        };
        let (release, latest) = (by(What::Release), by(What::Latest));
        let outlets = proposal.masthead.outlets.iter().map(|outlet| outlet.id.clone());
        outlets
            .filter(|id| release.contains(id) && latest.contains(id))
            .collect()
    }

    /// Outlets without whose signatures a proposal cannot be published.
    pub fn missing(&self, proposal: &Proposal) -> Vec<String> {
        let signed = self.signers(proposal);
        let masthead = self.signatures(proposal, What::Masthead);
        let chained = self
            .chain()
            .iter()
            .any(|general| general.payload().is_ok_and(|p| p == proposal.masthead.to_bytes()));
        let outlets = proposal.masthead.outlets.iter().map(|outlet| &outlet.id);
        let unsigned = |id: &&String| {
            !signed.contains(id) || (!chained && !masthead.iter().any(|signature| signature.outlet == **id))
        };
        let missing: Vec<String> = outlets.filter(unsigned).cloned().collect();
        if missing.is_empty() && !chained {
            // All have signed, but with keys that do not make the next link of the chain.
            return proposal
                .masthead
                .outlets
                .iter()
                .map(|outlet| outlet.id.clone())
                .collect();
        }
        missing
    }

    /// What an outlet has yet to sign for a proposal: nothing when its signatures are complete.
    pub fn unsigned_by(&self, proposal: &Proposal, outlet: &str) -> Vec<What> {
        let signed = |what| {
            self.signatures(proposal, what)
                .iter()
                .any(|signature| signature.outlet == outlet)
        };
        What::ALL.into_iter().filter(|what| !signed(*what)).collect()
    }

    /// The newest masthead that is signed as it must be; none before the first.
    pub fn masthead(&self) -> Option<Masthead> {
        let payload = self.chain().last()?.payload().ok()?;
        Masthead::parse(&payload).ok()
    }

    /// Hash of the first masthead, which embeds pin; none before it is signed.
    pub fn fingerprint(&self) -> Option<String> {
        Some(sha256_hex(&self.chain().first()?.payload().ok()?))
    }

    /// The longest chain of mastheads that verifies, oldest first. Where two could follow one another's place, the one
    /// with the lower hash does, on every replica.
    pub fn chain(&self) -> Vec<General> {
        let mut chain: Vec<General> = Vec::new();
        let mut fingerprint = String::new();
        let mut last: Option<String> = None;
        loop {
            let next = self
                .mastheads
                .iter()
                .filter(|(_, masthead)| masthead.previous == last)
                .find_map(|(hash, masthead)| {
                    let signatures = self.verified(What::Masthead, &masthead.to_bytes(), masthead);
                    let mut longer = chain.clone();
                    longer.push(sign(masthead, &signatures));
                    let first = if fingerprint.is_empty() { hash } else { &fingerprint };
                    Chain::verify(&chain_bytes(&longer), first)
                        .is_ok()
                        .then_some((hash.clone(), longer))
                });
            let Some((hash, longer)) = next else {
                return chain;
            };
            if fingerprint.is_empty() {
                fingerprint.clone_from(&hash);
            }
            last = Some(hash);
            chain = longer;
        }
    }

    /// The signed files of a proposal: its statement and its latest.
    pub fn assembled(&self, proposal: &Proposal) -> Result<(General, General), SignoffError> {
        let missing = self.missing(proposal);
        if !missing.is_empty() {
            return Err(SignoffError::Unsigned { missing });
        }
        let general = |what: What| -> Result<General, ReleaseError> {
            Ok(assemble(
                what.typ(),
                &proposal.payload(what)?,
                &self.signatures(proposal, what),
            ))
        };
        Ok((general(What::Release)?, general(What::Latest)?))
    }

    /// The newest release that an outlet has signed, whether or not it was published: what it is shown the changes since.
    pub fn last_signed_by(&self, outlet: &str) -> Option<&Release> {
        self.proposals
            .iter()
            .filter(|(_, proposal)| self.signers(proposal).iter().any(|id| id == outlet))
            .max_by_key(|(hash, proposal)| {
                (
                    proposal.release.number,
                    proposal.release.published.clone(),
                    (*hash).clone(),
                )
            })
            .map(|(_, proposal)| &proposal.release)
    }

    /// How far the edition is. `rebuild` makes a proposal's release again from the documents as they stand, with the
    /// proposal's own number, time and reason; nothing where that is not possible.
    pub fn state(&self, mut rebuild: impl FnMut(&Proposal) -> Option<Release>) -> State {
        let published = self.published();
        let mut state = State {
            published: published.map_or(0, |(_, proposal)| proposal.release.number),
            published_release: published.map(|(hash, _)| hash.to_owned()),
            ..State::default()
        };
        let mut same = |proposal: &Proposal| rebuild(proposal).is_some_and(|release| release == proposal.release);
        let open = self.open();
        let current = published
            .filter(|(_, proposal)| same(proposal))
            .or_else(|| open.iter().copied().find(|(_, proposal)| same(proposal)));
        let shown = current.or(open.first().copied());
        if let Some((hash, proposal)) = shown {
            state.proposal = Some(hash.to_owned());
            state.complete = self.missing(proposal).is_empty();
        }
        state.unchanged = current.is_some();
        state.signed = current.map(|(_, proposal)| self.signers(proposal)).unwrap_or_default();
        // Who signed another proposal, or what is published, and not this one, is behind.
        let earlier = open
            .iter()
            .chain(&published)
            .flat_map(|(_, proposal)| self.signers(proposal));
        for outlet in earlier {
            if !state.signed.contains(&outlet) && !state.moved.contains(&outlet) {
                state.moved.push(outlet);
            }
        }
        state
    }
}

fn root<'a>(signoffs: &'a Document, name: &str) -> Result<Node<'a>, SignoffError> {
    Node::root(signoffs, None)
        .map(name)
        .ok_or(SignoffError::Document(AutomergeError::NotAnObject))
}

fn read_release(hash: &str, node: &Node<'_>) -> Option<Release> {
    let fits = |bytes: &Vec<u8>| bytes.len() <= MAX_RELEASE && sha256_hex(bytes) == hash;
    let bytes = node.all_bytes("release").into_iter().find(fits)?;
    Release::parse(&bytes).ok()
}

fn fits(what: What, payload: &[u8], signature: &Signature) -> bool {
    let input = signing_input(what.typ(), payload, &signature.outlet, &signature.key);
    signature.key.verifies(input.as_bytes(), &signature.bytes)
}

/// A signature as a key of the map of signatures: everything is in the key, so that nothing can be overwritten.
fn signature_key(what: What, payload: &[u8], signature: &Signature) -> String {
    let hash = sha256_hex(payload);
    format!(
        "{} {hash} {} {} {}",
        what.name(),
        signature.outlet,
        signature.key,
        signature_text(&signature.bytes)
    )
}

fn parse_signature_key(key: &str) -> Option<(What, String, String, String, String)> {
    let parts: Vec<&str> = key.split(' ').collect();
    let [what, hash, outlet, key, signature] = parts[..] else {
        return None;
    };
    let what = What::ALL.into_iter().find(|known| known.name() == what)?;
    key.parse::<PublicKey>().ok()?;
    Some((
        what,
        hash.to_owned(),
        outlet.to_owned(),
        key.to_owned(),
        signature.to_owned(),
    ))
}

fn heads_text(heads: &[ChangeHash]) -> String {
    heads.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn parse_heads(text: &str) -> Option<Version> {
    text.split(' ').map(|hash| hash.parse().ok()).collect()
}
