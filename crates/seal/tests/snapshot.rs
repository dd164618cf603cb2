//! Snapshots and their announcements: what is written is read, and nothing else is.

use komuz_seal::blob::{Blob, log_of};
use komuz_seal::bytes::{Chain, EnvelopeId, LogId};
use komuz_seal::cbor::Writer;
use komuz_seal::doc::DocId;
use komuz_seal::epoch::EpochKey;
use komuz_seal::snapshot::{Announcement, MAX_COPIES, MAX_ENVELOPES, Place, Snapshot, SnapshotError, Track};

fn snapshot() -> Snapshot {
    let track = |n: u8| Track {
        log: LogId([n; 32]),
        envelopes: vec![vec![n; 512], vec![n + 1; 600]],
        copies: vec![EnvelopeId([n; 32])],
    };
    Snapshot {
        doc: DocId::Body {
            story: "s1".into(),
            lang: "ky".into(),
        },
        tracks: vec![track(1), track(2)],
        places: vec![Place {
            url: "https://desk.kloop.example".into(),
            log: LogId([1; 32]),
            seq: 70_000,
            chain: Chain([4; 32]),
        }],
        bytes: vec![5; 3000],
    }
}

fn announcement() -> Announcement {
    let log = log_of(&EpochKey::from_secret([1; 32]));
    let (blob, _) = Blob::seal(&snapshot().to_bytes(), &log).expect("a good size");
    Announcement {
        doc: DocId::Registers,
        blob,
    }
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(Snapshot::from_bytes(&snapshot().to_bytes()), Ok(snapshot()));
    assert_eq!(Announcement::from_bytes(&announcement().to_bytes()), Ok(announcement()));
    let empty = Snapshot {
        tracks: Vec::new(),
        places: Vec::new(),
        bytes: Vec::new(),
        ..snapshot()
    };
    assert_eq!(Snapshot::from_bytes(&empty.to_bytes()), Ok(empty));
}

#[test]
fn a_later_version_asks_for_an_update() {
    for mut bytes in [snapshot().to_bytes(), announcement().to_bytes()] {
        bytes[0] = 2;
        let read = Snapshot::from_bytes(&bytes).err();
        assert_eq!(read, Some(SnapshotError::Version(2)));
        assert_eq!(Announcement::from_bytes(&bytes), Err(SnapshotError::Version(2)));
    }
}

#[test]
fn cut_off_or_longer_it_is_none() {
    for good in [snapshot().to_bytes(), announcement().to_bytes()] {
        let longer = [&good[..], &[0]].concat();
        for bytes in [
            &[][..],
            &good[..1],
            &good[..good.len() / 2],
            &good[..good.len() - 1],
            &longer,
        ] {
            assert!(Snapshot::from_bytes(bytes).is_err());
            assert!(Announcement::from_bytes(bytes).is_err());
        }
    }
}

#[test]
fn a_session_without_its_newest_envelope() {
    let mut wrong = snapshot();
    wrong.tracks[1].envelopes.clear();
    assert_eq!(
        Snapshot::from_bytes(&wrong.to_bytes()),
        Err(SnapshotError::NoEnvelope(1))
    );
}

#[test]
fn more_than_there_may_be() {
    let mut many = snapshot();
    many.tracks[0].envelopes = vec![vec![1; 512]; MAX_ENVELOPES + 1];
    let mut copies = snapshot();
    copies.tracks[0].copies = vec![EnvelopeId([1; 32]); MAX_COPIES + 1];
    let mut long = snapshot();
    long.tracks[0].envelopes[0] = vec![1; (512 << 10) + 1];
    let mut address = snapshot();
    address.places[0].url = "x".repeat(2049);
    for wrong in [many, copies, long, address] {
        assert!(matches!(
            Snapshot::from_bytes(&wrong.to_bytes()),
            Err(SnapshotError::Malformed(_))
        ));
    }
}

#[test]
fn a_count_that_is_not_there_takes_no_memory() {
    // 2^32 - 1 tracks, claimed in five bytes.
    let mut bytes = Writer::versioned(1).array(4).array(1).uint(2).finish();
    bytes.extend([0x9a, 0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(Snapshot::from_bytes(&bytes), Err(SnapshotError::Malformed(_))));
}

#[test]
fn an_announcement_that_names_no_blob() {
    let bytes = Writer::versioned(1)
        .array(2)
        .array(1)
        .uint(2)
        .bytes(b"\x01no blob")
        .finish();
    assert!(matches!(Announcement::from_bytes(&bytes), Err(SnapshotError::Blob(_))));
}
