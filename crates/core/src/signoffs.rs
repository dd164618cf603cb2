//! The sign-offs of an edition: proposed releases, what outlets signed, what is published, and the mastheads.
//!
//! Everything here is found by its hash and only ever added, so concurrent sign-offs merge into a union: proposals by the
//! hash of the release's canonical bytes, mastheads by theirs, and each signature is a key of its own. Whatever somebody
//! writes here in bad faith is not counted, since reading verifies: bytes must hash to their name and signatures must fit
//! with a key of the masthead.
//!
//! Mastheads belong to the investigation. The first edition that is signed brings the first masthead; [`Log::merge`]
//! puts the logs of all editions together so that the others find it. Which first masthead counts is decided by the outlets
//! that are in ([`Log::among`]), so that none of them can put another in its place alone.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::Transactable;
use automerge::{AutomergeError, ChangeHash, ObjType};
use komuz_release::canonical::sha256_hex;
use komuz_release::jws::{General, Signature, Typ, assemble, signing_input};
use komuz_release::keys::{PublicKey, parse_signature, signature_text};
use komuz_release::latest::Latest;
use komuz_release::masthead::{Chain, Masthead, Outlet, chain_bytes, sign, signers};
use komuz_release::release::{MAX_RELEASE, Release, ReleaseError, Statement};
use komuz_release::time;
use thiserror::Error;

use crate::document::{Document, WriteError};
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
    Document(#[from] WriteError),
}

/// A version of a document: the hashes of its newest changes, sorted.
pub type Version = Vec<ChangeHash>;

/// A proposed release. Its number, time and reason are fixed in it, so that rebuilding gives equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    release: Release,
    masthead: Masthead,
    body: Version,
    registers: Version,
    by: String,
    hash: String,
    /// For each of [`What::ALL`] the bytes that are signed, and their hash.
    payloads: [(Vec<u8>, String); 3],
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
    /// A proposal of a release under the masthead that it names, made from these versions of body and registers by an
    /// outlet.
    pub fn new(
        release: Release,
        masthead: Masthead,
        body: Version,
        registers: Version,
        by: &str,
    ) -> Result<Self, SignoffError> {
        if masthead.hash() != release.masthead {
            return Err(SignoffError::OtherMasthead);
        }
        let payloads = [
            masthead.to_bytes(),
            Statement::of(&release, &masthead)?.to_bytes(),
            Latest::of(&release)?.to_bytes(),
        ]
        .map(|bytes| {
            let hash = sha256_hex(&bytes);
            (bytes, hash)
        });
        Ok(Self {
            hash: release.hash()?,
            release,
            masthead,
            body,
            registers,
            by: by.to_owned(),
            payloads,
        })
    }

    /// The release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The hash of its canonical bytes: the proposal's name.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The masthead that it names.
    pub fn masthead(&self) -> &Masthead {
        &self.masthead
    }

    /// The version of the body that it was made from.
    pub fn body(&self) -> &[ChangeHash] {
        &self.body
    }

    /// The version of the registers that it was made from.
    pub fn registers(&self) -> &[ChangeHash] {
        &self.registers
    }

    /// Id of the outlet that proposed it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The bytes that are signed for one of the three.
    pub fn payload(&self, what: What) -> &[u8] {
        &self.payloads[what as usize].0
    }

    fn payload_hash(&self, what: What) -> &str {
        &self.payloads[what as usize].1
    }
}

/// Everything that one or several sign-off documents hold, verified. Reading costs a signature check for each signature and
/// a page for each proposal: keep it, and [`Log::update`] it when its document has changed.
#[derive(Debug, Clone, Default)]
pub struct Log {
    proposals: BTreeMap<String, Proposal>,
    mastheads: BTreeMap<String, Masthead>,
    /// All signatures, those that fit what they stand under, and those that do not.
    signed: BTreeSet<Signed>,
    fitting: BTreeSet<Signed>,
    wrong: BTreeSet<Signed>,
    marked: BTreeSet<String>,
    /// Hashes of the mastheads under which other editions are published.
    elsewhere: BTreeSet<String>,
    /// The outlets that are in, in the order in which they came.
    outlets: Vec<Outlet>,
    chain: Vec<General>,
    /// Hashes of the mastheads in the chain.
    chained: Vec<String>,
}

/// A signature as it is written in a document: what it is for, the payload's hash, outlet, key and signature.
type Signed = (What, String, String, String, String);

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
    /// Outlets that signed what the text says, in the masthead's order, but not the proposal that can be completed: two were
    /// proposed before either had heard of the other. They mean the next one too, and have yet to sign it.
    pub apart: Vec<String>,
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
    let hash = proposal.hash.clone();
    let masthead = proposal.payload(What::Masthead).to_vec();
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
    log: &Log,
    release: &str,
    signatures: &[(What, Signature)],
) -> Result<(), SignoffError> {
    let proposal = log.proposal(release).ok_or_else(|| SignoffError::NoProposal {
        release: release.to_owned(),
    })?;
    let mut keys = Vec::new();
    for (what, signature) in signatures {
        if !fits(*what, proposal.payload(*what), signature) {
            return Err(SignoffError::Signature {
                outlet: signature.outlet.clone(),
                what: what.name(),
            });
        }
        keys.push(signature_key(*what, proposal.payload_hash(*what), signature));
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

/// Marks a release as published. All outlets must have signed it.
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
        let mut log = Self::default();
        log.update(signoffs);
        log
    }

    /// Reads a sign-off document again, or adds another edition's. What was read before is kept.
    pub fn update(&mut self, signoffs: &Document) {
        let root = Node::root(signoffs, None);
        if let Some(mastheads) = root.map("mastheads") {
            for hash in mastheads.keys() {
                if self.mastheads.contains_key(&hash) {
                    continue;
                }
                let bytes = mastheads
                    .all_bytes(&hash)
                    .into_iter()
                    .find(|bytes| sha256_hex(bytes) == hash);
                if let Some(masthead) = bytes.and_then(|bytes| Masthead::parse(&bytes).ok()) {
                    self.mastheads.insert(hash, masthead);
                }
            }
        }
        for (hash, node) in root.map("proposals").map(|node| node.maps()).unwrap_or_default() {
            if !self.proposals.contains_key(&hash)
                && let Some(proposal) = self.read_proposal(&hash, &node)
            {
                self.proposals.insert(hash, proposal);
            }
        }
        let keys = |name: &str| root.map(name).map(|node| node.keys()).unwrap_or_default();
        self.signed
            .extend(keys("signatures").iter().filter_map(|key| parse_signature_key(key)));
        self.marked.extend(keys("published"));
        self.verify();
    }

    fn read_proposal(&self, hash: &str, node: &Node<'_>) -> Option<Proposal> {
        let release = read_release(hash, node)?;
        let masthead = self.mastheads.get(&release.masthead)?.clone();
        let heads = |name: &str| parse_heads(&node.text(name, MAX_HEADS * 65)?);
        let by = node.text("by", 64).unwrap_or_default();
        Proposal::new(release, masthead, heads("body")?, heads("registers")?, &by).ok()
    }

    /// Says which outlets are in, as the charter has them, in the order in which they came. Without them there is no chain.
    pub fn among(&mut self, outlets: &[Outlet]) {
        self.outlets = outlets.to_vec();
        (self.chain, self.chained) = self.follow();
    }

    /// Adds what another edition's log holds of mastheads, their signatures and what is published under them.
    pub fn merge(&mut self, other: &Log) {
        self.elsewhere.extend(other.published_under());
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
        self.verify();
    }

    /// Checks the signatures that have not been checked yet and whose payload is here, and follows the chain.
    fn verify(&mut self) {
        let mut payloads: BTreeMap<(What, &str), Vec<u8>> = BTreeMap::new();
        for (hash, masthead) in &self.mastheads {
            payloads.insert((What::Masthead, hash), masthead.to_bytes());
        }
        for proposal in self.proposals.values() {
            for what in [What::Release, What::Latest] {
                payloads.insert((what, proposal.payload_hash(what)), proposal.payload(what).to_vec());
            }
        }
        for signed in &self.signed {
            if self.fitting.contains(signed) || self.wrong.contains(signed) {
                continue;
            }
            let (what, hash, ..) = signed;
            let (Some(payload), Some(signature)) = (payloads.get(&(*what, hash.as_str())), signature(signed)) else {
                continue;
            };
            let checked = if fits(*what, payload, &signature) {
                &mut self.fitting
            } else {
                &mut self.wrong
            };
            checked.insert(signed.clone());
        }
        (self.chain, self.chained) = self.follow();
    }

    /// The chain of mastheads. It starts with the first masthead that most outlets have signed; among those of equally many
    /// with one under which something is published, then with the lowest hash: the same on every replica.
    fn follow(&self) -> (Vec<General>, Vec<String>) {
        let published = self.published_under();
        let firsts = self
            .mastheads
            .iter()
            .filter(|(_, masthead)| self.may_be_first(masthead));
        let best = firsts
            .filter_map(|(hash, masthead)| {
                let (chain, hashes) = self.chain_from(hash, masthead)?;
                let is_out = hashes.iter().any(|hash| published.contains(hash));
                Some(((masthead.outlets.len(), is_out, Reverse(hash)), chain, hashes))
            })
            .max_by_key(|(order, ..)| *order);
        best.map(|(_, chain, hashes)| (chain, hashes)).unwrap_or_default()
    }

    /// Whether a first masthead can be this investigation's: its outlets are in with these keys, and the founding one is
    /// among them. A signature only shows that a key of the masthead signed, and whoever writes one chooses its keys.
    fn may_be_first(&self, masthead: &Masthead) -> bool {
        let is_in = |outlet: &Outlet| {
            self.outlets
                .iter()
                .any(|known| known.id == outlet.id && known.keys == outlet.keys)
        };
        let founder = self.outlets.first();
        masthead.previous.is_none()
            && founder.is_some_and(|founder| masthead.outlet(&founder.id).is_some())
            && masthead.outlets.iter().all(is_in)
    }

    /// The longest chain that verifies from a first masthead on. Where two could be next, the one with the lower hash is.
    fn chain_from(&self, hash: &str, masthead: &Masthead) -> Option<(Vec<General>, Vec<String>)> {
        let signed = |hash: &str, masthead| sign(masthead, &self.of_masthead(masthead, What::Masthead, hash));
        let verifies = |chain: &[General]| Chain::verify(&chain_bytes(chain), hash).is_ok();
        let mut chain = vec![signed(hash, masthead)];
        let mut hashes = vec![hash.to_owned()];
        if !verifies(&chain) {
            return None;
        }
        while let Some((longer, next)) = self
            .mastheads
            .iter()
            .filter(|(_, masthead)| masthead.previous.as_ref() == hashes.last())
            .find_map(|(next, masthead)| {
                let mut longer = chain.clone();
                longer.push(signed(next, masthead));
                verifies(&longer).then(|| (longer, next.clone()))
            })
        {
            chain = longer;
            hashes.push(next);
        }
        Some((chain, hashes))
    }

    /// Hashes of the mastheads under which this edition or others have a release that is signed by all and marked as
    /// published.
    fn published_under(&self) -> BTreeSet<String> {
        let mine = self.marked.iter().filter_map(|hash| self.proposals.get(hash));
        mine.filter(|proposal| self.signers(proposal).len() == proposal.masthead.outlets.len())
            .map(|proposal| proposal.release.masthead.clone())
            .chain(self.elsewhere.iter().cloned())
            .collect()
    }

    /// Signatures that fit a payload, by keys that a masthead gives their outlets (for a masthead itself, also by keys of
    /// the one before).
    fn of_masthead(&self, masthead: &Masthead, what: What, payload: &str) -> Vec<Signature> {
        let before = masthead.previous.as_ref().filter(|_| what == What::Masthead);
        let before = before.and_then(|hash| self.mastheads.get(hash));
        let owns = |masthead: &Masthead, signature: &Signature| {
            masthead
                .outlets
                .iter()
                .any(|o| o.id == signature.outlet && o.keys.contains(&signature.key))
        };
        self.fitting
            .iter()
            .filter(|(w, hash, ..)| *w == what && hash == payload)
            .filter_map(signature)
            .filter(|signature| owns(masthead, signature) || before.is_some_and(|before| owns(before, signature)))
            .collect()
    }

    /// A proposal by its release's hash.
    pub fn proposal(&self, release: &str) -> Option<&Proposal> {
        self.proposals.get(release)
    }

    /// The last published release: marked as published, signed by all, of the highest number.
    pub fn published(&self) -> Option<&Proposal> {
        self.marked
            .iter()
            .filter_map(|hash| self.proposals.get(hash))
            .filter(|proposal| self.missing(proposal).is_empty())
            .max_by_key(|proposal| (proposal.release.number, &proposal.hash))
    }

    /// The number for the next release: above the published one's and above every number under which an outlet has signed.
    /// A proposal that was signed and given up stays signed; under a number of its own it can be completed later and is then
    /// older than what was published instead, not another under the same number.
    pub fn next_number(&self) -> u64 {
        let published = self.published().map_or(0, |proposal| proposal.release.number);
        let signed = self.counted().into_iter().filter(|proposal| self.is_signed(proposal));
        signed
            .map(|proposal| proposal.release.number)
            .fold(published, u64::max)
            .saturating_add(1)
    }

    /// Whether a proposal can still be signed: no outlet has signed another of its number or a higher one.
    pub fn stands(&self, proposal: &Proposal) -> bool {
        !self.counted().into_iter().any(|other| {
            other.hash != proposal.hash && other.release.number >= proposal.release.number && self.is_signed(other)
        })
    }

    fn is_signed(&self, proposal: &Proposal) -> bool {
        !self.signers(proposal).is_empty()
    }

    /// The proposals whose number can have come about. Each takes one above those that were there, so no number is higher
    /// than all of them counted: an outlet that writes an enormous one uses up no numbers.
    fn counted(&self) -> Vec<&Proposal> {
        let most = self.published().map_or(0, |proposal| proposal.release.number) + self.proposals.len() as u64;
        let all = self.proposals.values();
        all.filter(|proposal| proposal.release.number <= most).collect()
    }

    /// The proposals that would follow the published release, the one that most outlets have signed first; among equals
    /// the one with the higher number, then the one that was proposed last.
    pub fn open(&self) -> Vec<&Proposal> {
        let before = self.published();
        let follows = |release: &Release| match (before, &release.supersedes) {
            (None, None) => true,
            (Some(last), Some(supersedes)) => supersedes.release == last.hash && release.number > last.release.number,
            _ => false,
        };
        let mut open = self.counted();
        open.retain(|proposal| follows(&proposal.release));
        open.sort_by_cached_key(|proposal| {
            let order = (
                self.signers(proposal).len(),
                proposal.release.number,
                proposal.release.published.clone(),
                proposal.hash.clone(),
            );
            Reverse(order)
        });
        open
    }

    /// The signatures that count under one of a proposal's three payloads.
    pub fn signatures(&self, proposal: &Proposal, what: What) -> Vec<Signature> {
        self.of_masthead(&proposal.masthead, what, proposal.payload_hash(what))
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

    /// Whose signature the proposal's masthead still wants, and with one of which keys.
    fn masthead_wants(&self, proposal: &Proposal) -> Vec<(String, Vec<PublicKey>)> {
        if self.chained.contains(&proposal.release.masthead) {
            return Vec::new();
        }
        let here = self.signatures(proposal, What::Masthead);
        let before = proposal
            .masthead
            .previous
            .as_ref()
            .and_then(|hash| self.mastheads.get(hash));
        signers(before, &proposal.masthead)
            .into_iter()
            .filter(|signer| {
                !here
                    .iter()
                    .any(|s| s.outlet == signer.outlet && signer.keys.contains(&s.key))
            })
            .map(|signer| (signer.outlet.to_owned(), signer.keys))
            .collect()
    }

    /// Outlets without whose signatures a proposal cannot be published, in the masthead's order.
    pub fn missing(&self, proposal: &Proposal) -> Vec<String> {
        let signed = self.signers(proposal);
        let wanted = self.masthead_wants(proposal);
        // Signed by all, and yet no link of the chain: the masthead before it is not signed.
        let broken = wanted.is_empty() && !self.chained.contains(&proposal.release.masthead);
        let outlets = proposal.masthead.outlets.iter().map(|outlet| &outlet.id);
        outlets
            .filter(|id| broken || !signed.contains(id) || wanted.iter().any(|(o, _)| o == *id))
            .cloned()
            .collect()
    }

    /// What an outlet can still sign for a proposal with one of its keys; nothing when that key has nothing to add.
    pub fn unsigned_by(&self, proposal: &Proposal, outlet: &str, key: &PublicKey) -> Vec<What> {
        let wanted = |what: &What| match what {
            What::Masthead => self
                .masthead_wants(proposal)
                .iter()
                .any(|(o, keys)| o == outlet && keys.contains(key)),
            what => !self
                .signatures(proposal, *what)
                .iter()
                .any(|signature| signature.outlet == outlet),
        };
        What::ALL.into_iter().filter(wanted).collect()
    }

    /// The newest masthead that is signed as it must be; none before the first.
    pub fn masthead(&self) -> Option<&Masthead> {
        self.mastheads.get(self.chained.last()?)
    }

    /// Hash of the first masthead, which embeds pin; none before it is signed.
    pub fn fingerprint(&self) -> Option<&str> {
        self.chained.first().map(String::as_str)
    }

    /// The signed mastheads, oldest first: the file `masthead.json`.
    pub fn chain(&self) -> &[General] {
        &self.chain
    }

    /// The signed files of a proposal: its statement and its latest.
    pub fn assembled(&self, proposal: &Proposal) -> Result<(General, General), SignoffError> {
        let missing = self.missing(proposal);
        if !missing.is_empty() {
            return Err(SignoffError::Unsigned { missing });
        }
        let general = |what: What| assemble(what.typ(), proposal.payload(what), &self.signatures(proposal, what));
        Ok((general(What::Release), general(What::Latest)))
    }

    /// The proposal that an outlet has signed and that says the same as a release, under another number and at another time
    /// within a day.
    pub fn signed_alike(&self, outlet: &str, release: &Release) -> Option<&Proposal> {
        let alike = |proposal: &&Proposal| {
            says_the_same(&proposal.release, release) && self.signers(proposal).iter().any(|id| id == outlet)
        };
        self.proposals.values().find(alike)
    }

    /// The newest release that an outlet has signed, whether or not it was published: it is shown what changed since.
    pub fn last_signed_by(&self, outlet: &str) -> Option<&Release> {
        self.proposals
            .values()
            .filter(|proposal| self.signers(proposal).iter().any(|id| id == outlet))
            .max_by_key(|proposal| (proposal.release.number, &proposal.release.published, &proposal.hash))
            .map(|proposal| &proposal.release)
    }

    /// How far the edition is. `rebuild` makes a proposal's release again from the documents as they stand, with the
    /// proposal's own number, time and reason; nothing where that is not possible.
    pub fn state(&self, mut rebuild: impl FnMut(&Proposal) -> Option<Release>) -> State {
        let published = self.published();
        let open = self.open();
        let mut same = |proposal: &&Proposal| rebuild(proposal).is_some_and(|release| release == proposal.release);
        // A published text that is to be withdrawn is the text as it stands, too.
        let mut standing = open.iter().copied().filter(|proposal| self.stands(proposal));
        let current = standing.find(&mut same).or_else(|| published.filter(&mut same));
        let shown = current.or(open.first().copied());
        let mut state = State {
            proposal: shown.map(|proposal| proposal.hash.clone()),
            unchanged: current.is_some(),
            signed: current.map(|proposal| self.signers(proposal)).unwrap_or_default(),
            moved: Vec::new(),
            apart: Vec::new(),
            complete: shown.is_some_and(|proposal| self.missing(proposal).is_empty()),
            published: published.map_or(0, |proposal| proposal.release.number),
            published_release: published.map(|proposal| proposal.hash.clone()),
        };
        // Two outlets that sign before they have heard of each other leave proposals that say the same, of which none stands.
        let alike: BTreeSet<String> = open
            .iter()
            .filter(|proposal| match current {
                Some(current) => says_the_same(&proposal.release, &current.release),
                None => same(proposal),
            })
            .flat_map(|proposal| self.signers(proposal))
            .filter(|outlet| !state.signed.contains(outlet))
            .collect();
        let outlets = shown
            .map(|proposal| proposal.masthead.outlets.as_slice())
            .unwrap_or_default();
        let in_order = outlets.iter().map(|outlet| &outlet.id);
        state.apart = in_order.filter(|id| alike.contains(*id)).cloned().collect();
        // Who signed another proposal, or what is published, and not the current one, is behind.
        for outlet in open
            .into_iter()
            .chain(published)
            .flat_map(|proposal| self.signers(proposal))
        {
            if ![&state.signed, &state.apart, &state.moved]
                .iter()
                .any(|all| all.contains(&outlet))
            {
                state.moved.push(outlet);
            }
        }
        state
    }
}

/// The most seconds between two proposals that were made without hearing of each other.
const APART: u64 = 24 * 60 * 60;

/// Whether two releases differ in nothing but their numbers and in times that are not far from each other.
fn says_the_same(one: &Release, other: &Release) -> bool {
    let near = match (time::parse(&one.published), time::parse(&other.published)) {
        (Some(a), Some(b)) => a.abs_diff(b) <= APART,
        _ => false,
    };
    let as_other = Release {
        number: other.number,
        published: other.published.clone(),
        ..one.clone()
    };
    near && as_other == *other
}

fn signature((_, _, outlet, key, bytes): &Signed) -> Option<Signature> {
    Some(Signature {
        outlet: outlet.clone(),
        key: key.parse().ok()?,
        bytes: parse_signature(bytes)?,
    })
}

fn root<'a>(signoffs: &'a Document, name: &str) -> Result<Node<'a>, SignoffError> {
    Node::root(signoffs, None)
        .map(name)
        .ok_or(SignoffError::Document(AutomergeError::NotAnObject.into()))
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
fn signature_key(what: What, hash: &str, signature: &Signature) -> String {
    format!(
        "{} {hash} {} {} {}",
        what.name(),
        signature.outlet,
        signature.key,
        signature_text(&signature.bytes)
    )
}

fn parse_signature_key(key: &str) -> Option<Signed> {
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
    text.split_whitespace().map(|hash| hash.parse().ok()).collect()
}
