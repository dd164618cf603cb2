//! The named cases of the fuzz targets (fuzz/), each tried: a parser takes what is called `good-…` and refuses, without a
//! panic, everything else.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../crates/release/tests/suite/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use targets::TARGETS;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target)
}

/// The cases of a target, by name.
fn cases(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(target)).unwrap_or_else(|error| panic!("{target}: {error}"));
    let mut cases: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let entry = entry.expect("a file");
            let bytes = std::fs::read(entry.path()).expect("can be read");
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_named_case_is_taken_or_refused_as_its_name_says() {
    let mut wrong = Vec::new();
    for (target, parse) in TARGETS {
        for (name, bytes) in cases(target) {
            if parse(&bytes) != name.starts_with("good-") {
                wrong.push(format!("{target}/{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_target_has_good_and_malformed_cases_and_a_file_for_the_fuzzer() {
    for (target, _) in TARGETS {
        let cases = cases(target);
        // What is good under a seal comes through `envelope`: nobody else can sign it.
        assert!(
            target == "statement" || cases.iter().any(|(name, _)| name.starts_with("good-")),
            "{target}"
        );
        assert!(
            cases.iter().filter(|(name, _)| !name.starts_with("good-")).count() >= 3,
            "{target}"
        );
        let file = folder("..").join(format!("fuzz_targets/{target}.rs"));
        let code = std::fs::read_to_string(&file).expect("the target's file");
        assert!(code.contains(&format!("komuz_fuzz::{target}(data)")), "{target}");
    }
    let known: BTreeSet<&str> = TARGETS.iter().map(|(target, _)| *target).collect();
    for entry in std::fs::read_dir(folder("")).expect("the corpus") {
        let name = entry.expect("a folder").file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "{name} is no target");
    }
}

#[test]
fn the_mastheads_are_those_of_the_fixture() {
    assert_eq!(fixture::masthead().hash(), targets::FINGERPRINT);
}

/// Cut short, longer, and changed at each end and in the middle, a parser takes no case that it took.
#[test]
fn what_is_taken_is_taken_whole_and_unchanged() {
    let exact = [
        "client_frame",
        "relay_frame",
        "envelope",
        "charter_entry",
        "door_message",
        "release",
        "masthead",
        "latest",
        "change_chunk",
        "saved_document",
        "blob",
        "blob_chunk",
        "snapshot",
        "announcement",
    ];
    for (target, parse) in TARGETS.iter().filter(|(target, _)| exact.contains(target)) {
        for (name, bytes) in cases(target).into_iter().filter(|(name, _)| name.starts_with("good-")) {
            for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
                assert!(!parse(&bytes[..cut]), "{target}/{name} cut to {cut}");
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(!parse(&longer), "{target}/{name} with a byte more");
        }
    }
}

/// Writes the cases that hold keys, seals and signatures anew, after a format has changed:
/// `cargo test -p komuz-tests --test corpus -- --ignored`.
#[test]
#[ignore = "writes files"]
fn write_cases() {
    for (target, name, bytes) in made::cases() {
        std::fs::create_dir_all(folder(target)).expect("a folder");
        std::fs::write(folder(target).join(name), bytes).expect("can be written");
    }
}

/// Cases that no editor can write by hand.
mod made {
    use komuz_core::admission::session_actor;
    use komuz_core::body::Body;
    use komuz_release::jws::Typ;
    use komuz_release::latest::Latest;
    use komuz_release::masthead::chain_bytes;
    use komuz_release::notice::{self, Notice};
    use komuz_release::release::{Head, Release};
    use komuz_sync::frame::{ClientFrame, RelayFrame};
    use komuz_sync::seal::backup::{self, Cost};
    use komuz_sync::seal::blob::{self, Blob};
    use komuz_sync::seal::bytes::{
        Chain, Digest, EnvelopeId, EpochId, LogId, Nonce, PublicKey, SessionId, Signature, Start,
    };
    use komuz_sync::seal::cbor::Writer;
    use komuz_sync::seal::charter::{
        Act, Append, Charter, Cut, Cuts, Entry, Founder, MemberCard, OutletCard, Recipient, Role, Rotation,
    };
    use komuz_sync::seal::device::Device;
    use komuz_sync::seal::doc::DocId;
    use komuz_sync::seal::envelope::{Kind, NO_PREVIOUS, Statement};
    use komuz_sync::seal::epoch::{EpochKey, LOCKED_LEN, WRAPPED_LEN};
    use komuz_sync::seal::invite::{DeviceRequest, DoorMessage, Request};
    use komuz_sync::seal::presence::Presence;
    use komuz_sync::seal::snapshot::{Announcement, MAX_ENVELOPES, Place, Snapshot, Track};

    use super::fixture::{head, masthead, release, signed, signed_masthead, story};
    use super::targets::{BLOB, PASSPHRASE, WRITER, device_door, door, known_document, log};

    type Case = (&'static str, &'static str, Vec<u8>);

    fn dice(bytes: &mut [u8]) {
        bytes.fill(5);
    }

    fn device() -> Device {
        Device::from_secret(&[3; 64])
    }

    fn outlet() -> OutletCard {
        OutletCard {
            id: "outlet".to_owned(),
            name: "Outlet".to_owned(),
            domain: "outlet.example".to_owned(),
            release_keys: vec![PublicKey([1; 32]), PublicKey([2; 32])],
            freshness: Some(PublicKey([3; 32])),
        }
    }

    /// A good case with what is commonly wrong with one.
    fn around(target: &'static str, good: Vec<u8>, cases: &mut Vec<Case>) {
        let mut other_version = good.clone();
        other_version[0] = other_version[0].wrapping_add(1);
        let mut longer = good.clone();
        longer.extend([0; 3]);
        let mut changed = good.clone();
        *changed.last_mut().expect("not empty") ^= 1;
        cases.push((target, "empty", Vec::new()));
        cases.push((target, "cut-in-half", good[..good.len() / 2].to_vec()));
        cases.push((target, "other-first-byte", other_version));
        cases.push((target, "three-bytes-more", longer));
        // A frame carries what is sealed without looking at it, a snapshot a document, and what tells of one a hash.
        if !target.ends_with("_frame") && !["snapshot", "announcement"].contains(&target) {
            cases.push((target, "last-bit-changed", changed));
        }
        cases.push((target, "good-whole", good));
    }

    /// Names of blobs as somebody may write them, and a chunk.
    fn blobs(cases: &mut Vec<Case>) {
        let log = blob::log_of(&EpochKey::from_secret([1; 32]));
        let (_, chunks) = Blob::seal(BLOB, &log).expect("small enough");
        around("blob_chunk", chunks[0].clone(), cases);
        let name = |size: usize, chunks: usize| {
            Writer::versioned(1)
                .array(4)
                .bytes(&[1; 32])
                .uint(size as u64)
                .bytes(&[2; 32])
                .list(0..chunks, |w, _| w.bytes(&[3; 32]))
                .finish()
        };
        let good = name(blob::CHUNK + 1, 2);
        let mut cases_of = |name, bytes| cases.push(("blob", name, bytes));
        cases_of("good-two-chunks", good.clone());
        cases_of("good-largest", name(blob::MAX_BLOB, blob::MAX_CHUNKS));
        cases_of("a-million-chunks", name(blob::MAX_BLOB, 1_000_000)[..5000].to_vec());
        cases_of("one-chunk-too-many", name(blob::CHUNK, 2));
        cases_of("one-chunk-too-few", name(blob::CHUNK + 1, 1));
        cases_of("no-bytes", name(0, 0));
        cases_of("a-byte-too-large", name(blob::MAX_BLOB + 1, blob::MAX_CHUNKS));
        cases_of("cut-in-half", good[..good.len() / 2].to_vec());
        cases_of("three-bytes-more", [good.as_slice(), &[0; 3]].concat());
        cases_of("other-version", [&[2], &good[1..]].concat());
    }

    /// Whole documents as somebody may put them together, and what tells of them.
    fn snapshots(cases: &mut Vec<Case>) {
        let track = |envelopes: Vec<Vec<u8>>| Track {
            log: LogId([1; 32]),
            envelopes,
            copies: Vec::new(),
        };
        let place = Place {
            url: "https://desk.kloop.example".into(),
            log: LogId([1; 32]),
            seq: 9,
            chain: Chain([2; 32]),
        };
        let good = Snapshot {
            doc: DocId::Registers,
            tracks: vec![track(vec![vec![3; 512]])],
            places: vec![place],
            bytes: b"a document".to_vec(),
        };
        let log = blob::log_of(&EpochKey::from_secret([1; 32]));
        let (blob, _) = Blob::seal(&good.to_bytes(), &log).expect("small enough");
        let doc = DocId::Registers;
        around("announcement", Announcement { doc, blob }.to_bytes(), cases);
        around("snapshot", good.to_bytes(), cases);
        let without = |tracks| Snapshot { tracks, ..good.clone() };
        cases.push((
            "snapshot",
            "no-newest-envelope",
            without(vec![track(Vec::new())]).to_bytes(),
        ));
        let many = vec![track(vec![vec![3; 10]; MAX_ENVELOPES + 1])];
        cases.push(("snapshot", "more-envelopes-than-allowed", without(many).to_bytes()));
        let claimed = [&good.to_bytes()[..4], &[0x9a, 0xff, 0xff, 0xff, 0xff]].concat();
        cases.push(("snapshot", "four-billion-sessions", claimed));
    }

    pub fn cases() -> Vec<Case> {
        let mut cases = Vec::new();
        replication(&mut cases);
        membership(&mut cases);
        blobs(&mut cases);
        snapshots(&mut cases);
        published(&mut cases);
        let actor = session_actor(WRITER.0, WRITER.1);
        let mut document = Body::from_story(&story(), &actor).expect("a document").0;
        let changes = document.take_changes();
        around("change_chunk", changes[0].clone(), &mut cases);
        let stranger = Body::from_story(&story(), &[8; 16])
            .expect("a document")
            .0
            .take_changes();
        cases.push(("change_chunk", "of-another-actor", stranger[0].clone()));
        around("saved_document", known_document().save(), &mut cases);
        cases.push(("saved_document", "of-another-document", document.save()));
        cases
    }

    fn replication(cases: &mut Vec<Case>) {
        let log = log();
        let statement = Statement {
            kind: Kind::Changes,
            device: device().id(),
            start: Start([4; 16]),
            counter: 1,
            previous: NO_PREVIOUS,
            charter: vec![Digest([6; 32])],
            last: Vec::new(),
            payloads: vec![b"payload".to_vec()],
        };
        let sealed = statement.seal(&device(), &log, &mut dice).expect("sealed");
        let append = ClientFrame::Append {
            log: log.id,
            bytes: sealed.clone(),
        };
        around("client_frame", append.encode(), cases);
        let close = |keys: [u8; 2]| ClientFrame::Close {
            log: log.id,
            keys: keys.map(|n| PublicKey([n; 32])).to_vec(),
            signature: Signature([4; 64]),
        };
        for (name, frame) in [
            (
                "good-hello",
                ClientFrame::Hello {
                    nonce: Nonce([1; 32]),
                    features: Default::default(),
                },
            ),
            (
                "good-subscribe",
                ClientFrame::Subscribe {
                    log: log.id,
                    after: 7,
                    chain: Chain([2; 32]),
                    ids_only: true,
                    leaves: false,
                },
            ),
            (
                "good-fetch",
                ClientFrame::Fetch {
                    log: log.id,
                    ids: vec![EnvelopeId([3; 32])],
                },
            ),
            (
                "good-open-beside",
                ClientFrame::OpenBeside {
                    log: log.id,
                    beside: LogId([4; 32]),
                    reader: PublicKey([5; 32]),
                    registrar: PublicKey([6; 32]),
                    epoch: EpochId([7; 32]),
                    closer: PublicKey([8; 32]),
                },
            ),
            (
                "good-open-closable",
                ClientFrame::OpenClosable {
                    log: log.id,
                    ticket: "ticket".to_owned(),
                    reader: PublicKey([5; 32]),
                    registrar: PublicKey([6; 32]),
                    epoch: EpochId([7; 32]),
                    closer: PublicKey([8; 32]),
                },
            ),
            (
                "good-trim",
                ClientFrame::Trim {
                    log: log.id,
                    seq: 7,
                    chain: Chain([2; 32]),
                    ids: vec![EnvelopeId([3; 32])],
                    signature: Signature([4; 64]),
                },
            ),
            ("good-close", close([5, 6])),
            ("close-names-a-key-twice", close([5, 5])),
            ("close-out-of-order", close([6, 5])),
        ] {
            cases.push(("client_frame", name, frame.encode()));
        }
        // A frame's number, and the fields of another.
        for (name, number) in [
            ("open-without-its-closer", 10),
            ("close-without-its-keys", 11),
            ("trim-without-its-place", 12),
            ("open-beside-without-its-closer", 13),
        ] {
            let auth = ClientFrame::Auth {
                log: log.id,
                key: PublicKey([5; 32]),
                signature: Signature([4; 64]),
            };
            let mut bytes = auth.encode();
            bytes[2] = number;
            cases.push(("client_frame", name, bytes));
        }
        let entry = RelayFrame::Entry {
            log: log.id,
            seq: 1,
            chain: Chain([2; 32]),
            bytes: sealed.clone(),
        };
        around("relay_frame", entry.encode(), cases);
        let gone = RelayFrame::Gone {
            log: log.id,
            first: 4,
            ids: vec![EnvelopeId([3; 32]); 2],
        };
        cases.push(("relay_frame", "good-gone", gone.encode()));
        let trimmed = RelayFrame::Trimmed { log: log.id, count: 9 };
        cases.push(("relay_frame", "good-trimmed", trimmed.encode()));
        around("envelope", sealed, cases);
        let presence = Presence {
            device: device().id(),
            start: Start([4; 16]),
            number: 1,
            bytes: b"here".to_vec(),
        };
        around(
            "presence",
            presence.seal(&device(), &log, &mut dice).expect("sealed"),
            cases,
        );
        for (name, bytes) in [
            (
                "claims-a-long-list",
                Writer::bare()
                    .array(9)
                    .uint(1)
                    .bytes(&[3; 32])
                    .bytes(&[4; 32])
                    .uint(1)
                    .bytes(&[0; 32])
                    .array(1 << 40)
                    .finish(),
            ),
            (
                "claims-long-bytes",
                [
                    &Writer::bare().array(9).uint(1).finish()[..],
                    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                ]
                .concat(),
            ),
            ("unknown-kind", Writer::bare().array(9).uint(99).finish()),
            ("a-float", vec![0x89, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("empty", Vec::new()),
        ] {
            cases.push(("statement", name, bytes));
        }
    }

    /// Bodies of entries, as somebody signs them who may or may not.
    fn acts(cases: &mut Vec<Case>) {
        let (log, session) = (LogId([7; 32]), SessionId([8; 16]));
        let cuts = |counters: &[u64]| {
            let mut cuts = Cuts::none();
            for counter in counters {
                let mut session = session;
                session.0[0] = *counter as u8;
                let envelope = EnvelopeId([9; 32]);
                cuts.add(
                    log,
                    session,
                    Cut {
                        counter: *counter,
                        envelope,
                    },
                );
            }
            cuts
        };
        let (member, outlet) = ([9; 16].into(), "outlet".to_owned());
        let recipient = |number: u8, append: bool| Recipient {
            device: PublicKey([number; 32]),
            key: vec![1; WRAPPED_LEN],
            append: append.then(|| Append {
                secret: vec![1; WRAPPED_LEN],
                key: PublicKey([4; 32]),
                certificate: Signature([5; 64]),
            }),
        };
        let rotation = |recipients| {
            Act::Rotated(Rotation {
                epoch: EpochId([1; 32]),
                registrar: PublicKey([2; 32]),
                recipients,
                previous: vec![(EpochId([3; 32]), None), (EpochId([4; 32]), Some(vec![1; LOCKED_LEN]))],
            })
        };
        let body = |act| {
            Entry {
                charter: Some(Digest([1; 32])),
                heads: vec![Digest([2; 32])],
                author: device().id(),
                act,
            }
            .to_body()
        };
        let device_added = Act::DeviceAdded {
            member,
            device: device().card(),
            consent: Signature([6; 64]),
        };
        let removed = body(Act::Removed {
            member,
            cuts: cuts(&[1, 2, 3]),
        });
        for (name, act) in [
            (
                "good-role-changed",
                Act::RoleChanged {
                    member,
                    role: Role::Reviewer,
                    cuts: cuts(&[]),
                },
            ),
            ("good-device-added", device_added),
            (
                "good-device-removed",
                Act::DeviceRemoved {
                    device: PublicKey([3; 32]),
                    cuts: cuts(&[4]),
                },
            ),
            (
                "good-expelled",
                Act::Expelled {
                    outlet: outlet.clone(),
                    cuts: cuts(&[1]),
                },
            ),
            (
                "good-parted",
                Act::Parted {
                    outlet,
                    cuts: cuts(&[1]),
                },
            ),
            (
                "good-extended",
                Act::Extended {
                    cuts: cuts(&[u64::MAX]),
                },
            ),
            ("good-rotated", rotation(vec![recipient(1, false), recipient(2, true)])),
            (
                "good-of-a-later-version",
                Act::Later {
                    kind: 99,
                    content: vec![1],
                },
            ),
            (
                "rotation-out-of-order",
                rotation(vec![recipient(2, true), recipient(1, false)]),
            ),
            (
                "rotation-with-a-device-twice",
                rotation(vec![recipient(1, true), recipient(1, true)]),
            ),
            ("cut-at-nothing", Act::Extended { cuts: cuts(&[0]) }),
        ] {
            cases.push(("charter_entry", name, body(act)));
        }
        // The first two sessions change places.
        let mut out_of_order = removed.clone();
        let place = |first: u8| {
            removed
                .windows(16)
                .position(|bytes| bytes[0] == first && bytes[1..] == [8; 15])
        };
        if let (Some(one), Some(other)) = (place(1), place(2)) {
            (out_of_order[one], out_of_order[other]) = (2, 1);
        }
        cases.push(("charter_entry", "good-removed", removed));
        cases.push(("charter_entry", "cuts-out-of-order", out_of_order));
        let head = || {
            Writer::bare()
                .array(4)
                .null()
                .array(0)
                .bytes(&[3; 32])
                .array(2)
                .uint(10)
        };
        let no_session = head().array(1).array(2).bytes(&[7; 32]).array(0).finish();
        cases.push(("charter_entry", "cuts-of-no-session", no_session));
        cases.push(("charter_entry", "claims-many-cuts", head().array(1 << 40).finish()));
    }

    /// Invitations of a member's own next device, and what it asks for.
    fn further_devices(cases: &mut Vec<Case>) {
        let invite = device_door();
        let bytes = invite.to_bytes().to_vec();
        cases.push(("invite", "good-device", bytes.clone()));
        cases.push(("invite", "device-as-person", [&[1], &bytes[1..]].concat()));
        cases.push(("invite", "device-cut-in-the-name", bytes[..bytes.len() - 2].to_vec()));
        cases.push(("invite", "later-version", [&[3], &bytes[1..]].concat()));
        let Some(asks) = DeviceRequest::new(&invite, &device()) else {
            return;
        };
        let asks = DoorMessage::Device(asks);
        let other = Device::from_secret(&[9; 64]);
        for (name, sealed) in [
            ("good-device", asks.seal(&door(), &device(), &mut dice)),
            ("device-signed-by-another", asks.seal(&door(), &other, &mut dice)),
            ("of-another-door", asks.seal(&invite, &device(), &mut dice)),
        ] {
            cases.push(("door_message", name, sealed));
        }
    }

    fn membership(cases: &mut Vec<Case>) {
        let founder = Founder {
            title: "A title".to_owned(),
            outlet: outlet(),
            name: "Ada".to_owned(),
        };
        let entry = Charter::found(founder, &device(), &EpochKey::from_secret([1; 32]), &mut dice).1;
        around("charter_entry", entry, cases);
        acts(cases);
        let invite = door();
        let bytes = invite.to_bytes().to_vec();
        cases.push(("invite", "good-bytes", bytes.clone()));
        cases.push(("invite", "good-text", invite.to_text().into_bytes()));
        let link = format!("https://desk.outlet.example/desk/#{}\n", invite.to_text());
        cases.push(("invite", "good-link", link.into_bytes()));
        let text = invite.to_text();
        cases.push(("invite", "cut-text", text.as_bytes()[..text.len() / 2].to_vec()));
        cases.push(("invite", "padded-text", format!("{text}==").into_bytes()));
        cases.push(("invite", "other-version", [&[2], &bytes[1..]].concat()));
        cases.push(("invite", "bytes-behind", [&bytes[..], &[0]].concat()));
        let member = MemberCard {
            id: [9; 16].into(),
            name: "Beka".to_owned(),
            outlet: "outlet".to_owned(),
            role: Role::Writer,
        };
        let request = DoorMessage::Request(Request::new(&invite, &device(), member, None).into());
        around("door_message", request.seal(&invite, &device(), &mut dice), cases);
        further_devices(cases);
        around(
            "backup",
            backup::seal(b"content", PASSPHRASE, Cost::LEAST, &mut dice).expect("sealed"),
            cases,
        );
        let other = backup::seal(b"content", "another", Cost::LEAST, &mut dice).expect("sealed");
        cases.push(("backup", "other-passphrase", other));
        let costly = Writer::versioned(1)
            .array(5)
            .uint(1 << 31)
            .uint(8)
            .uint(4)
            .bytes(&[0; 16])
            .bytes(&[0; 60])
            .finish();
        cases.push(("backup", "asks-for-two-terabytes", costly));
    }

    /// A correction of it, withdrawn since, and lists of notices that cannot be.
    fn notices(first: &Release, cases: &mut Vec<Case>) {
        let next = |before: &Release, kind, headline: &str| {
            let mut story = story();
            story.headline = headline.to_owned();
            let head = Head {
                kind,
                reason: "A reason.".to_owned(),
                ..head()
            };
            Release::from_story(&story, &head, &masthead(), Some(before)).expect("a release")
        };
        let second = next(first, notice::Kind::Correction, "Another headline");
        let third = next(&second, notice::Kind::Retraction, "Another headline");
        let mut case = |name, change: fn(&mut Release)| {
            let mut release = third.clone();
            change(&mut release);
            cases.push(("release", name, release.to_bytes().expect("bytes")));
        };
        case("good-retraction", |_| {});
        case("notice-of-a-first-release", |r| r.earlier[0].number = 1);
        case("notice-twice", |r| r.earlier.push(r.earlier[0].clone()));
        case("notice-without-a-time", |r| r.earlier[0].published.clear());
        case("notices-with-nothing-before", |r| r.supersedes = None);
        case("notice-shortened-with-changes", |r| r.earlier[0].shortened = true);
        case("too-many-notices", |r| {
            r.number = 99;
            if let Some(before) = &mut r.supersedes {
                before.number = 98;
            }
            let notice = |number| Notice {
                number,
                ..r.earlier[0].clone()
            };
            r.earlier = (2..=98).map(notice).collect();
        });
        case("back-from-a-retraction", |r| {
            r.earlier[0].kind = notice::Kind::Retraction;
            if let Some(before) = &mut r.supersedes {
                before.kind = notice::Kind::Update;
            }
        });
        let text = String::from_utf8(third.to_bytes().expect("bytes")).expect("text");
        let unknown = text.replacen("\"retraction\"", "\"rumour\"", 1);
        cases.push(("release", "unknown-kind-of-notice", unknown.into_bytes()));
    }

    /// A correction that does not repeat words which went, to protect a source, and some that do or cannot be.
    fn withheld(first: &Release, cases: &mut Vec<Case>) {
        let next = |before: &Release, headline: &str| {
            let mut story = story();
            story.headline = headline.to_owned();
            Release::from_story(&story, &head(), &masthead(), Some(before)).expect("a release")
        };
        let second = next(first, "Who told us");
        let exact = next(&second, "Another headline");
        let third = exact.clone().withholding(&second).expect("withholds");
        let mut case = |name, of: &Release, change: fn(&mut Release)| {
            let mut release = of.clone();
            change(&mut release);
            cases.push(("release", name, release.to_bytes().expect("bytes")));
        };
        case("good-withholding", &third, |_| {});
        case("withholding-in-a-first-release", first, |r| r.withholds = true);
        case("withholding-and-words-told", &third, |r| {
            r.changes[0].old = "Who told us".to_owned()
        });
        case("withholding-not-said", &third, |r| r.withholds = false);
        case("withholding-said-and-words-told", &exact, |r| r.withholds = true);
        case("withholding-with-changes-in-a-notice", &third, |r| {
            r.earlier[0].shortened = false;
            r.earlier[0].changes = r.changes.clone();
        });
        case("withheld-and-told-in-a-notice", &exact, |r| {
            r.earlier[0].changes[0].withheld = true
        });
        let text = String::from_utf8(third.to_bytes().expect("bytes")).expect("text");
        for (name, member, value) in [
            ("withholding-said-to-be-false", "withholds", "false"),
            ("withholding-of-another-type", "withholds", "1"),
            ("withheld-of-another-type", "withheld", "\"yes\""),
        ] {
            let other = text.replacen(&format!("\"{member}\":true"), &format!("\"{member}\":{value}"), 1);
            assert_ne!(other, text, "{name}");
            cases.push(("release", name, other.into_bytes()));
        }
    }

    fn published(cases: &mut Vec<Case>) {
        let release = release();
        around("release", release.to_bytes().expect("bytes"), cases);
        notices(&release, cases);
        withheld(&release, cases);
        around("masthead", chain_bytes(&[signed_masthead()]), cases);
        let one = signed(Typ::Masthead, &masthead().to_bytes(), &[0]);
        cases.push(("masthead", "one-outlet-has-not-signed", chain_bytes(&[one])));
        let payload = Latest::of(&release).expect("dated").to_bytes();
        around("latest", signed(Typ::Latest, &payload, &[0, 1]).to_bytes(), cases);
        cases.push((
            "latest",
            "of-another-type",
            signed(Typ::Release, &payload, &[0, 1]).to_bytes(),
        ));
    }
}
