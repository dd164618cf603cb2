//! The frames between client and relay.

use komuz_sync::frame::{
    ClientFrame, ErrorCode, FrameError, MAX_APPEND_KEYS, MAX_ENTRY, MAX_FRAME, MAX_IDS, MAX_PRESENCE, RelayFrame,
    sign_challenge, sign_closing, sign_registration, sign_trimming, verify_challenge, verify_closing,
    verify_registration, verify_trimming,
};
use komuz_sync::seal::bytes::{Chain, EnvelopeId, EpochId, LogId, Nonce, PublicKey, Signature};
use komuz_sync::seal::cbor::CborError;
use komuz_sync::seal::sign::SignKey;
use proptest::prelude::*;

const LOG: LogId = LogId([1; 32]);

fn client_frames() -> Vec<ClientFrame> {
    vec![
        ClientFrame::Hello {
            nonce: Nonce([2; 32]),
            features: vec!["snapshots".into()],
        },
        ClientFrame::Auth {
            log: LOG,
            key: PublicKey([3; 32]),
            signature: Signature([4; 64]),
        },
        ClientFrame::Open {
            log: LOG,
            ticket: "билет".into(),
            reader: PublicKey([5; 32]),
            registrar: PublicKey([6; 32]),
            epoch: EpochId([7; 32]),
        },
        ClientFrame::Register {
            log: LOG,
            key: PublicKey([3; 32]),
            signature: Signature([4; 64]),
        },
        ClientFrame::Append {
            log: LOG,
            bytes: vec![8; 512],
        },
        ClientFrame::Subscribe {
            log: LOG,
            after: 70_000,
            chain: Chain([9; 32]),
            ids_only: true,
            leaves: false,
        },
        ClientFrame::Fetch {
            log: LOG,
            ids: vec![EnvelopeId([1; 32]), EnvelopeId([2; 32])],
        },
        ClientFrame::Presence {
            log: LOG,
            bytes: vec![1, 2, 3],
        },
        ClientFrame::OpenClosable {
            log: LOG,
            ticket: "билет".into(),
            reader: PublicKey([5; 32]),
            registrar: PublicKey([6; 32]),
            epoch: EpochId([7; 32]),
            closer: PublicKey([8; 32]),
        },
        ClientFrame::OpenBeside {
            log: LOG,
            beside: LogId([4; 32]),
            reader: PublicKey([5; 32]),
            registrar: PublicKey([6; 32]),
            epoch: EpochId([7; 32]),
            closer: PublicKey([8; 32]),
        },
        ClientFrame::Close {
            log: LOG,
            keys: vec![PublicKey([3; 32]), PublicKey([5; 32])],
            signature: Signature([4; 64]),
        },
        ClientFrame::Trim {
            log: LOG,
            seq: 70_000,
            chain: Chain([9; 32]),
            ids: vec![EnvelopeId([1; 32])],
            signature: Signature([4; 64]),
        },
    ]
}

fn relay_frames() -> Vec<RelayFrame> {
    let id = EnvelopeId([3; 32]);
    let chain = Chain([9; 32]);
    vec![
        RelayFrame::Challenge {
            origin: "https://desk.outlet.example".into(),
            nonce: Nonce([2; 32]),
            features: Vec::new(),
        },
        RelayFrame::Entry {
            log: LOG,
            seq: 300,
            chain,
            bytes: vec![8; 512],
        },
        RelayFrame::Ack {
            log: LOG,
            id,
            seq: 24,
            chain,
        },
        RelayFrame::Ids {
            log: LOG,
            first: 1,
            ids: vec![id; 3],
        },
        RelayFrame::CaughtUp {
            log: LOG,
            seq: 0,
            chain,
        },
        RelayFrame::Rewound {
            log: LOG,
            seq: u64::MAX,
            chain,
        },
        RelayFrame::Presence {
            log: LOG,
            bytes: Vec::new(),
        },
        RelayFrame::Gone {
            log: LOG,
            first: 9,
            ids: vec![id; 2],
        },
        RelayFrame::Trimmed { log: LOG, count: 24 },
        RelayFrame::Error {
            code: ErrorCode::NoSuchLog,
            sentence: "no such log".into(),
            log: Some(LOG),
            id: None,
        },
        RelayFrame::Error {
            code: ErrorCode::Other(99),
            sentence: String::new(),
            log: None,
            id: Some(id),
        },
    ]
}

#[test]
fn every_frame_comes_back() {
    for frame in client_frames() {
        assert_eq!(ClientFrame::decode(&frame.encode()), Ok(frame));
    }
    for frame in relay_frames() {
        assert_eq!(RelayFrame::decode(&frame.encode()), Ok(frame));
    }
}

#[test]
fn the_bytes_of_a_frame() {
    // Version 1; an array of 3: number 1, 32 bytes, an array of one text.
    let mut expected = vec![0x01, 0x83, 0x01, 0x58, 32];
    expected.extend([2; 32]);
    expected.extend(*b"\x81\x62ok");
    let hello = ClientFrame::Hello {
        nonce: Nonce([2; 32]),
        features: vec!["ok".into()],
    };
    assert_eq!(hello.encode(), expected);
}

#[test]
fn truncated() {
    for bytes in client_frames().iter().map(ClientFrame::encode) {
        for end in 0..bytes.len() {
            assert!(
                matches!(ClientFrame::decode(&bytes[..end]), Err(FrameError::Malformed(_))),
                "cut at {end}"
            );
        }
    }
    for bytes in relay_frames().iter().map(RelayFrame::encode) {
        for end in 0..bytes.len() {
            assert!(
                matches!(RelayFrame::decode(&bytes[..end]), Err(FrameError::Malformed(_))),
                "cut at {end}"
            );
        }
    }
}

#[test]
fn trailing_bytes() {
    for mut bytes in client_frames().iter().map(ClientFrame::encode) {
        let end = bytes.len();
        bytes.push(0);
        assert_eq!(
            ClientFrame::decode(&bytes),
            Err(FrameError::Malformed(CborError::Trailing(end)))
        );
    }
}

#[test]
fn future_version() {
    let mut bytes = client_frames()[0].encode();
    bytes[0] = 2;
    assert_eq!(ClientFrame::decode(&bytes), Err(FrameError::Version(2)));
}

#[test]
fn a_frame_that_this_version_does_not_have() {
    assert_eq!(ClientFrame::decode(&[1, 0x81, 0x18, 99]), Err(FrameError::Unknown(99)));
    assert_eq!(RelayFrame::decode(&[1, 0x81, 0x18, 99]), Err(FrameError::Unknown(99)));
}

#[test]
fn a_field_too_many_or_too_few() {
    let mut bytes = ClientFrame::Hello {
        nonce: Nonce([2; 32]),
        features: Vec::new(),
    }
    .encode();
    bytes[1] = 0x84;
    bytes.push(0);
    assert!(matches!(
        ClientFrame::decode(&bytes),
        Err(FrameError::Malformed(CborError::NotAllowed(1)))
    ));
    bytes[1] = 0x81;
    assert!(matches!(
        ClientFrame::decode(&bytes),
        Err(FrameError::Malformed(CborError::NotAllowed(1)))
    ));
}

#[test]
fn a_flag_that_there_is_not() {
    let frame = ClientFrame::Subscribe {
        log: LOG,
        after: 0,
        chain: Chain([0; 32]),
        ids_only: true,
        leaves: true,
    };
    let mut bytes = frame.encode();
    assert_eq!(bytes.last(), Some(&3));
    *bytes.last_mut().expect("not empty") = 4;
    assert!(matches!(
        ClientFrame::decode(&bytes),
        Err(FrameError::Malformed(CborError::NotAllowed(_)))
    ));
}

#[test]
fn keys_that_stay_are_named_once_and_in_order() {
    for keys in [[5, 3], [3, 3]] {
        let frame = ClientFrame::Close {
            log: LOG,
            keys: keys.map(|n| PublicKey([n; 32])).to_vec(),
            signature: Signature([4; 64]),
        };
        assert!(matches!(
            ClientFrame::decode(&frame.encode()),
            Err(FrameError::Malformed(CborError::NotAllowed(_)))
        ));
    }
}

#[test]
fn a_closing_is_for_these_keys_in_one_epoch() {
    let closer = SignKey::from_secret(&[7; 32]);
    let (epoch, keys) = (EpochId([2; 32]), [PublicKey([1; 32]), PublicKey([3; 32])]);
    let signature = sign_closing(&closer, &epoch, &keys);
    let public = closer.public();
    assert!(verify_closing(&public, &signature, &epoch, &keys));
    assert!(!verify_closing(&public, &signature, &epoch, &keys[..1]));
    assert!(!verify_closing(&public, &signature, &EpochId([9; 32]), &keys));
    let stranger = SignKey::from_secret(&[8; 32]).public();
    assert!(!verify_closing(&stranger, &signature, &epoch, &keys));
}

#[test]
fn letting_go_is_of_these_in_one_log_at_one_server() {
    let closer = SignKey::from_secret(&[7; 32]);
    let (origin, seq, chain, ids) = ("https://desk.outlet.example", 9, Chain([4; 32]), [EnvelopeId([1; 32])]);
    let signature = sign_trimming(&closer, origin, &LOG, seq, &chain, &ids);
    let public = closer.public();
    let is_good = |origin, log, seq, chain, ids: &[EnvelopeId]| {
        verify_trimming(&public, &signature, origin, log, seq, chain, ids)
    };
    assert!(is_good(origin, &LOG, seq, &chain, &ids));
    assert!(!is_good("https://desk.other.example", &LOG, seq, &chain, &ids));
    assert!(!is_good(origin, &LogId([2; 32]), seq, &chain, &ids));
    assert!(!is_good(origin, &LOG, 10, &chain, &ids));
    assert!(!is_good(origin, &LOG, seq, &Chain([5; 32]), &ids));
    assert!(!is_good(origin, &LOG, seq, &chain, &[]));
    let stranger = SignKey::from_secret(&[8; 32]).public();
    assert!(!verify_trimming(&stranger, &signature, origin, &LOG, seq, &chain, &ids));
}

#[test]
fn too_large() {
    let envelope = ClientFrame::Append {
        log: LOG,
        bytes: vec![0; MAX_ENTRY + 1],
    }
    .encode();
    assert!(matches!(
        ClientFrame::decode(&envelope),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    let presence = ClientFrame::Presence {
        log: LOG,
        bytes: vec![0; MAX_PRESENCE + 1],
    }
    .encode();
    assert!(matches!(
        ClientFrame::decode(&presence),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    let ids = ClientFrame::Fetch {
        log: LOG,
        ids: vec![EnvelopeId([0; 32]); MAX_IDS + 1],
    }
    .encode();
    assert!(matches!(
        ClientFrame::decode(&ids),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    let keys = ClientFrame::Close {
        log: LOG,
        keys: vec![PublicKey([0; 32]); MAX_APPEND_KEYS + 1],
        signature: Signature([4; 64]),
    }
    .encode();
    assert!(matches!(
        ClientFrame::decode(&keys),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    let trim = ClientFrame::Trim {
        log: LOG,
        seq: 0,
        chain: Chain([0; 32]),
        ids: vec![EnvelopeId([0; 32]); MAX_IDS + 1],
        signature: Signature([4; 64]),
    }
    .encode();
    assert!(matches!(
        ClientFrame::decode(&trim),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    let gone = RelayFrame::Gone {
        log: LOG,
        first: 1,
        ids: vec![EnvelopeId([0; 32]); MAX_IDS + 1],
    }
    .encode();
    assert!(matches!(
        RelayFrame::decode(&gone),
        Err(FrameError::Malformed(CborError::TooLarge(_)))
    ));
    assert!(matches!(
        ClientFrame::decode(&vec![1; MAX_FRAME + 1]),
        Err(FrameError::Malformed(CborError::TooLarge(0)))
    ));
    // The largest that are allowed fit into a frame.
    let largest = ClientFrame::Append {
        log: LOG,
        bytes: vec![0; MAX_ENTRY],
    }
    .encode();
    assert!(ClientFrame::decode(&largest).is_ok());
    let most = RelayFrame::Ids {
        log: LOG,
        first: 1,
        ids: vec![EnvelopeId([0; 32]); MAX_IDS],
    }
    .encode();
    assert!(RelayFrame::decode(&most).is_ok());
}

#[test]
fn a_challenge_signs_origin_log_epoch_and_both_nonces() {
    let key = SignKey::from_secret(&[7; 32]);
    let (epoch, mine, theirs) = (EpochId([2; 32]), Nonce([3; 32]), Nonce([4; 32]));
    let origin = "https://desk.outlet.example";
    let signature = sign_challenge(&key, origin, &LOG, &epoch, &mine, &theirs);
    let public = key.public();
    assert!(verify_challenge(
        &public, &signature, origin, &LOG, &epoch, &mine, &theirs
    ));
    let other = "https://desk.other.example";
    assert!(
        !verify_challenge(&public, &signature, other, &LOG, &epoch, &mine, &theirs),
        "another relay"
    );
    assert!(
        !verify_challenge(&public, &signature, origin, &LogId([9; 32]), &epoch, &mine, &theirs),
        "another log"
    );
    assert!(
        !verify_challenge(&public, &signature, origin, &LOG, &EpochId([9; 32]), &mine, &theirs),
        "another epoch"
    );
    assert!(
        !verify_challenge(&public, &signature, origin, &LOG, &epoch, &theirs, &mine),
        "nonces exchanged"
    );
    assert!(
        !verify_challenge(&public, &signature, origin, &LOG, &epoch, &mine, &Nonce([9; 32])),
        "replayed"
    );
    let stranger = SignKey::from_secret(&[8; 32]).public();
    assert!(
        !verify_challenge(&stranger, &signature, origin, &LOG, &epoch, &mine, &theirs),
        "another key"
    );
}

#[test]
fn a_registration_is_for_one_key_and_log_and_is_no_challenge() {
    let registrar = SignKey::from_secret(&[7; 32]);
    let key = PublicKey([1; 32]);
    let signature = sign_registration(&registrar, &LOG, &key);
    assert!(verify_registration(&registrar.public(), &signature, &LOG, &key));
    assert!(!verify_registration(
        &registrar.public(),
        &signature,
        &LogId([2; 32]),
        &key
    ));
    assert!(!verify_registration(
        &registrar.public(),
        &signature,
        &LOG,
        &PublicKey([2; 32])
    ));
    let (epoch, nonce) = (EpochId([1; 32]), Nonce([1; 32]));
    assert!(!verify_challenge(
        &registrar.public(),
        &signature,
        "",
        &LOG,
        &epoch,
        &nonce,
        &nonce
    ));
}

proptest! {
    /// Whatever comes, there is an answer; and what is read is written again as the same bytes.
    #[test]
    fn any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..13) {
        if bytes.len() > 3 {
            bytes[0] = 1;
            bytes[1] = 0x80 | (bytes[1] & 7);
            bytes[2] = kind;
        }
        if let Ok(frame) = ClientFrame::decode(&bytes) {
            prop_assert_eq!(frame.encode(), bytes.clone());
        }
        if let Ok(frame) = RelayFrame::decode(&bytes) {
            prop_assert_eq!(frame.encode(), bytes);
        }
    }

    #[test]
    fn a_flipped_bit_is_another_frame_or_none(which in 0usize..19, place in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let (mut bytes, client) = match client_frames().get(which) {
            Some(frame) => (frame.encode(), true),
            None => (relay_frames()[which - 10].encode(), false),
        };
        let place = place.index(bytes.len());
        let before = bytes.clone();
        bytes[place] ^= 1 << bit;
        if client {
            prop_assert_ne!(ClientFrame::decode(&bytes), ClientFrame::decode(&before));
        } else {
            prop_assert_ne!(RelayFrame::decode(&bytes), RelayFrame::decode(&before));
        }
    }
}
