//! What the desk's page and its engine say to each other: JSON over `postMessage`, types only.
//!
//! Each message is one string of JSON, both ways. The page may send as soon as it has made the worker: the engine keeps
//! what comes before it has started. A worker that cannot start at all (Wasm refused, no storage) says so in a
//! [`Event::State`] whose `save_trouble` is set.
//!
//! The page sends [`ToEngine`], the engine sends [`FromEngine`]. Every [`Ask`] gets exactly one [`FromEngine::Answer`]
//! with the same id; views arrive as events whenever what they show has changed, whole, so that the page keeps no state
//! of its own beside the text under the cursor.
//!
//! # The text
//!
//! The page's document is ProseMirror's. Engine and page agree on it by two counters: `seq` counts the batches of steps
//! that the page has sent for the document that it shows, `taken` is the last batch of the engine that it has taken. A
//! document begins with a number of its own ([`Event::Page`]), so that what was said of another is told apart and passed
//! over. An [`Event::Batch`] holds steps from the page's document as of `seq` to the merged one; the page takes it only if
//! it has sent nothing beyond `seq` and nothing is being composed, answers [`Ask::Taken`], and otherwise drops it: the
//! engine sends a new one after it has the page's newer steps.
//!
//! Words that were typed are never rejected. Where the engine cannot follow the steps, or the two documents are found to
//! differ when the page is idle, it says [`Event::Lost`]; the page answers with [`Ask::Whole`], and what differs is taken as
//! typed. The page does so too when a batch does not fit it.

use komuz_release::story::{Byline, Source};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A message from the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToEngine {
    /// Chosen by the page, repeated by the answer.
    pub id: u32,
    /// What is asked.
    pub ask: Ask,
}

/// A message from the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FromEngine {
    /// The answer to the ask with this id.
    Answer {
        /// The ask's id.
        id: u32,
        /// What came of it.
        result: Result<Answer, Trouble>,
    },
    /// Something has changed.
    Event {
        /// What.
        event: Box<Event>,
    },
}

/// Why an ask was not done, or something else that a person should know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable name such as `invite-used`, `wrong-passphrase`, `import-too-large`; the page words it by this.
    pub code: String,
    /// What the words about it name: a person, a server, a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// A plain English sentence that says what was wrong, where, and what to do.
    pub message: String,
}

/// A language edition of a story: what an editor has open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EditionId {
    /// Id of the story.
    pub story: String,
    /// BCP 47 tag.
    pub lang: String,
}

/// What the page may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// What this device has. Answer: [`Answer::Device`].
    Device,
    /// Found an investigation. Answer: [`Answer::Entered`].
    Found {
        /// Its working title.
        title: String,
        /// The founding outlet.
        outlet: OutletCard,
        /// The person's name among the members.
        member: String,
        /// The outlet's own server.
        server: Server,
    },
    /// Read an invitation without using it. Answer: [`Answer::Invite`].
    ReadInvite {
        /// The link or its fragment.
        text: String,
    },
    /// Use an invitation. Answer: [`Answer::Joining`]; then [`Event::Entered`] once an editor has confirmed.
    Join {
        /// The link or its fragment.
        text: String,
        /// The outlet's card where the invitation founds a new outlet (its name as invited; domain and keys are the joiner's).
        outlet: OutletCard,
        /// The person's name among the members.
        member: String,
        /// The joiner's own server with its ticket, when the outlet brings one.
        server: Option<Server>,
    },
    /// Open an investigation of this device. Answer: [`Answer::Done`], then [`Event::Investigation`].
    Enter {
        /// Its id.
        investigation: String,
    },
    /// Make an invitation. Answer: [`Answer::Invitation`].
    Invite {
        /// Name of the outlet, an existing one's or a new one's.
        outlet: String,
        /// `editor` or `writer`.
        role: String,
    },
    /// Make an invitation for one more device of one's own. Answer: [`Answer::Invitation`].
    InviteDevice,
    /// Take an invitation back that this device has made. Answer: [`Answer::Done`].
    Revoke {
        /// Its id.
        invite: String,
    },
    /// Admit a person who used an invitation, or a device of one's own, after comparing the code. Answer: [`Answer::Done`].
    Confirm {
        /// Id of the request.
        request: String,
    },
    /// Turn such a person away. Answer: [`Answer::Done`].
    Refuse {
        /// Id of the request.
        request: String,
    },
    /// Start a story. Answer: [`Answer::Story`].
    NewStory {
        /// Language of its first edition.
        lang: String,
        /// Its first headline.
        headline: String,
    },
    /// Add a language edition. Answer: [`Answer::Done`].
    NewEdition {
        /// Which.
        edition: EditionId,
        /// Language of an existing edition whose blocks are copied as a start.
        from: Option<String>,
    },
    /// Open an edition for writing. Answer: [`Answer::Done`], then [`Event::Page`] and [`Event::Edition`].
    Open {
        /// Which.
        edition: EditionId,
    },
    /// Close it. Answer: [`Answer::Done`].
    Close {
        /// Which.
        edition: EditionId,
    },
    /// Read a document into an edition that holds no text yet, or append it. Answer: [`Answer::Imported`].
    Import {
        /// Into which.
        edition: EditionId,
        /// The file's name, which tells its format (`.html`, `.md`, `.json`).
        name: String,
        /// The file's text.
        text: String,
        /// The language of the interface, in which it is said what could not be kept.
        tongue: String,
    },
    /// Steps of the page, made on the document as of `taken` and all steps sent before. Answer: [`Answer::Done`].
    Steps {
        /// Of which edition.
        edition: EditionId,
        /// Number of this batch, from 1.
        seq: u64,
        /// Number of the last engine batch that the page has taken.
        taken: u64,
        /// ProseMirror steps as JSON.
        steps: Vec<Value>,
    },
    /// The page's whole document, as of `seq` and `taken`. Answer: [`Answer::Done`].
    Whole {
        /// Of which edition.
        edition: EditionId,
        /// Batches of steps that the page has sent.
        seq: u64,
        /// As in [`Ask::Steps`].
        taken: u64,
        /// ProseMirror document as JSON.
        doc: Value,
    },
    /// The page has taken a batch; or it is idle and says which one it took last. Answer: [`Answer::Done`].
    Taken {
        /// Of which edition.
        edition: EditionId,
        /// The batch's number.
        batch: u64,
        /// A hash of the page's document (see `komuz_core::page::hash`), to be compared; empty when not computed.
        #[serde(default)]
        hash: String,
    },
    /// Where the cursor is, in the page's positions as of (`seq`, `taken`); none when it left. Answer: [`Answer::Done`].
    Select {
        /// Of which edition.
        edition: EditionId,
        /// As in [`Ask::Steps`].
        seq: u64,
        /// As in [`Ask::Steps`].
        taken: u64,
        /// Fixed and moving end.
        selection: Option<(u32, u32)>,
    },
    /// Undo one's own last change. Answer: [`Answer::Done`] (a batch follows) or trouble `nothing-to-undo`.
    Undo {
        /// Of which edition.
        edition: EditionId,
    },
    /// Redo it.
    Redo {
        /// Of which edition.
        edition: EditionId,
    },
    /// Change the headline. What the person did is what differs between `before` and `text`: words of others that have
    /// come meanwhile, and that the page does not show yet, stay.
    SetHeadline {
        /// Of which edition.
        edition: EditionId,
        /// The text that the page showed, or sent last.
        before: String,
        /// The whole new text.
        text: String,
    },
    /// Change the summary, as [`Ask::SetHeadline`].
    SetSummary {
        /// Of which edition.
        edition: EditionId,
        /// The text that the page showed, or sent last.
        before: String,
        /// The whole new text.
        text: String,
    },
    /// Change the byline, as [`Ask::SetHeadline`].
    SetByline {
        /// Of which edition.
        edition: EditionId,
        /// The names that the page showed, or sent last.
        before: Vec<Byline>,
        /// The names in order.
        byline: Vec<Byline>,
    },
    /// Add a source or change it (by id; an empty id makes a new one). Answer: [`Answer::Source`].
    SaveSource {
        /// The item.
        source: Box<Source>,
        /// Members of its record (`komuz_dossier::source`) by their dotted paths, saved in the same change as a new source: one that
        /// is confidential is so from its first moment.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        about: Map<String, Value>,
    },
    /// Add sources from pasted CSL-JSON, one item or an array. Answer: [`Answer::Imported`].
    PasteSources {
        /// The JSON.
        text: String,
    },
    /// Cite a source for a span. Answer: [`Answer::Made`] with the citation's id; the anchor comes as a batch.
    Cite {
        /// In which edition.
        edition: EditionId,
        /// As in [`Ask::Steps`].
        seq: u64,
        /// As in [`Ask::Steps`].
        taken: u64,
        /// Start of the span, in the page's positions.
        from: u32,
        /// Its end.
        to: u32,
        /// Id of the source.
        source: String,
        /// Where in the source.
        locator: String,
        /// The source's own words.
        quote: String,
    },
    /// Change a citation. Answer: [`Answer::Done`].
    EditCitation {
        /// In which edition.
        edition: EditionId,
        /// Which.
        citation: String,
        /// Id of the source.
        source: String,
        /// Where in the source.
        locator: String,
        /// The source's own words.
        quote: String,
    },
    /// Take a citation out; its text stays. Answer: [`Answer::Done`].
    RemoveCitation {
        /// In which edition.
        edition: EditionId,
        /// Which.
        citation: String,
    },
    /// Start a thread on a span. Answer: [`Answer::Made`] with the thread's id.
    Comment {
        /// In which edition.
        edition: EditionId,
        /// As in [`Ask::Steps`].
        seq: u64,
        /// As in [`Ask::Steps`].
        taken: u64,
        /// Start of the span.
        from: u32,
        /// Its end.
        to: u32,
        /// What is said.
        text: String,
    },
    /// Answer in a thread. Answer: [`Answer::Done`].
    Reply {
        /// In which edition.
        edition: EditionId,
        /// Which thread.
        thread: String,
        /// What is said.
        text: String,
    },
    /// Resolve a thread or open it again. Answer: [`Answer::Done`].
    Resolve {
        /// In which edition.
        edition: EditionId,
        /// Which thread.
        thread: String,
        /// Resolved or not.
        resolved: bool,
    },
    /// Say what the newsrooms know of an edition, now and whenever it changes ([`Event::Dossier`]), or no more. One edition is
    /// watched at a time. Answer: [`Answer::Done`].
    WatchDossier {
        /// Which edition.
        edition: EditionId,
        /// Begin or end.
        on: bool,
    },
    /// Save members of a record (`komuz_dossier`): those that differ are written, an empty or null one is deleted, what is
    /// not named stays. Answer: [`Answer::Made`] with the record's id.
    SaveRecord {
        /// The edition whose record it is; none for the investigation's: entities, replies, what is known of a source (by
        /// the source's id), `policy`, the parts of the series (`p-` and the story's id: `number` and `title`, or `move`, by how
        /// many places, which makes a part of what is none).
        edition: Option<EditionId>,
        /// Its id; one that ends with its prefix (`e-`) makes a new one.
        record: String,
        /// The members by their dotted paths.
        members: Map<String, Value>,
    },
    /// Mark a record as removed. Answer: [`Answer::Done`].
    RemoveRecord {
        /// As in [`Ask::SaveRecord`].
        edition: Option<EditionId>,
        /// Its id.
        record: String,
    },
    /// Make a claim of a span, or say that an answer stands there. Answer: [`Answer::Made`] with the record's id.
    MarkSpan {
        /// In which edition.
        edition: EditionId,
        /// As in [`Ask::Steps`].
        seq: u64,
        /// As in [`Ask::Steps`].
        taken: u64,
        /// Start of the span.
        from: u32,
        /// Its end.
        to: u32,
        /// `claim` or `answer`.
        kind: String,
        /// Members of the record, by their dotted paths.
        members: Map<String, Value>,
    },
    /// Put a picture's file into the investigation (at most 2 MB). Answer: [`Answer::Made`] with its SHA-256 in hex.
    AddFile {
        /// Media type.
        media: String,
        /// The bytes, base64.
        bytes: String,
    },
    /// A file's bytes. They are fetched where they are not here, and the answer comes when they have come: [`Answer::File`].
    GetFile {
        /// SHA-256 in hex.
        file: String,
    },
    /// Build the release of an edition as it stands and what has changed, once its pictures are here or no more of them have come for a
    /// minute. Answer: [`Answer::Review`]. Signs nothing.
    Review {
        /// Of which edition.
        edition: EditionId,
        /// Now, RFC 3339, in UTC; taken when a new release is proposed.
        now: String,
        /// What kind of notice it is when this takes the place of a published release: `correction`, `clarification`, `update`,
        /// `retraction`. Empty for what is proposed already, and else a correction.
        #[serde(default)]
        kind: String,
        /// Reason shown to readers when this takes the place of a published release.
        reason: String,
        /// The release key that will sign, as the masthead writes it: it is named in each signing input. Empty for the
        /// first key of one's outlet's card.
        #[serde(default)]
        key: String,
    },
    /// Propose what was reviewed, or join an equal proposal, with one's outlet's signatures. Answer: [`Answer::Done`].
    SignOff {
        /// Of which edition.
        edition: EditionId,
        /// Hash of the release's canonical bytes, as reviewed.
        release: String,
        /// One's signatures over each of the `to_sign` of the review, in the same order (base64url).
        signatures: Vec<String>,
        /// Public key that signed, as the masthead writes it.
        key: String,
    },
    /// The files of a release that every outlet has signed, to be published or sent again. Answer: [`Answer::Folder`]; the
    /// page uploads them.
    Publish {
        /// Of which edition.
        edition: EditionId,
        /// Hash of the release: [`Signing::proposal`] or [`Signing::published_release`].
        release: String,
    },
    /// Say that a release is out. Answer: [`Answer::Done`].
    Published {
        /// Of which edition.
        edition: EditionId,
        /// Hash of the release.
        release: String,
    },
    /// The story, to be saved as a file. Answer: [`Answer::File`], or trouble `confidential-inside` with the number of the
    /// confidential sources that would be in it (`json` and `automerge`).
    Export {
        /// Of which edition.
        edition: EditionId,
        /// `html`, `markdown`, `csl-json`, `json` or `automerge`.
        format: String,
        /// The person knows what is in it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sure: bool,
    },
    /// One encrypted file of all that is on this device. Answer: [`Answer::File`].
    Backup {
        /// The passphrase.
        passphrase: String,
        /// Secrets of the page that go with it (the release keys), opaque to the engine.
        page: String,
    },
    /// Bring a backup back. Answer: [`Answer::Restored`].
    Restore {
        /// The file, base64.
        bytes: String,
        /// The passphrase.
        passphrase: String,
    },
    /// Who is in, what one may do with each, and one's own words that do not count. Answer: [`Answer::Who`].
    Who,
    /// Take a member out, or oneself. It cannot be taken back. Answer: [`Answer::Done`].
    RemoveMember {
        /// Their id.
        member: String,
    },
    /// Give a member another role. Answer: [`Answer::Done`].
    GiveRole {
        /// Their id.
        member: String,
        /// The role's name.
        role: String,
    },
    /// Take a device out. Answer: [`Answer::Done`].
    RemoveDevice {
        /// Its key, in hex.
        device: String,
    },
    /// Vote that an outlet goes. Answer: [`Answer::Done`].
    Expel {
        /// Its id.
        outlet: String,
    },
    /// Give all who are in a new key: an editor, when the old one may be in other hands. Answer: [`Answer::Done`].
    NewKey,
    /// Leave with one's outlet. Answer: [`Answer::Done`].
    Part,
    /// Let what a member has written count that is left aside. Answer: [`Answer::Done`].
    Adopt {
        /// Their id.
        member: String,
    },
    /// Delete words of one's own that do not count. Answer: [`Answer::Done`].
    DropWords {
        /// Their key: [`OwnWords::key`].
        key: String,
    },
    /// Write down at once what was typed: the page may be gone soon. Answer: [`Answer::Done`], when it is on its way to the
    /// disk.
    Save,
    /// Delete keys and drafts of this device. Answer: [`Answer::Left`].
    Leave,
}

/// What an ask is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Done; events show what changed.
    Done,
    /// What this device has.
    Device {
        /// Investigations, with their titles.
        investigations: Vec<Listed>,
        /// Joins that wait for an editor.
        joining: Vec<Joining>,
    },
    /// In an investigation.
    Entered {
        /// Its id.
        investigation: String,
    },
    /// What an invitation says.
    Invite {
        /// Outlet that it is for.
        outlet: String,
        /// Role.
        role: String,
        /// Working title of the investigation, as the inviter wrote it.
        title: String,
        /// When it ends, RFC 3339.
        expires: String,
        /// Whether the outlet is new, so that its card is asked for.
        new_outlet: bool,
        /// The name of whoever adds this device to their own; empty where the invitation lets somebody in.
        #[serde(default)]
        member: String,
    },
    /// Waiting for an editor.
    Joining(Joining),
    /// An invitation, to be sent over a safe channel.
    Invitation {
        /// The fragment that goes behind `#` of a desk's address.
        fragment: String,
        /// When it ends, RFC 3339.
        expires: String,
    },
    /// A new story.
    Story {
        /// Its id.
        story: String,
    },
    /// What an import brought.
    Imported {
        /// Blocks.
        blocks: u32,
        /// Citations made from notes.
        citations: u32,
        /// Sources, new ones.
        sources: u32,
        /// What could not be kept, a sentence each.
        left_out: Vec<String>,
    },
    /// A source was saved.
    Source {
        /// Its id.
        id: String,
    },
    /// Something was made.
    Made {
        /// Its id.
        id: String,
    },
    /// A file.
    File {
        /// A name for saving.
        name: String,
        /// Media type.
        media: String,
        /// The bytes, base64.
        bytes: String,
    },
    /// A release to be looked at before signing.
    Review(Box<Review>),
    /// A release's folder.
    Folder {
        /// Hash of the release.
        release: String,
        /// Servers to write to.
        servers: Vec<Server>,
        /// The files in the order in which they must be written.
        files: Vec<OutFile>,
    },
    /// Who is in.
    Who(Box<WhoView>),
    /// A backup is back.
    Restored {
        /// What the page put in.
        page: String,
        /// Investigations that are here now.
        investigations: Vec<Listed>,
    },
    /// Left.
    Left {
        /// What could not be deleted.
        remains: Vec<Trouble>,
    },
}

/// A file to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutFile {
    /// Path below the server's `/r/`.
    pub path: String,
    /// Media type.
    pub media: String,
    /// The bytes, base64.
    pub bytes: String,
}

/// An investigation of this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its working title.
    pub title: String,
    /// One's outlet in it.
    pub outlet: String,
    /// How many changes of this device no server has yet.
    #[serde(default)]
    pub unsent: u32,
}

/// A join that waits for an editor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Title as the invitation wrote it.
    pub title: String,
    /// The short code that both read to each other.
    pub code: String,
}

/// What an outlet tells of itself when it founds or joins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutletCard {
    /// A short id made from the name: `a-z`, `0-9`, `-`.
    pub id: String,
    /// Its name as readers know it.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Public release keys, at least two, as the masthead writes them (base64url of 32 bytes).
    pub keys: Vec<String>,
    /// The freshness key of its server (`/.well-known/komuz.json`), written alike; empty for an outlet without a server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub freshness: String,
}

/// A komuz server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its origin: `https://desk.outlet.example`, no slash at the end.
    pub url: String,
    /// The operator's ticket, for those who may open logs there; never sent to other members.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ticket: String,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// An editor has confirmed a join.
    Entered {
        /// The investigation.
        investigation: String,
    },
    /// A join came to nothing: an editor turned it down, or the invitation ended first.
    JoinEnded {
        /// The code that it showed.
        code: String,
        /// Why.
        trouble: Trouble,
    },
    /// The open investigation.
    Investigation(Box<InvestigationView>),
    /// An edition was opened: the document to start from, with nothing sent and its `batch` taken.
    Page {
        /// Which.
        edition: EditionId,
        /// The document's number among the batches: no other document nor batch has it.
        batch: u64,
        /// ProseMirror document as JSON.
        doc: Value,
    },
    /// The engine does not know the page's document: it wants [`Ask::Whole`], and makes no batches until then.
    Lost {
        /// Of which edition.
        edition: EditionId,
    },
    /// Steps from the page's document to the merged one.
    Batch {
        /// Of which edition.
        edition: EditionId,
        /// The page's `seq` that they are made on.
        seq: u64,
        /// This batch's number.
        batch: u64,
        /// ProseMirror steps as JSON.
        steps: Vec<Value>,
        /// Where to put the cursor (after undo or redo).
        selection: Option<(u32, u32)>,
    },
    /// The open edition, but for its text.
    Edition(Box<EditionView>),
    /// Others' cursors, in positions of the page's document as of the last batch sent.
    People {
        /// Of which edition.
        edition: EditionId,
        /// The others.
        people: Vec<Person>,
    },
    /// Saving and sending.
    State(StateView),
    /// What the newsrooms know of the watched edition, and what the checks found.
    Dossier {
        /// JSON of an object with `edition`, `today` (`YYYY-MM-DD`), `me`, `dossier` (`komuz_dossier::Dossier`) and `findings`, or with `failed`: for the
        /// panel, which is Wasm of its own, so that neither page nor engine carries its types.
        shown: String,
    },
}

/// Where words are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateView {
    /// Everything typed is on this device's disk.
    pub saved: bool,
    /// Why not, when saving failed or the engine has stopped.
    pub save_trouble: Option<Trouble>,
    /// Envelopes that no server has acknowledged.
    pub unsent: u32,
    /// The servers.
    pub servers: Vec<ServerView>,
    /// What was refused on admission or left aside.
    pub refused: Vec<Trouble>,
    /// Why nothing can be written in the open investigation, what was typed included: one is in no more, or Komuz is too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Trouble>,
}

/// One server's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerView {
    /// Its origin.
    pub url: String,
    /// Connected and past the challenge.
    pub reached: bool,
    /// All that we have is there, and all that is there is here.
    pub in_sync: bool,
}

/// The open investigation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InvestigationView {
    /// Its id.
    pub id: String,
    /// Its working title.
    pub title: String,
    /// One's member id.
    pub me: String,
    /// One's outlet.
    pub my_outlet: String,
    /// One's role.
    pub role: String,
    /// Outlets in the order in which they came; their strings' colours follow it.
    pub outlets: Vec<OutletCard>,
    /// Members.
    pub members: Vec<MemberView>,
    /// People who used an invitation and wait.
    pub requests: Vec<JoinRequest>,
    /// Stories, those of the series first, in its order.
    pub stories: Vec<StoryView>,
    /// The register of sources.
    pub sources: Vec<Source>,
    /// Servers.
    pub servers: Vec<Server>,
    /// Fingerprint that embeds pin, once there is a signed masthead.
    pub fingerprint: Option<String>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// Id.
    pub id: String,
    /// Name among the members.
    pub name: String,
    /// Outlet's id.
    pub outlet: String,
    /// Role.
    pub role: String,
}

/// Who is in, what one may do with each, and one's own words that do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoView {
    /// One's member id.
    pub me: String,
    /// One was taken out: all is here to read, and nothing more is sent.
    pub out: bool,
    /// One may leave with one's outlet: one is its first editor.
    pub may_part: bool,
    /// Outlets in the order in which they came.
    pub outlets: Vec<WhoOutlet>,
    /// Members in the order in which they came.
    pub members: Vec<WhoMember>,
    /// Those who are in no more and of whom something is left aside here.
    pub gone: Vec<WhoMember>,
    /// Invitations of this device that somebody may still use.
    pub invites: Vec<WhoInvite>,
    /// Devices that ask to be one's own.
    pub requests: Vec<JoinRequest>,
    /// One's own words that do not count and that one may not enter again.
    pub words: Vec<OwnWords>,
}

/// An outlet that is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoOutlet {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// One may vote that it goes.
    pub may_expel: bool,
    /// Names of the outlets that have voted so.
    pub voted: Vec<String>,
}

/// A member who is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoMember {
    /// Id.
    pub id: String,
    /// Name among the members.
    pub name: String,
    /// Outlet's id.
    pub outlet: String,
    /// Role.
    pub role: String,
    /// How many pieces of theirs are left aside here.
    pub aside: u32,
    /// One may take them out, give them a role and let count what is left aside.
    pub mine: bool,
    /// Their devices in the order in which they came; of who is out none.
    pub devices: Vec<WhoDevice>,
}

/// A device of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoDevice {
    /// Its key, in hex: for [`Ask::RemoveDevice`].
    pub id: String,
    /// Eight digits of it, by which people tell devices apart.
    pub code: String,
    /// It is this one.
    pub here: bool,
}

/// An invitation of this device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoInvite {
    /// For [`Ask::Revoke`].
    pub id: String,
    /// Name of the outlet.
    pub outlet: String,
    /// Role.
    pub role: String,
    /// When it ends, RFC 3339.
    pub expires: String,
    /// It is for one more device of one's own.
    pub is_device: bool,
    /// What goes behind `#` of a desk's address, as it was when it was made.
    pub fragment: String,
}

/// Words of one's own that do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnWords {
    /// For [`Ask::DropWords`].
    pub key: String,
    /// The edition that they were written in, where it is one's text.
    pub edition: Option<EditionId>,
    /// A paragraph, headline or comment each.
    pub texts: Vec<String>,
}

/// Somebody who used an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Id.
    pub id: String,
    /// Name that they gave.
    pub name: String,
    /// Outlet's card.
    pub outlet: OutletCard,
    /// Role of the invitation.
    pub role: String,
    /// The short code to compare.
    pub code: String,
}

/// A story in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryView {
    /// Id.
    pub id: String,
    /// Its place in the series; 0 for a story that is no part of it.
    #[serde(default)]
    pub part: u64,
    /// Its editions.
    pub editions: Vec<EditionLine>,
}

/// An edition in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionLine {
    /// BCP 47 tag.
    pub lang: String,
    /// Headline.
    pub headline: String,
    /// Words in the text.
    pub words: u32,
    /// How far it is with signing.
    pub signing: Signing,
}

/// How far an edition is with signing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signing {
    /// Outlets (ids) whose signature of the current proposal counts.
    pub signed: Vec<String>,
    /// Outlets whose signature a later edit has left behind.
    pub moved: Vec<String>,
    /// Outlets that signed what the text says, but each another proposal, before they heard of each other: the first one's
    /// desk proposes it anew, and all their desks sign that by themselves.
    #[serde(default)]
    pub apart: Vec<String>,
    /// Hash of the proposed release.
    pub proposal: Option<String>,
    /// Every outlet has signed: it can be published.
    pub complete: bool,
    /// Number of the last published release, 0 before the first.
    pub published: u64,
    /// Hash of it.
    pub published_release: Option<String>,
    /// The words that moved since the proposal.
    pub changes: Vec<Change>,
}

/// A change between two releases, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where: `headline`, `summary`, `byline`, `sources`, or a block's id.
    pub place: String,
    /// The words around it, so that a person finds it.
    pub context: String,
    /// Words that went.
    pub old: String,
    /// Words that came.
    pub new: String,
}

/// The open edition, but for its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditionView {
    /// Which.
    pub edition: EditionId,
    /// Headline.
    pub headline: String,
    /// Summary.
    pub summary: String,
    /// Byline.
    pub byline: Vec<Byline>,
    /// Citations in the order of their notes; their text carries the mark `anchor` with the same id.
    pub citations: Vec<CitationView>,
    /// Threads in the order of the text; their text carries the mark `anchor` with the same id.
    pub threads: Vec<ThreadView>,
    /// Words in the text.
    pub words: u32,
    /// Undo is possible.
    pub can_undo: bool,
    /// Redo is possible.
    pub can_redo: bool,
    /// Signing.
    pub signing: Signing,
}

/// A citation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitationView {
    /// Id.
    pub id: String,
    /// The note's number; equal for citations of one source at one locator, none while its text is gone.
    pub number: Option<u32>,
    /// Source's id.
    pub source: String,
    /// Locator.
    pub locator: String,
    /// Quotation.
    pub quote: String,
    /// The words it stands on.
    pub text: String,
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// Id.
    pub id: String,
    /// The words it is about; empty when they are gone.
    pub text: String,
    /// Resolved.
    pub resolved: bool,
    /// What was said.
    pub comments: Vec<CommentView>,
}

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// Member's id.
    pub member: String,
    /// Member's name.
    pub name: String,
    /// Outlet's id.
    pub outlet: String,
    /// What was said.
    pub text: String,
    /// When, RFC 3339, by the writer's clock.
    pub at: String,
}

/// Somebody else in the open edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id of their session.
    pub session: String,
    /// Name.
    pub name: String,
    /// Outlet's id.
    pub outlet: String,
    /// Fixed and moving end of their selection in the page's positions.
    pub selection: Option<(u32, u32)>,
}

/// A release before signing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Of which edition.
    pub edition: EditionId,
    /// Hash of its canonical bytes; empty when no release can be made of the text as it stands (see `obstacles`).
    pub release: String,
    /// The canonical bytes themselves: shown with the reader's own components. Empty as `release` is.
    pub json: String,
    /// Its number.
    pub number: u64,
    /// Whether this release is already proposed (by whom: outlets that signed).
    pub signed: Vec<String>,
    /// One's outlet has signed the same already, under another number and at another time.
    #[serde(default)]
    pub again: bool,
    /// What changed since one's outlet's last signature; everything when there is none.
    pub since_mine: Vec<Change>,
    /// What readers will be shown as corrected, against the published release.
    pub correction: Vec<Change>,
    /// What must be signed, each the exact JWS signing input (ASCII) with a label.
    pub to_sign: Vec<ToSign>,
    /// Why it cannot be signed yet (an outlet without two keys, a missing file, a citation without its text).
    pub obstacles: Vec<Trouble>,
}

/// Something to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSign {
    /// `masthead`, `release` or `latest`.
    pub what: String,
    /// JWS signing input: base64url(protected header) `.` base64url(payload).
    pub input: String,
}
