//! Frames over a real WebSocket to a real server.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;

use std::time::Duration;

use common::{Client, Keys, chain_of, start, start_with};
use komuz_relay::{Config, Server};
use komuz_sync::frame::{ClientFrame, ErrorCode, MAX_ENTRY, MAX_FRAME, RelayFrame, sign_challenge};
use komuz_sync::seal::bytes::{Chain, LogId, Nonce};
use komuz_sync::seal::chain;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_challenge_names_the_server_and_is_fresh_each_time() {
    let started = start().await;
    let one = Client::connect(&started.server).await;
    let other = Client::connect(&started.server).await;
    assert_eq!(one.origin, format!("http://{}", started.server.address));
    assert_ne!(one.theirs, other.theirs);
    started.server.stop().await;
}

#[tokio::test]
async fn what_is_appended_is_acknowledged_with_its_number_and_chain() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    assert_eq!(client.store(&keys, b"one").await, (1, chain_of([&b"one"[..]])));
    assert_eq!(client.store(&keys, b"two").await, (2, chain_of([&b"one"[..], b"two"])));
    started.server.stop().await;
}

#[tokio::test]
async fn others_get_what_is_appended_and_the_writer_gets_its_acknowledgement_only() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    let mut reader = Client::member(&started.server, &keys).await;
    for client in [&mut writer, &mut reader] {
        client.subscribe(&keys, 0, chain::EMPTY).await;
        assert_eq!(
            client.hear().await,
            RelayFrame::CaughtUp {
                log: keys.log,
                seq: 0,
                chain: chain::EMPTY
            }
        );
    }
    let id = writer.append(&keys, b"one").await;
    let chain = chain_of([&b"one"[..]]);
    assert_eq!(
        writer.hear().await,
        RelayFrame::Ack {
            log: keys.log,
            id,
            seq: 1,
            chain
        }
    );
    assert_eq!(
        reader.hear().await,
        RelayFrame::Entry {
            log: keys.log,
            seq: 1,
            chain,
            bytes: b"one".to_vec()
        }
    );
    // What comes next comes in order to both: nothing was sent twice in between.
    reader.append(&keys, b"two").await;
    let chain = chain_of([&b"one"[..], b"two"]);
    assert_eq!(
        writer.hear().await,
        RelayFrame::Entry {
            log: keys.log,
            seq: 2,
            chain,
            bytes: b"two".to_vec()
        }
    );
    assert!(matches!(reader.hear().await, RelayFrame::Ack { seq: 2, .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn many_writers_at_once_end_in_one_order_for_all() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 50;
    let started = start().await;
    let keys = Keys::new(1);
    let mut founder = Client::founder(&started, &keys).await;
    founder.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(founder.hear().await, RelayFrame::CaughtUp { .. }));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let mut client = Client::member(&started.server, &keys).await;
        client.subscribe(&keys, 0, chain::EMPTY).await;
        let keys = Keys::new(1);
        writers.push(tokio::spawn(async move {
            for n in 0..EACH {
                client.append(&keys, format!("{writer} {n}").as_bytes()).await;
            }
            let mut seqs = Vec::new();
            while seqs.len() < (WRITERS * EACH) as usize {
                match client.hear().await {
                    RelayFrame::Entry { seq, .. } | RelayFrame::Ack { seq, .. } => seqs.push(seq),
                    RelayFrame::CaughtUp { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            seqs
        }));
    }
    let mut link = chain::EMPTY;
    for expected in 1..=WRITERS * EACH {
        let RelayFrame::Entry { seq, chain, bytes, .. } = founder.hear().await else {
            panic!("no entry")
        };
        link = chain::next(link, chain::envelope_id(&bytes));
        assert_eq!((seq, chain), (expected, link));
    }
    for writer in writers {
        let seqs = writer.await.unwrap();
        assert_eq!(seqs, (1..=WRITERS * EACH).collect::<Vec<_>>());
    }
    started.server.stop().await;
}

#[tokio::test]
async fn an_envelope_is_stored_once_however_often_it_comes() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    let first = client.store(&keys, b"one").await;
    client.store(&keys, b"two").await;
    assert_eq!(client.store(&keys, b"one").await, first);
    let mut other = Client::member(&started.server, &keys).await;
    assert_eq!(other.store(&keys, b"one").await, first);
    // Also for one who follows the log.
    client.subscribe(&keys, 2, chain_of([&b"one"[..], b"two"])).await;
    assert!(matches!(client.hear().await, RelayFrame::CaughtUp { seq: 2, .. }));
    assert_eq!(client.store(&keys, b"one").await, first);
    started.server.stop().await;
}

#[tokio::test]
async fn a_cursor_brings_what_comes_after_it() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    let envelopes: Vec<Vec<u8>> = (0..500u32)
        .map(|n| format!("envelope {n} ").repeat(200).into_bytes())
        .collect();
    for envelope in &envelopes {
        writer.append(&keys, envelope).await;
    }
    for _ in &envelopes {
        assert!(matches!(writer.hear().await, RelayFrame::Ack { .. }));
    }
    let chain_at = |n: usize| chain_of(envelopes[..n].iter().map(Vec::as_slice));
    let mut reader = Client::member(&started.server, &keys).await;
    reader.subscribe(&keys, 100, chain_at(100)).await;
    for n in 101..=500 {
        let expected = RelayFrame::Entry {
            log: keys.log,
            seq: n as u64,
            chain: chain_at(n),
            bytes: envelopes[n - 1].clone(),
        };
        assert_eq!(reader.hear().await, expected);
    }
    assert_eq!(
        reader.hear().await,
        RelayFrame::CaughtUp {
            log: keys.log,
            seq: 500,
            chain: chain_at(500)
        }
    );
    started.server.stop().await;
}

#[tokio::test]
async fn ids_are_enough_where_ids_are_asked_for_and_the_rest_is_fetched() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    for envelope in [b"one", b"two", b"six"] {
        writer.store(&keys, envelope).await;
    }
    let ids = [b"one", b"two", b"six"].map(|bytes| chain::envelope_id(bytes));
    let end = chain_of([&b"one"[..], b"two", b"six"]);
    let mut reader = Client::member(&started.server, &keys).await;
    reader
        .say(ClientFrame::Subscribe {
            log: keys.log,
            after: 0,
            chain: chain::EMPTY,
            ids_only: true,
            leaves: false,
        })
        .await;
    assert_eq!(
        reader.hear().await,
        RelayFrame::Ids {
            log: keys.log,
            first: 1,
            ids: ids.to_vec()
        }
    );
    assert_eq!(
        reader.hear().await,
        RelayFrame::CaughtUp {
            log: keys.log,
            seq: 3,
            chain: end
        }
    );
    let unknown = chain::envelope_id(b"elsewhere");
    reader
        .say(ClientFrame::Fetch {
            log: keys.log,
            ids: vec![ids[2], unknown, ids[0]],
        })
        .await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 3, bytes, .. } if bytes == b"six"));
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 1, bytes, .. } if bytes == b"one"));
    // And then what is new comes whole.
    writer.append(&keys, b"new").await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 4, bytes, .. } if bytes == b"new"));
    started.server.stop().await;
}

#[tokio::test]
async fn a_cursor_that_is_not_on_the_chain_is_told_so() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    let (seq, chain) = client.store(&keys, b"one").await;
    let rewound = RelayFrame::Rewound {
        log: keys.log,
        seq,
        chain,
    };
    client.subscribe(&keys, 1, Chain([9; 32])).await;
    assert_eq!(client.hear().await, rewound);
    client.subscribe(&keys, 2, chain).await;
    assert_eq!(client.hear().await, rewound);
    client.subscribe(&keys, u64::MAX, chain).await;
    assert_eq!(client.hear().await, rewound);
    client.subscribe(&keys, 1, chain).await;
    assert_eq!(
        client.hear().await,
        RelayFrame::CaughtUp {
            log: keys.log,
            seq,
            chain
        }
    );
    started.server.stop().await;
}

#[tokio::test]
async fn a_subscription_that_cannot_be_ends_the_one_before_it_and_is_answered_after_what_was_fetched() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    writer.store(&keys, b"one").await;
    let mut reader = Client::member(&started.server, &keys).await;
    reader.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 1, .. }));
    assert!(matches!(reader.hear().await, RelayFrame::CaughtUp { .. }));
    let (log, ids) = (
        keys.log,
        vec![chain::envelope_id(b"elsewhere"), chain::envelope_id(b"one")],
    );
    reader.say(ClientFrame::Fetch { log, ids }).await;
    reader.subscribe(&keys, 0, Chain([0xff; 32])).await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 1, .. }));
    assert!(matches!(reader.hear().await, RelayFrame::Rewound { seq: 1, .. }));
    // What is new does not come any more: the next that comes is the answer to the next that is asked.
    let (seq, chain) = writer.store(&keys, b"two").await;
    reader.subscribe(&keys, seq, chain).await;
    assert!(matches!(reader.hear().await, RelayFrame::CaughtUp { seq: 2, .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn a_wrong_signature_opens_nothing() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut founder = Client::founder(&started, &keys).await;
    founder.store(&keys, b"one").await;
    let mut stranger = Client::connect(&started.server).await;
    let (mine, theirs) = (stranger.mine, stranger.theirs);
    let origin = stranger.origin.clone();
    let wrong = [
        sign_challenge(&keys.writer, &origin, &keys.log, &keys.epoch, &mine, &theirs),
        sign_challenge(
            &keys.reader,
            "http://elsewhere.example",
            &keys.log,
            &keys.epoch,
            &mine,
            &theirs,
        ),
        sign_challenge(&keys.reader, &origin, &LogId([8; 32]), &keys.epoch, &mine, &theirs),
        sign_challenge(&keys.reader, &origin, &keys.log, &Keys::new(2).epoch, &mine, &theirs),
        sign_challenge(&keys.reader, &origin, &keys.log, &keys.epoch, &mine, &Nonce([0; 32])),
    ];
    for signature in wrong {
        stranger
            .say(ClientFrame::Auth {
                log: keys.log,
                key: keys.reader.public(),
                signature,
            })
            .await;
        assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    }
    stranger.subscribe(&keys, 0, chain::EMPTY).await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    stranger
        .say(ClientFrame::Fetch {
            log: keys.log,
            ids: vec![chain::envelope_id(b"one")],
        })
        .await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    stranger.append(&keys, b"two").await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    stranger
        .say(ClientFrame::Presence {
            log: keys.log,
            bytes: vec![1],
        })
        .await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    started.server.stop().await;
}

#[tokio::test]
async fn who_keeps_failing_is_hung_up_on() {
    let started = start().await;
    let keys = Keys::new(1);
    let _founder = Client::founder(&started, &keys).await.store(&keys, b"one").await;
    let mut stranger = Client::connect(&started.server).await;
    let other = Keys::new(7);
    let wrong = Keys { log: keys.log, ..other };
    let mut refusals = 0;
    loop {
        let signature = sign_challenge(
            &wrong.reader,
            "",
            &wrong.log,
            &wrong.epoch,
            &stranger.mine,
            &stranger.theirs,
        );
        stranger
            .say(ClientFrame::Auth {
                log: wrong.log,
                key: wrong.reader.public(),
                signature,
            })
            .await;
        match stranger.try_hear().await {
            Some(RelayFrame::Error {
                code: ErrorCode::NotAllowed,
                ..
            }) => refusals += 1,
            Some(other) => panic!("{other:?}"),
            None => break,
        }
        assert!(refusals < 100, "never hung up");
        if refusals == 16 {
            assert_eq!(stranger.try_hear().await, None);
            break;
        }
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_reader_may_not_append_and_a_writer_may_not_read() {
    let started = start().await;
    let keys = Keys::new(1);
    let _founder = Client::founder(&started, &keys).await.store(&keys, b"one").await;
    let mut reader = Client::connect(&started.server).await;
    reader.prove(&keys, &keys.reader).await;
    let id = reader.append(&keys, b"two").await;
    match reader.hear().await {
        RelayFrame::Error {
            code, log, id: about, ..
        } => {
            assert_eq!((code, log, about), (ErrorCode::NotAllowed, Some(keys.log), Some(id)));
        }
        other => panic!("{other:?}"),
    }
    let mut writer = Client::connect(&started.server).await;
    writer.prove(&keys, &keys.writer).await;
    writer.subscribe(&keys, 0, chain::EMPTY).await;
    assert_eq!(writer.refused().await.0, ErrorCode::NotAllowed);
    assert_eq!(writer.store(&keys, b"two").await.0, 2);
    started.server.stop().await;
}

#[tokio::test]
async fn only_the_registrar_lets_a_key_append() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut founder = Client::founder(&started, &keys).await;
    founder.store(&keys, b"one").await;
    let other = Keys::new(2);
    let mut stranger = Client::connect(&started.server).await;
    let forged = Keys { log: keys.log, ..other };
    stranger.register(&forged, forged.writer.public()).await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    stranger.prove(&keys, &forged.writer).await;
    assert_eq!(stranger.refused().await.0, ErrorCode::NotAllowed);
    // Registered while the log is in use, it counts at once.
    founder.register(&keys, forged.writer.public()).await;
    founder.store(&keys, b"two").await;
    let (mine, theirs) = (stranger.mine, stranger.theirs);
    let signature = sign_challenge(&forged.writer, &stranger.origin, &keys.log, &keys.epoch, &mine, &theirs);
    stranger
        .say(ClientFrame::Auth {
            log: keys.log,
            key: forged.writer.public(),
            signature,
        })
        .await;
    assert_eq!(stranger.store(&keys, b"three").await.0, 3);
    started.server.stop().await;
}

#[tokio::test]
async fn a_log_is_opened_with_the_ticket_only_and_once() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::connect(&started.server).await;
    for ticket in ["", "wrong", &started.ticket[1..]] {
        client.open(&keys, ticket).await;
        assert_eq!(client.refused().await.0, ErrorCode::BadTicket);
    }
    client.prove(&keys, &keys.reader).await;
    assert_eq!(client.refused().await.0, ErrorCode::NoSuchLog);
    client.open(&keys, &started.ticket).await;
    client.open(&keys, &started.ticket).await;
    let taken = Keys {
        log: keys.log,
        ..Keys::new(2)
    };
    client.open(&taken, &started.ticket).await;
    assert_eq!(client.refused().await.0, ErrorCode::LogTaken);
    client.register(&keys, keys.writer.public()).await;
    client.prove(&keys, &keys.writer).await;
    assert_eq!(client.store(&keys, b"one").await.0, 1);
    started.server.stop().await;
}

#[tokio::test]
async fn an_unknown_log_is_told_from_one_that_is_not_allowed() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::connect(&started.server).await;
    client.register(&keys, keys.writer.public()).await;
    assert_eq!(client.refused().await.0, ErrorCode::NoSuchLog);
    client.append(&keys, b"one").await;
    assert_eq!(client.refused().await.0, ErrorCode::NotAllowed);
    started.server.stop().await;
}

#[tokio::test]
async fn frames_out_of_turn_end_the_connection() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::silent(&started.server).await;
    client.append(&keys, b"one").await;
    assert_eq!(client.refused().await.0, ErrorCode::BadFrame);
    assert_eq!(client.try_hear().await, None);
    let mut client = Client::connect(&started.server).await;
    let (nonce, features) = (client.mine, Vec::new());
    client.say(ClientFrame::Hello { nonce, features }).await;
    assert_eq!(client.refused().await.0, ErrorCode::BadFrame);
    assert_eq!(client.try_hear().await, None);
    started.server.stop().await;
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection() {
    let started = start().await;
    let cases: [(Message, ErrorCode); 6] = [
        (Message::Binary(vec![].into()), ErrorCode::BadFrame),
        (Message::Binary(vec![1, 0xff].into()), ErrorCode::BadFrame),
        (Message::Binary(vec![9, 0x80].into()), ErrorCode::Version),
        (Message::Text("hello".into()), ErrorCode::BadFrame),
        (Message::Binary(vec![0; MAX_FRAME + 1].into()), ErrorCode::BadFrame),
        (Message::Binary(oversized_append().into()), ErrorCode::TooLarge),
    ];
    for (message, code) in cases {
        let mut client = Client::connect(&started.server).await;
        let len = message.len();
        client.raw(message).await;
        assert_eq!(client.refused().await.0, code, "a message of {len} bytes");
        assert_eq!(client.try_hear().await, None);
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_frame_of_a_later_version_is_answered_and_the_connection_goes_on() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    // Number 99, and something that nobody here understands.
    client.raw(Message::Binary(vec![1, 0x82, 0x18, 99, 0xf5].into())).await;
    assert_eq!(client.refused().await.0, ErrorCode::Unknown);
    assert_eq!(client.store(&keys, b"one").await.0, 1);
    started.server.stop().await;
}

#[tokio::test]
async fn who_proves_nothing_does_not_stay() {
    let started = start_with(|config| config.limits.proof = Duration::from_millis(50)).await;
    let keys = Keys::new(1);
    let mut member = Client::founder(&started, &keys).await;
    for mut stranger in [
        Client::silent(&started.server).await,
        Client::connect(&started.server).await,
    ] {
        assert_eq!(stranger.refused().await.0, ErrorCode::NoProof);
        assert_eq!(stranger.try_hear().await, None);
    }
    assert_eq!(member.store(&keys, b"one").await.0, 1, "who has proved something stays");
    started.server.stop().await;
}

/// An Append whose envelope is one byte too long.
fn oversized_append() -> Vec<u8> {
    ClientFrame::Append {
        log: LogId([1; 32]),
        bytes: vec![0; MAX_ENTRY + 1],
    }
    .encode()
}

#[tokio::test]
async fn the_largest_envelope_goes_through() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    let largest = vec![7; MAX_ENTRY];
    let (seq, chain) = client.store(&keys, &largest).await;
    let mut reader = Client::member(&started.server, &keys).await;
    reader.subscribe(&keys, 0, chain::EMPTY).await;
    assert_eq!(
        reader.hear().await,
        RelayFrame::Entry {
            log: keys.log,
            seq,
            chain,
            bytes: largest
        }
    );
    started.server.stop().await;
}

#[tokio::test]
async fn a_full_log_says_so_and_keeps_what_it_has() {
    let started = start_with(|config| config.limits.log_bytes = 1000).await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    let first = client.store(&keys, &[1; 600]).await;
    client.append(&keys, &[2; 600]).await;
    let (code, sentence) = client.refused().await;
    assert_eq!(code, ErrorCode::LogFull);
    assert!(sentence.contains("--max-log-bytes"), "{sentence}");
    assert_eq!(client.store(&keys, &[3; 400]).await.0, 2);
    assert_eq!(client.store(&keys, &[1; 600]).await, first);
    started.server.stop().await;
}

#[tokio::test]
async fn one_key_cannot_fill_a_log_alone() {
    let started = start_with(|config| config.limits.key_bytes = 1000).await;
    let (keys, other) = (Keys::new(1), Keys::new(2));
    let mut client = Client::founder(&started, &keys).await;
    client.register(&keys, other.writer.public()).await;
    client.store(&keys, &[1; 900]).await;
    client.append(&keys, &[2; 200]).await;
    assert_eq!(client.refused().await.0, ErrorCode::LogFull);
    let mut second = Client::connect(&started.server).await;
    second.prove(&keys, &other.writer).await;
    assert_eq!(second.store(&keys, &[2; 200]).await.0, 2);
    started.server.stop().await;
}

#[tokio::test]
async fn the_operators_disk_limit_holds_across_logs_and_restarts() {
    let started = start_with(|config| config.limits.disk_bytes = 10_000).await;
    let (one, two) = (Keys::new(1), Keys::new(2));
    let mut client = Client::founder(&started, &one).await;
    client.store(&one, &[1; 6000]).await;
    let mut second = Client::founder(&started, &two).await;
    second.append(&two, &[1; 6000]).await;
    let (code, sentence) = second.refused().await;
    assert_eq!(code, ErrorCode::NotStored);
    assert!(sentence.contains("--max-disk"), "{sentence}");
    started.server.stop().await;
    let mut config = Config::new(([127, 0, 0, 1], 0).into(), started.data.path());
    config.limits.disk_bytes = 10_000;
    let server = Server::start(config).await.unwrap();
    let mut again = Client::member(&server, &two).await;
    again.append(&two, &[1; 6000]).await;
    assert_eq!(again.refused().await.0, ErrorCode::NotStored);
    server.stop().await;
}

#[tokio::test]
async fn a_server_holds_as_many_logs_as_it_may() {
    let started = start_with(|config| config.limits.logs = 2).await;
    let mut client = Client::connect(&started.server).await;
    for n in 1..=2 {
        client.open(&Keys::new(n), &started.ticket).await;
    }
    client.open(&Keys::new(3), &started.ticket).await;
    assert_eq!(client.refused().await.0, ErrorCode::NotStored);
    started.server.stop().await;
}

#[tokio::test]
async fn a_connection_names_as_many_logs_as_it_may() {
    let started = start_with(|config| config.limits.logs_per_connection = 1).await;
    let (one, two) = (Keys::new(1), Keys::new(2));
    let mut client = Client::founder(&started, &one).await;
    client.open(&two, &started.ticket).await;
    client.prove(&two, &two.reader).await;
    assert_eq!(client.refused().await.0, ErrorCode::TooManyLogs);
    assert_eq!(client.store(&one, b"one").await.0, 1);
    started.server.stop().await;
}

#[tokio::test]
async fn presence_reaches_those_who_follow_and_is_not_stored() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut one = Client::founder(&started, &keys).await;
    one.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(one.hear().await, RelayFrame::CaughtUp { .. }));
    let mut two = Client::member(&started.server, &keys).await;
    two.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(two.hear().await, RelayFrame::CaughtUp { .. }));
    two.say(ClientFrame::Presence {
        log: keys.log,
        bytes: b"here".to_vec(),
    })
    .await;
    assert_eq!(
        one.hear().await,
        RelayFrame::Presence {
            log: keys.log,
            bytes: b"here".to_vec()
        }
    );
    // The sender does not hear itself: what comes next is the entry.
    one.append(&keys, b"one").await;
    assert!(matches!(two.hear().await, RelayFrame::Entry { seq: 1, .. }));
    let mut late = Client::member(&started.server, &keys).await;
    late.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(late.hear().await, RelayFrame::Entry { seq: 1, .. }));
    assert!(matches!(late.hear().await, RelayFrame::CaughtUp { .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn too_much_presence_is_dropped_without_a_word() {
    let started = start_with(|config| config.limits.presence_per_second = 1).await;
    let keys = Keys::new(1);
    let mut one = Client::founder(&started, &keys).await;
    one.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(one.hear().await, RelayFrame::CaughtUp { .. }));
    let mut two = Client::member(&started.server, &keys).await;
    for n in 0..200u8 {
        two.say(ClientFrame::Presence {
            log: keys.log,
            bytes: vec![n],
        })
        .await;
    }
    two.store(&keys, b"done").await;
    let mut heard = 0;
    while let RelayFrame::Presence { .. } = one.hear().await {
        heard += 1;
    }
    assert!((1..100).contains(&heard), "{heard} of 200");
    started.server.stop().await;
}

#[tokio::test]
async fn a_reader_who_takes_nothing_is_dropped_and_disturbs_nobody() {
    let started = start_with(|config| {
        config.limits.send = std::time::Duration::from_millis(300);
        config.limits.connections_per_address = Some(2);
    })
    .await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    let mut stuck = Client::member(&started.server, &keys).await;
    stuck.is_flooded(&mut writer, &keys).await;
    // Its place is free for another when it has been dropped.
    let address = format!("ws://{}/sync", started.server.address);
    while tokio_tungstenite::connect_async(&address).await.is_err() {
        tokio::task::yield_now().await;
    }
    stuck.was_dropped(&mut writer, &keys).await;
    started.server.stop().await;
}

#[tokio::test]
async fn silence_is_asked_about_and_then_ended() {
    let started = start_with(|config| config.limits.idle = std::time::Duration::from_millis(100)).await;
    // This client's library answers pings only while it is read from: so it stays, being read.
    let mut answering = Client::connect(&started.server).await;
    let keys = Keys::new(1);
    let silent = tokio::net::TcpStream::connect(started.server.address).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut silent = silent;
    let upgrade = "GET /sync HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    silent.write_all(upgrade.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    // It answers no ping, so the server ends it: this read comes to an end.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        tokio::select! {
            read = silent.read_to_end(&mut rest) => drop(read),
            heard = answering.try_hear() => panic!("the one who answers was told {heard:?}"),
        }
    });
    ended.await.unwrap();
    answering.open(&keys, &started.ticket).await;
    answering.register(&keys, keys.writer.public()).await;
    answering.prove(&keys, &keys.writer).await;
    assert_eq!(answering.store(&keys, b"here").await.0, 1);
    started.server.stop().await;
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_it_may() {
    let started = start_with(|config| config.limits.connections_per_address = Some(2)).await;
    let one = Client::connect(&started.server).await;
    let _two = Client::connect(&started.server).await;
    let address = format!("ws://{}/sync", started.server.address);
    assert!(tokio_tungstenite::connect_async(&address).await.is_err());
    drop(one);
    while tokio_tungstenite::connect_async(&address).await.is_err() {
        tokio::task::yield_now().await;
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_stop_answers_what_was_taken_and_a_start_finds_it() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = Client::founder(&started, &keys).await;
    client.store(&keys, b"first").await;
    for n in 0..200u32 {
        client.append(&keys, &n.to_be_bytes()).await;
    }
    let stopping = tokio::spawn(started.server.stop());
    let mut acknowledged = vec![b"first".to_vec()];
    while let Some(frame) = client.try_hear().await {
        let RelayFrame::Ack { seq, .. } = frame else {
            panic!("{frame:?}")
        };
        acknowledged.push(u32::try_from(seq - 2).unwrap().to_be_bytes().to_vec());
    }
    stopping.await.unwrap();
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), started.data.path()))
        .await
        .unwrap();
    assert_eq!(server.founding_link, None);
    let mut client = Client::member(&server, &keys).await;
    client.subscribe(&keys, 0, chain::EMPTY).await;
    let mut found = Vec::new();
    loop {
        match client.hear().await {
            RelayFrame::Entry { bytes, .. } => found.push(bytes),
            RelayFrame::CaughtUp { chain, .. } => {
                assert_eq!(chain, chain_of(found.iter().map(Vec::as_slice)));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found[..acknowledged.len()], acknowledged);
    server.stop().await;
}

#[tokio::test]
async fn two_servers_cannot_share_a_folder() {
    let started = start().await;
    let again = Server::start(Config::new(([127, 0, 0, 1], 0).into(), started.data.path())).await;
    assert!(matches!(again.err(), Some(komuz_relay::StartError::InUse)));
    started.server.stop().await;
    let again = Server::start(Config::new(([127, 0, 0, 1], 0).into(), started.data.path())).await;
    again.unwrap().stop().await;
}
