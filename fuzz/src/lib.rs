//! What is fuzzed: each function takes any bytes, must not panic, and says whether its parser took them. What is taken is
//! checked further: it is written and read back equal.

use std::sync::LazyLock;

use komuz_core::admission::{Binding, Gate, Verdict};
use komuz_core::body::Body;
use komuz_core::document::{DocKind, Document};
use komuz_core::page::Step;
use komuz_core::page::json::read_page;
use komuz_dossier::checker::Checker;
use komuz_dossier::policy::Policy;
use komuz_dossier::recorded::Recorded;
use komuz_dossier::{Dossier, Known, claim, edition, entity, reply, source};
use komuz_import::{DEFAULT_LIMIT, export_json, export_markdown, import};
use komuz_release::canonical::sha256_hex;
use komuz_release::csl as sources;
use komuz_release::jws::{General, Typ};
use komuz_release::latest::Latest;
use komuz_release::masthead::Chain;
use komuz_release::release::Release;
use komuz_sync::frame::{ClientFrame, RelayFrame};
use komuz_sync::seal::blob::{Blob, log_of};
use komuz_sync::seal::bytes::{Digest, MemberId, PublicKey};
use komuz_sync::seal::charter::{Charter, Entry, Role};
use komuz_sync::seal::derive::LogKeys;
use komuz_sync::seal::doc::DocId;
use komuz_sync::seal::envelope::Statement;
use komuz_sync::seal::epoch::EpochKey;
use komuz_sync::seal::invite::{DoorMessage, Invite, Terms};
use komuz_sync::seal::presence::Presence;
use komuz_sync::seal::snapshot::{Announcement, Snapshot};
use serde_json::{Map, Value, json};

/// A parser under test.
pub type Target = fn(&[u8]) -> bool;

/// All of them by name; their cases lie in `fuzz/corpus/<name>/`.
pub const TARGETS: [(&str, Target); 24] = [
    ("import_html", import_html),
    ("import_markdown", import_markdown),
    ("import_json", import_json),
    ("csl", csl),
    ("step_json", step_json),
    ("change_chunk", change_chunk),
    ("saved_document", saved_document),
    ("client_frame", client_frame),
    ("relay_frame", relay_frame),
    ("envelope", envelope),
    ("statement", statement),
    ("charter_entry", charter_entry),
    ("invite", invite),
    ("door_message", door_message),
    ("release", release),
    ("masthead", masthead),
    ("latest", latest),
    ("backup", backup),
    ("presence", presence),
    ("blob", blob),
    ("blob_chunk", blob_chunk),
    ("snapshot", snapshot),
    ("announcement", announcement),
    ("dossier", dossier),
];

/// The masthead that the cases of `masthead` are under: that of the fixture of `crates/release`'s tests.
pub const FINGERPRINT: &str = "8a76cf7753e342c7e27f8c090796aeff173a3007032eb89baa6366e83af1d520";

/// The device and the session that the cases of `change_chunk` are written by.
pub const WRITER: (&[u8], &[u8]) = (b"device", b"session");

/// The passphrase of the cases of `backup`.
pub const PASSPHRASE: &str = "three strings, one tune";

/// The log that the cases of `envelope`, `statement` and `presence` are of.
pub fn log() -> LogKeys {
    LogKeys::of_document(&EpochKey::from_secret([1; 32]), &DocId::Registers)
}

/// The invitation at whose door the cases of `door_message` are.
pub fn door() -> Invite {
    Invite::new(terms(), 0, &mut |bytes| bytes.fill(7))
}

/// One for a further device of a member.
pub fn device_door() -> Invite {
    let terms = Terms {
        member: Some((MemberId([5; 16]), "Ada".to_owned())),
        ..terms()
    };
    Invite::new(terms, 0, &mut |bytes| bytes.fill(8))
}

fn terms() -> Terms {
    Terms {
        charter: Digest([1; 32]),
        inviter: PublicKey([2; 32]),
        relay: "https://desk.outlet.example".to_owned(),
        outlet: Some("outlet".to_owned()),
        outlet_name: "Outlet".to_owned(),
        role: Role::Writer,
        title: "A title".to_owned(),
        member: None,
    }
}

/// A document of any kind; what comes out is read back from its own JSON.
fn document(name: &str, data: &[u8]) -> bool {
    let Ok(mut read) = import(name, data, DEFAULT_LIMIT) else {
        return false;
    };
    let story = &mut read.story;
    // Markdown may cite what only another file has.
    let known: Vec<String> = story.sources.iter().map(|source| source.id.clone()).collect();
    story.citations.retain(|citation| known.contains(&citation.source));
    let again = import("story.json", export_json(story).as_bytes(), usize::MAX);
    assert_eq!(again.map(|read| read.story).as_ref(), Ok(&*story));
    let _ = import("story.md", export_markdown(story).as_bytes(), usize::MAX);
    true
}

/// HTML, such as a word processor's.
pub fn import_html(data: &[u8]) -> bool {
    document("story.html", data)
}

/// Markdown.
pub fn import_markdown(data: &[u8]) -> bool {
    document("story.md", data)
}

/// A story's JSON, or CSL-JSON.
pub fn import_json(data: &[u8]) -> bool {
    document("story.json", data)
}

/// CSL-JSON, as people paste it.
pub fn csl(data: &[u8]) -> bool {
    let Some(read) = text(data).and_then(|text| sources::parse(text).ok()) else {
        return false;
    };
    let written = serde_json::to_string(&read).expect("plain values are written");
    assert_eq!(sources::parse(&written).as_ref(), Ok(&read));
    true
}

/// A step of the page's editor.
pub fn step_json(data: &[u8]) -> bool {
    let Some(step) = json(data).and_then(|value| Step::read(&value).ok()) else {
        return false;
    };
    assert_eq!(Step::read(&step.write()).as_ref(), Ok(&step));
    let page = json!({"type": "doc", "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "Тоо 👩🏽‍⚖️"}]}, {"type": "rule"}]});
    let page = read_page(&page).expect("a page");
    // A step that does not fit is refused.
    let _ = step.apply(&page);
    true
}

/// A change of Automerge's, as an envelope brings it: admission, then the document.
pub fn change_chunk(data: &[u8]) -> bool {
    let binding = Binding {
        device: WRITER.0.to_vec(),
        session: WRITER.1.to_vec(),
        kind: DocKind::Body,
    };
    let Verdict::Apply(changes) = Gate::new(DocKind::Body).admit(&binding, data) else {
        return false;
    };
    let mut document = Document::new(DocKind::Body, &[9; 16]);
    document
        .apply(changes)
        .expect("admission lets nothing through that Automerge refuses");
    let saved = document.save();
    assert!(
        Document::load(DocKind::Body, &saved, &[9; 16]).is_ok(),
        "what was admitted can be loaded"
    );
    true
}

/// A saved document, as admission reads what it knows of it. Only the bytes of [`known_document`] are taken.
pub fn saved_document(data: &[u8]) -> bool {
    static KNOWN: LazyLock<Document> = LazyLock::new(known_document);
    // Under its own checksum the fuzzer would not come far.
    let mut head = vec![0];
    let mut length = data.len();
    while length > 0x7f {
        head.push(length as u8 | 0x80);
        length >>= 7;
    }
    head.push(length as u8);
    let summed = [&head, data].concat();
    let checksum = u32::from_str_radix(&sha256_hex(&summed)[..8], 16).expect("hexadecimal");
    let saved = [&[0x85, 0x6f, 0x4a, 0x83][..], &checksum.to_be_bytes(), &summed].concat();
    let _ = Gate::read(&KNOWN, &saved);
    let Some(read) = Gate::read(&KNOWN, data) else {
        return false;
    };
    assert!(
        read.is_like(&KNOWN, &Gate::of(&KNOWN)),
        "the gate that was read knows the same"
    );
    true
}

/// The document of the cases of `saved_document`.
pub fn known_document() -> Document {
    let text = "# A story\n\nWith *some* **words**, and a [link](https://outlet.example).\n\n- an item\n";
    let story = import("story.md", text.as_bytes(), DEFAULT_LIMIT)
        .expect("a story")
        .story;
    let (mut document, mut body) = Body::from_story(&story, &[1; 16]).expect("a document");
    body.append_story(&mut document, &story).expect("written on");
    document
}

/// What a client says to a relay.
pub fn client_frame(data: &[u8]) -> bool {
    let read = ClientFrame::decode(data);
    if let Ok(frame) = &read {
        assert_eq!(frame.encode(), data, "one spelling for each frame");
    }
    read.is_ok()
}

/// What a relay says to a client.
pub fn relay_frame(data: &[u8]) -> bool {
    let read = RelayFrame::decode(data);
    if let Ok(frame) = &read {
        assert_eq!(frame.encode(), data, "one spelling for each frame");
    }
    read.is_ok()
}

/// A sealed envelope.
pub fn envelope(data: &[u8]) -> bool {
    Statement::open(data, &log()).is_ok()
}

/// What is under an envelope's seal: whoever has the log's key can write there what they want.
pub fn statement(data: &[u8]) -> bool {
    Statement::under_seal(data, &log()).is_ok()
}

/// An entry of the charter, or the body of one: everybody may sign what they want.
pub fn charter_entry(data: &[u8]) -> bool {
    if let Ok(entry) = Entry::from_body(data) {
        assert_eq!(entry.to_body(), data, "one spelling for each body");
        return true;
    }
    let Ok((id, _)) = Entry::open(data) else { return false };
    let _ = Charter::expecting(id).insert(data);
    true
}

/// An invitation: its text, or its bytes.
pub fn invite(data: &[u8]) -> bool {
    if let Some(read) = text(data).and_then(|text| Invite::from_text(text).ok()) {
        assert_eq!(Invite::from_text(&read.to_text()).as_ref(), Ok(&read));
        return true;
    }
    let read = Invite::from_bytes(data);
    if let Ok(invite) = &read {
        assert_eq!(&invite.to_bytes()[..], data, "one spelling for each invitation");
    }
    read.is_ok()
}

/// What lies at an invitation's door.
pub fn door_message(data: &[u8]) -> bool {
    DoorMessage::open(data, &door()).is_ok()
}

/// A release.
pub fn release(data: &[u8]) -> bool {
    let Ok(read) = Release::parse(data) else { return false };
    assert_eq!(read.to_bytes().as_deref(), Ok(data), "one spelling for each release");
    true
}

/// A chain of mastheads.
pub fn masthead(data: &[u8]) -> bool {
    Chain::verify(data, FINGERPRINT).is_ok()
}

/// The pointer to the newest release.
pub fn latest(data: &[u8]) -> bool {
    let signed = General::parse(data).and_then(|general| general.verify(Typ::Latest));
    signed.is_ok_and(|jws| Latest::parse(&jws.payload).is_ok())
}

/// A backup file.
pub fn backup(data: &[u8]) -> bool {
    komuz_sync::seal::backup::open(data, PASSPHRASE).is_ok()
}

/// Presence, sealed or what is under its seal.
pub fn presence(data: &[u8]) -> bool {
    let log = log();
    Presence::open(data, &log).is_some() || Presence::under_seal(data, &log).is_some()
}

/// The name of a blob, as a document has it.
pub fn blob(data: &[u8]) -> bool {
    let Ok(blob) = Blob::read(data) else { return false };
    assert_eq!(blob.to_bytes(), data);
    // Rubbish is in none of its places.
    assert!((0..=blob.chunks.len()).all(|index| blob.open(index, data, &log()).is_err()));
    true
}

/// The bytes of the blob that the cases of `blob_chunk` are of.
pub const BLOB: &[u8] = b"a picture";

/// A chunk of a blob, as a relay brings it.
pub fn blob_chunk(data: &[u8]) -> bool {
    let log = log_of(&EpochKey::from_secret([1; 32]));
    let (blob, _) = Blob::seal(BLOB, &log).expect("small enough");
    blob.join([data], &log).is_ok_and(|bytes| bytes == BLOB)
}

/// A whole document as a member has put it together.
pub fn snapshot(data: &[u8]) -> bool {
    let Ok(snapshot) = Snapshot::from_bytes(data) else {
        return false;
    };
    assert_eq!(snapshot.to_bytes(), data);
    true
}

/// What tells of one.
pub fn announcement(data: &[u8]) -> bool {
    let Ok(announcement) = Announcement::from_bytes(data) else {
        return false;
    };
    assert_eq!(announcement.to_bytes(), data);
    true
}

/// What the newsrooms know of a story, or a policy. What was read is written, read back and checked; the same JSON as the
/// members of records in documents is read as far as it goes.
pub fn dossier(data: &[u8]) -> bool {
    let Some(value) = json(data) else { return false };
    if let Some(object) = value.as_object() {
        records(object);
        // As a document has it: members by their paths.
        records(&komuz_core::records::together(&object.clone().into_iter().collect()));
    }
    let Ok(known) = Known::read(&value, "dossier") else {
        return Policy::read(data).is_ok();
    };
    let written = serde_json::to_value(&known).expect("plain values are written");
    assert_eq!(Known::read(&written, "dossier").as_ref(), Ok(&known));
    let story = json!({"komuz": 1, "lang": "en", "headline": "H", "blocks": [
        {"id": "b-1", "type": "paragraph", "text": [{"text": "He owned the bank. Тоо 👩🏽‍⚖️"}]}, {"id": "b-2", "type": "rule"}]});
    let story = serde_json::from_value(story).expect("a story");
    let _ = Checker::new(Dossier { story, dossier: known }, "2019-11-21").findings();
    true
}

fn records(object: &Map<String, Value>) {
    macro_rules! read {
        ($($type:ty,)+) => {$(
            let read = <$type>::recorded(object);
            let written = serde_json::to_value(&read).expect("plain values are written");
            let written = written.as_object().expect("a record is an object");
            assert_eq!(<$type>::recorded(written), read, "what was read comes back");
        )+};
    }
    read!(
        source::Record,
        source::Confidential,
        claim::Claim,
        claim::Answered,
        claim::Backed,
        entity::Entity,
        reply::Reply,
        edition::Link,
        edition::Front,
        Policy,
    );
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}
