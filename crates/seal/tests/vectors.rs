//! The vectors in `tests/vectors/` at the top of the repository: what another writer of these formats has to come to, byte for
//! byte. A change here is a change of a format.

#[path = "common/dice.rs"]
mod dice;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "common/house.rs"]
mod house;

use std::path::{Path, PathBuf};

use dice::dice;
use house::*;
use komuz_seal::blob::{Blob, CHUNK, log_of};
use komuz_seal::bytes::{Chain, Digest, EpochId, MemberId, PublicKey, Start, from_hex, to_hex};
use komuz_seal::charter::{Act, Charter, Entry, Role, entry_id};
use komuz_seal::derive::{LogKeys, append_key};
use komuz_seal::device::Device;
use komuz_seal::doc::DocId;
use komuz_seal::editors::EditorsSecret;
use komuz_seal::envelope::{Kind, NO_PREVIOUS, Statement, envelope_id};
use komuz_seal::epoch::EpochKey;
use komuz_seal::invite::{DeviceRequest, DoorMessage, Invite, Terms};
use komuz_seal::snapshot::{Announcement, Place, Snapshot, Track};
use serde_json::{Value, json};

/// All devices of the vectors: 64 secret bytes, of which the first 32 sign.
const DEVICES: [u8; 9] = [0, 1, 3, 10, 11, 13, 20, 30, 60];

fn a_device(number: u8) -> Value {
    let device = device(number);
    json!({
        "number": number,
        "secret": to_hex(&*device.to_secret()),
        "sign": device.card().sign.to_hex(),
        "seal": device.card().seal.to_hex(),
    })
}

fn next_key() -> EpochKey {
    EpochKey::from_secret([0x22; 32])
}

fn next_secret() -> EditorsSecret {
    EditorsSecret::from_secret([0x33; 32])
}

/// Every act, once at least, each with right.
fn charter() -> Value {
    let mut desk = Desk::founded();
    for (number, id) in [(10, "beta"), (20, "gamma"), (30, "delta")] {
        desk.joins(0, number, id);
    }
    desk.adds(0, 1, "alpha", Role::Editor);
    desk.adds(0, 3, "alpha", Role::Writer);
    desk.adds(10, 11, "beta", Role::Editor);
    desk.adds(10, 13, "beta", Role::Observer);
    let act = desk.device_added(3, 60);
    desk.says(3, act);
    let (_, bytes) = desk
        .charter
        .rotate(&device(1), &next_key(), &next_secret(), &[first_key()], &mut dice(9))
        .expect("an editor rotates");
    desk.said.push(bytes);
    desk.says(
        60,
        Act::DeviceRemoved {
            device: device(3).id(),
            cuts: cut(3, 4),
        },
    );
    let act = desk.role_changed(1, Role::Reviewer);
    desk.says(0, act);
    let act = desk.removed_at(3, cut(60, 2));
    desk.says(0, act);
    desk.says(0, Act::Extended { cuts: cut(60, 3) });
    for number in [0, 10, 20] {
        desk.says(number, expelled("delta"));
    }
    desk.says(
        10,
        Act::Parted {
            outlet: "beta".into(),
            cuts: cut(11, 1),
        },
    );
    let entries: Vec<Value> = desk
        .said
        .iter()
        .map(|bytes| {
            let (id, entry) = Entry::open(bytes).expect("an entry");
            let act = format!("{:?}", entry.act);
            let act = act.split([' ', '(']).next().unwrap_or_default();
            json!({"act": act, "author": entry.author.to_hex(), "id": id.to_hex(), "bytes": to_hex(bytes)})
        })
        .collect();
    let members: Vec<Value> = desk
        .charter
        .members()
        .iter()
        .map(|card| json!({"id": card.id.to_hex(), "name": card.name, "outlet": card.outlet, "role": card.role.name()}))
        .collect();
    let epochs: Vec<Value> = desk
        .charter
        .epochs()
        .iter()
        .map(|epoch| json!({"entry": epoch.entry.to_hex(), "epoch": epoch.epoch.to_hex(), "tight": epoch.is_tight}))
        .collect();
    json!({
        "what": "An investigation's charter: entries in an order in which they can be taken, and what comes of all of them.",
        "devices": DEVICES.map(a_device),
        "founding epoch key": to_hex(first_key().secret()),
        "next epoch key": to_hex(next_key().secret()),
        "next editors' secret": to_hex(next_secret().secret()),
        "entries": entries,
        "members": members,
        "outlets": desk.outlets(),
        "epochs": epochs,
    })
}

/// What a device opens.
fn wraps() -> Value {
    let (key, entry) = (next_key(), Digest([5; 32]));
    let welcome = key.wrap(&entry, &device(3).card(), &mut dice(4)).expect("sealed");
    let locked = key.lock_previous(&first_key(), &mut dice(5));
    let charter = Digest([6; 32]);
    let seed = next_secret().append_seed(&charter, &key.id(), &device(3).id());
    json!({
        "what": "Keys of epochs on their way. The wraps of a rotation are in charter.json.",
        "device": a_device(3),
        "epoch key": to_hex(key.secret()),
        "epoch": key.id().to_hex(),
        "welcome": {"entry": entry.to_hex(), "wrapped": to_hex(&welcome)},
        "previous": {"key": to_hex(first_key().secret()), "epoch": first_key().id().to_hex(), "locked": to_hex(&locked)},
        "editors": {
            "charter": charter.to_hex(),
            "secret": to_hex(next_secret().secret()),
            "registrar": next_secret().registrar(&charter, &key.id()).public().to_hex(),
            "append seed": to_hex(&*seed),
        },
    })
}

/// Logs of an epoch, and the door of an invitation.
fn logs() -> Value {
    let key = next_key();
    let mut docs = vec![
        DocId::Charter,
        DocId::Registers,
        body(),
        notes(),
        DocId::Files,
        DocId::Blobs,
    ];
    docs.push(DocId::SignOffs {
        story: "story".into(),
        lang: "ky".into(),
    });
    let log = |keys: &LogKeys| {
        json!({
            "name": keys.id.to_hex(),
            "epoch": keys.epoch.to_hex(),
            "reader": keys.reader.public().to_hex(),
            "registrar": keys.registrar.public().to_hex(),
        })
    };
    let documents: Vec<Value> = docs
        .iter()
        .map(|doc| json!({"document": to_hex(&doc.to_bytes()), "log": log(&LogKeys::of_document(&key, doc))}))
        .collect();
    json!({
        "what": "Names of logs, and public halves of the keys to them.",
        "epoch key": to_hex(key.secret()),
        "documents": documents,
        "append": {"device": a_device(3), "key": append_key(&device(3), &key.id()).public().to_hex()},
        "door": {"secret": to_hex(&[9; 16]), "log": log(&LogKeys::of_door(&[9; 16]))},
    })
}

fn statement() -> Statement {
    Statement {
        kind: Kind::Changes,
        device: device(3).id(),
        start: Start([1; 16]),
        counter: 1,
        previous: NO_PREVIOUS,
        charter: vec![Digest([5; 32])],
        last: vec![Digest([6; 32])],
        payloads: vec![b"a payload".to_vec(), Vec::new()],
    }
}

fn envelope() -> Value {
    let keys = LogKeys::of_document(&next_key(), &body());
    let sealed = statement().seal(&device(3), &keys, &mut dice(6)).expect("sealed");
    json!({
        "what": "An envelope: changes of a document, in the epoch and the log of this document.",
        "epoch key": to_hex(next_key().secret()),
        "document": to_hex(&body().to_bytes()),
        "device": a_device(3),
        "start": to_hex(&statement().start.0),
        "counter": 1,
        "charter": [to_hex(&[5; 32])],
        "last": [to_hex(&[6; 32])],
        "payloads": statement().payloads.iter().map(|payload| to_hex(payload)).collect::<Vec<_>>(),
        "id": envelope_id(&sealed).to_hex(),
        "sealed": to_hex(&sealed),
    })
}

fn invite() -> Value {
    let terms = Terms {
        charter: Digest([6; 32]),
        inviter: PublicKey([2; 32]),
        relay: "https://desk.alpha.example".into(),
        outlet: Some("alpha".into()),
        outlet_name: "Alpha".into(),
        role: Role::Writer,
        title: "Samaragate".into(),
        member: None,
    };
    let further = Terms {
        member: Some((MemberId([8; 16]), "Ada".into())),
        ..terms.clone()
    };
    let invite = Invite::new(terms, 1_000, &mut dice(7));
    let further = Invite::new(further, 1_000, &mut dice(8));
    let asks = DeviceRequest::new(&further, &device(3)).expect("it is for a device");
    json!({
        "what": "An invitation's text, and what both sides of it compute; and one for a further device of a member, with what that device asks.",
        "text": invite.to_text(),
        "id": invite.id().to_hex(),
        "door": invite.door().id.to_hex(),
        "code with device 3": invite.code(&device(3).card()),
        "device": {
            "text": further.to_text(),
            "member": to_hex(&[8; 16]),
            "consent of device 3": asks.consent.to_hex(),
            "request": to_hex(&DoorMessage::Device(asks).seal(&further, &device(3), &mut dice(9))),
        },
    })
}

/// One byte more than a chunk holds, so that there are two.
fn large() -> Vec<u8> {
    (0..=CHUNK).map(|at| (at % 251) as u8).collect()
}

fn blob() -> Value {
    let log = log_of(&next_key());
    let sealed = |bytes: &[u8]| Blob::seal(bytes, &log).expect("sealed");
    let (small, chunks) = sealed(b"a picture");
    let (large, _) = sealed(&large());
    let name = |blob: &Blob| {
        json!({
            "sha256": blob.sha256.to_hex(),
            "size": blob.size,
            "chunks": blob.chunks.iter().map(|id| id.to_hex()).collect::<Vec<_>>(),
            "name": to_hex(&blob.to_bytes()),
        })
    };
    json!({
        "what": "Blobs in an epoch: their names, and the one chunk of the small one. The large one has 131031 bytes, each its place modulo 251.",
        "epoch key": to_hex(next_key().secret()),
        "small": {"bytes": to_hex(b"a picture"), "blob": name(&small), "sealed": to_hex(&chunks[0])},
        "large": name(&large),
    })
}

/// What is in a snapshot and what tells of it.
fn snapshot() -> Value {
    let log = LogKeys::of_document(&next_key(), &body());
    let envelope = statement()
        .seal(&device(3), &log, &mut dice(5))
        .expect("sealed by its own device");
    let snapshot = Snapshot {
        doc: body(),
        tracks: vec![Track {
            log: log.id,
            copies: vec![envelope_id(b"a copy")],
            envelopes: vec![envelope],
        }],
        places: vec![Place {
            url: "https://desk.alpha.example".into(),
            log: log.id,
            seq: 300,
            chain: Chain([7; 32]),
        }],
        bytes: b"a document".to_vec(),
    };
    let bytes = snapshot.to_bytes();
    let (blob, _) = Blob::seal(&bytes, &log_of(&next_key())).expect("sealed");
    let announcement = Announcement { doc: body(), blob };
    json!({
        "what": "A snapshot of a document with one session in it, and the announcement of it.",
        "epoch key": to_hex(next_key().secret()),
        "snapshot": to_hex(&bytes),
        "announcement": to_hex(&announcement.to_bytes()),
        "log of announcements": LogKeys::of_document(&next_key(), &DocId::Snapshots).id.to_hex(),
    })
}

type Made = fn() -> Value;

const FILES: [(&str, Made); 7] = [
    ("charter", charter),
    ("wraps", wraps),
    ("logs", logs),
    ("envelope", envelope),
    ("invite", invite),
    ("blob", blob),
    ("snapshot", snapshot),
];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/vectors/{name}.json"))
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(file(name)).expect("the vector is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    from_hex(value.as_str().expect("a text")).expect("hex")
}

fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("as long as it has to be")
}

#[test]
fn what_is_made_is_what_the_vectors_say() {
    for (name, made) in FILES {
        assert_eq!(made(), read(name), "{name}");
    }
}

#[test]
fn the_charter_of_the_vectors_gives_what_they_say_whatever_order_it_comes_in() {
    let vector = read("charter");
    let entries: Vec<Vec<u8>> = vector["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| bytes(&entry["bytes"]))
        .collect();
    let mut charter = Charter::expecting(entry_id(&entries[0]));
    for entry in entries.iter().rev() {
        charter.insert(entry).expect("an entry");
    }
    let members: Vec<String> = charter.members().iter().map(|card| card.name.clone()).collect();
    let said: Vec<&str> = vector["members"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|m| m["name"].as_str())
        .collect();
    assert_eq!(members, said);
    let acts: Vec<&str> = vector["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|e| e["act"].as_str())
        .collect();
    for act in [
        "Founded",
        "OutletJoined",
        "MemberAdded",
        "Removed",
        "RoleChanged",
        "DeviceAdded",
        "DeviceRemoved",
        "Expelled",
        "Parted",
        "Extended",
        "Rotated",
    ] {
        assert!(acts.contains(&act), "{act} has no vector");
    }
    // Each device that may opens the rotation.
    let rotation = vector["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|entry| entry["act"] == "Rotated");
    let rotation = Digest(fixed(&rotation.expect("a rotation")["id"]));
    for device in vector["devices"].as_array().expect("a list") {
        let device = Device::from_secret(&fixed(&device["secret"]));
        let opened = charter
            .open_rotation(&rotation, &device)
            .expect("it is for all of them");
        assert_eq!(opened.key.secret(), &fixed::<32>(&vector["next epoch key"]));
        assert_eq!(charter.check_rotation(&rotation, &opened.key), Ok(()));
    }
}

#[test]
fn what_is_sealed_in_the_vectors_opens() {
    let wraps = read("wraps");
    let device = Device::from_secret(&fixed(&wraps["device"]["secret"]));
    let key = EpochKey::unwrap(
        &bytes(&wraps["welcome"]["wrapped"]),
        &Digest(fixed(&wraps["welcome"]["entry"])),
        &device,
    )
    .expect("it is for this device");
    assert_eq!(key.id().to_hex(), wraps["epoch"]);
    let previous = EpochId(fixed(&wraps["previous"]["epoch"]));
    let previous = key
        .unlock_previous(&bytes(&wraps["previous"]["locked"]), &previous)
        .expect("it opens");
    assert_eq!(to_hex(previous.secret()), wraps["previous"]["key"]);
    let envelope = read("envelope");
    let keys = LogKeys::of_document(&EpochKey::from_secret(fixed(&envelope["epoch key"])), &body());
    assert_eq!(Statement::open(&bytes(&envelope["sealed"]), &keys), Ok(statement()));
    let vector = read("blob");
    let log = log_of(&EpochKey::from_secret(fixed(&vector["epoch key"])));
    let blob = Blob::read(&bytes(&vector["small"]["blob"]["name"])).expect("a name");
    let sealed = bytes(&vector["small"]["sealed"]);
    assert_eq!(
        blob.join([sealed.as_slice()], &log),
        Ok(bytes(&vector["small"]["bytes"]))
    );
    let vector = read("snapshot");
    let whole = Snapshot::from_bytes(&bytes(&vector["snapshot"])).expect("a snapshot");
    let log = LogKeys::of_document(&EpochKey::from_secret(fixed(&vector["epoch key"])), &whole.doc);
    assert_eq!(Statement::open(&whole.tracks[0].envelopes[0], &log), Ok(statement()));
    let told = Announcement::from_bytes(&bytes(&vector["announcement"])).expect("an announcement");
    assert_eq!(
        (told.doc, told.blob.size),
        (whole.doc, bytes(&vector["snapshot"]).len() as u64)
    );
    let invite = read("invite");
    let read = Invite::from_text(invite["text"].as_str().expect("a text")).expect("an invitation");
    assert_eq!(read.door().id.to_hex(), invite["door"]);
    let further = &invite["device"];
    let read = Invite::from_text(further["text"].as_str().expect("a text")).expect("an invitation");
    match DoorMessage::open(&bytes(&further["request"]), &read) {
        Ok(DoorMessage::Device(asks)) => assert!(asks.fits(&read)),
        other => panic!("{other:?}"),
    }
}

/// Writes the vectors anew, after a format has changed: `cargo test -p komuz-seal --test vectors -- --ignored`.
#[test]
#[ignore = "writes files"]
fn write_vectors() {
    for (name, made) in FILES {
        let text = serde_json::to_string_pretty(&made()).expect("JSON");
        std::fs::create_dir_all(file(name).parent().expect("a folder")).expect("a folder");
        std::fs::write(file(name), text + "\n").expect("can be written");
    }
}
