//! Closing the logs of an epoch to who may write no more, at a real server.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;

use common::{Client, Keys, start, start_with};
use komuz_relay::{Config, Server};
use komuz_sync::frame::{ClientFrame, ErrorCode, RelayFrame};
use komuz_sync::seal::bytes::LogId;
use komuz_sync::seal::chain;
use komuz_sync::seal::sign::SignKey;

/// What the editors have.
fn closer() -> SignKey {
    SignKey::from_secret(&[77; 32])
}

/// The device of somebody who stays, and of somebody who goes.
fn devices() -> (SignKey, SignKey) {
    (SignKey::from_secret(&[51; 32]), SignKey::from_secret(&[52; 32]))
}

/// Two logs of one epoch.
fn logs() -> [Keys; 2] {
    let (one, mut other) = (Keys::new(1), Keys::new(2));
    other.epoch = one.epoch;
    [one, other]
}

/// A connection of a device to a log.
async fn device(started: &common::Started, keys: &Keys, key: &SignKey) -> Client {
    let mut client = Client::connect(&started.server).await;
    client.prove(keys, &keys.reader).await;
    client.register(keys, key.public()).await;
    client.prove(keys, key).await;
    client
}

async fn opened(started: &common::Started) -> (Client, [Keys; 2]) {
    let mut editor = Client::connect(&started.server).await;
    let logs = logs();
    for keys in &logs {
        editor.open_closable(keys, &closer(), &started.ticket).await;
        editor.register(keys, keys.writer.public()).await;
        editor.prove(keys, &keys.reader).await;
        editor.prove(keys, &keys.writer).await;
        assert_eq!(editor.store(keys, b"first").await.0, 1);
    }
    (editor, logs)
}

/// All frames before have been handled.
async fn settle(client: &mut Client, keys: &Keys) {
    client
        .subscribe(keys, 0, chain::next(chain::EMPTY, chain::envelope_id(b"nothing")))
        .await;
    assert!(matches!(client.hear().await, RelayFrame::Rewound { .. }));
}

#[tokio::test]
async fn who_goes_appends_no_more_in_any_log_of_the_epoch_and_who_stays_does() {
    let started = start().await;
    let (mut editor, logs) = opened(&started).await;
    let (stays, goes) = devices();
    // Both were there before, in the first log, and are connected still.
    let mut staying = device(&started, &logs[0], &stays).await;
    let mut going = device(&started, &logs[0], &goes).await;
    assert_eq!(staying.store(&logs[0], b"by who stays").await.0, 2);
    assert_eq!(going.store(&logs[0], b"by who goes").await.0, 3);
    editor.close(&logs[1], &closer(), &[&stays, &logs[0].writer]).await;
    settle(&mut editor, &logs[1]).await;
    let id = going.append(&logs[0], b"more").await;
    match going.hear().await {
        RelayFrame::Error { code, id: of, .. } => assert_eq!((code, of), (ErrorCode::NotAllowed, Some(id))),
        other => panic!("{other:?}"),
    }
    // Nor by a new connection, nor with a key that they make and register: the registrar's secret is in the epoch's key.
    for key in [&goes, &SignKey::from_secret(&[53; 32])] {
        for keys in &logs {
            let mut again = Client::connect(&started.server).await;
            again.prove(keys, &keys.reader).await;
            again.register(keys, key.public()).await;
            assert_eq!(again.refused().await.0, ErrorCode::NotAllowed);
            again.append(keys, b"more").await;
            assert_eq!(again.refused().await.0, ErrorCode::NotAllowed);
        }
    }
    // Who stays may come to logs of the epoch where they have not been.
    assert_eq!(staying.store(&logs[0], b"by who stays, later").await.0, 4);
    let mut elsewhere = device(&started, &logs[1], &stays).await;
    assert_eq!(elsewhere.store(&logs[1], b"by who stays").await.0, 2);
    // And all of it is read as before.
    going.subscribe(&logs[0], 0, chain::EMPTY).await;
    let mut heard = 0;
    while let RelayFrame::Entry { .. } = going.hear().await {
        heard += 1;
    }
    assert_eq!(heard, 4);
    started.server.stop().await;
}

#[tokio::test]
async fn a_closing_holds_after_a_restart_and_for_logs_that_are_opened_later() {
    let started = start().await;
    let (stays, goes) = devices();
    let (mut editor, logs) = opened(&started).await;
    editor.close(&logs[0], &closer(), &[&stays]).await;
    settle(&mut editor, &logs[0]).await;
    let common::Started { server, data, ticket } = started;
    server.stop().await;
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), data.path()))
        .await
        .unwrap();
    let mut later = Keys::new(3);
    later.epoch = logs[0].epoch;
    let mut member = Client::connect(&server).await;
    member.open_closable(&later, &closer(), &ticket).await;
    member.register(&later, goes.public()).await;
    assert_eq!(member.refused().await.0, ErrorCode::NotAllowed);
    member.register(&later, stays.public()).await;
    member.prove(&later, &stays).await;
    assert_eq!(member.store(&later, b"one").await.0, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_further_closing_takes_more_and_gives_nothing_back() {
    let started = start().await;
    let (mut editor, logs) = opened(&started).await;
    let (stays, goes) = devices();
    let keys = &logs[0];
    for stay in [vec![&stays, &goes], vec![&stays], vec![&stays, &goes]] {
        editor.close(keys, &closer(), &stay).await;
    }
    settle(&mut editor, keys).await;
    editor.register(keys, goes.public()).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    let mut staying = device(&started, keys, &stays).await;
    assert_eq!(staying.store(keys, b"one").await.0, 2);
    started.server.stop().await;
}

#[tokio::test]
async fn only_the_closer_closes_and_only_where_the_log_names_it() {
    let started = start().await;
    let (mut editor, logs) = opened(&started).await;
    let keys = &logs[0];
    // By the registrar, whom every member has; by an editor for another epoch; with keys that were not signed for.
    editor.close(keys, &keys.registrar, &[]).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    let mut other = Keys::new(1);
    other.epoch.0[0] ^= 1;
    editor.close(&other, &closer(), &[]).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    let frame = ClientFrame::Close {
        log: keys.log,
        keys: vec![keys.writer.public()],
        signature: komuz_sync::frame::sign_closing(&closer(), &keys.epoch, &[]),
    };
    editor.say(frame).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    // A log that names no closer, as those of a first epoch, and none at all.
    let first = Keys::new(9);
    editor.open(&first, &started.ticket).await;
    editor.close(&first, &closer(), &[]).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    let nowhere = Keys {
        log: LogId([200; 32]),
        ..Keys::new(9)
    };
    editor.close(&nowhere, &closer(), &[]).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NoSuchLog);
    assert_eq!(editor.store(keys, b"second").await.0, 2, "nothing was closed");
    started.server.stop().await;
}

#[tokio::test]
async fn who_opens_first_says_who_may_close_and_keeps_nobody_from_writing_by_it() {
    let started = start().await;
    let (keys, (stays, _)) = (Keys::new(1), devices());
    let mut rogue = Client::connect(&started.server).await;
    let own = SignKey::from_secret(&[99; 32]);
    rogue.open_closable(&keys, &own, &started.ticket).await;
    // Others open it as theirs, without an error, and write.
    let mut editor = Client::connect(&started.server).await;
    editor.open_closable(&keys, &closer(), &started.ticket).await;
    editor.open(&keys, &started.ticket).await;
    editor.register(&keys, stays.public()).await;
    editor.prove(&keys, &keys.reader).await;
    editor.prove(&keys, &stays).await;
    assert_eq!(editor.store(&keys, b"one").await.0, 1);
    editor.close(&keys, &closer(), &[&stays]).await;
    assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    started.server.stop().await;
}

#[tokio::test]
async fn a_log_that_was_opened_without_a_closer_gets_one_and_is_closed_by_what_was_said_before() {
    let started = start().await;
    let (mut editor, logs) = opened(&started).await;
    let mut joined = Keys::new(3);
    joined.epoch = logs[0].epoch;
    // By somebody who does not know the rotation yet.
    editor.open(&joined, &started.ticket).await;
    settle(&mut editor, &logs[0]).await;
    let (stays, goes) = devices();
    let mut going = device(&started, &joined, &goes).await;
    assert_eq!(going.store(&joined, b"one").await.0, 1);
    editor.close(&logs[0], &closer(), &[&stays]).await;
    editor.open_closable(&joined, &closer(), &started.ticket).await;
    settle(&mut editor, &logs[0]).await;
    going.append(&joined, b"two").await;
    assert_eq!(going.refused().await.0, ErrorCode::NotAllowed);
    started.server.stop().await;
}

#[tokio::test]
async fn one_connection_looks_at_any_number_of_logs_that_it_leaves() {
    let started = start_with(|config| config.limits.logs_per_connection = 8).await;
    let mut client = Client::connect(&started.server).await;
    let logs: Vec<Keys> = (1..=30).map(Keys::new).collect();
    for keys in &logs {
        client.open(keys, &started.ticket).await;
    }
    // The limit is what is named at a time.
    for round in 0..10 {
        for keys in &logs {
            client.prove(keys, &keys.reader).await;
            client
                .say(ClientFrame::Subscribe {
                    log: keys.log,
                    after: 0,
                    chain: chain::EMPTY,
                    ids_only: round % 2 == 0,
                    leaves: true,
                })
                .await;
            assert!(matches!(client.hear().await, RelayFrame::CaughtUp { log, seq: 0, .. } if log == keys.log));
        }
    }
    started.server.stop().await;
}

#[tokio::test]
async fn who_leaves_a_log_hears_what_was_there_and_no_more() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    writer.store(&keys, b"one").await;
    let mut reader = Client::member(&started.server, &keys).await;
    let (log, chain) = (keys.log, chain::EMPTY);
    let look = ClientFrame::Subscribe {
        log,
        after: 0,
        chain,
        ids_only: false,
        leaves: true,
    };
    reader.say(look.clone()).await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 1, .. }));
    assert!(matches!(reader.hear().await, RelayFrame::CaughtUp { seq: 1, .. }));
    writer.store(&keys, b"two").await;
    // It names the log anew, as if it had not before.
    reader.say(look.clone()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NotAllowed);
    reader.prove(&keys, &keys.reader).await;
    reader.say(look).await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 1, .. }));
    assert!(matches!(reader.hear().await, RelayFrame::Entry { seq: 2, .. }));
    assert!(matches!(reader.hear().await, RelayFrame::CaughtUp { seq: 2, .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn who_appends_to_a_log_opens_another_one_beside_it_and_nobody_else_does() {
    let started = start().await;
    let (mut editor, logs) = opened(&started).await;
    let (writer, fresh) = (&logs[0].writer, Keys::new(70));
    // A stranger; who reads and has proved no more; who names a log that is not there.
    let mut reader = Client::connect(&started.server).await;
    reader.open_beside(&fresh, &logs[0], &closer()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NotAllowed);
    reader.prove(&logs[0], &logs[0].reader).await;
    reader.open_beside(&fresh, &logs[0], &closer()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NotAllowed);
    reader.prove(&logs[0], writer).await;
    reader.open_beside(&fresh, &Keys::new(71), &closer()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NotAllowed);
    reader.prove(&fresh, &fresh.reader).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NoSuchLog);
    // Who appends; the same again is no error, and other keys are one.
    reader.open_beside(&fresh, &logs[0], &closer()).await;
    reader.open_beside(&fresh, &logs[0], &closer()).await;
    let mut other = Keys::new(72);
    other.log = fresh.log;
    reader.open_beside(&other, &logs[0], &closer()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::LogTaken);
    let mut fresh_writer = device(&started, &fresh, &fresh.writer).await;
    assert_eq!(fresh_writer.store(&fresh, b"one").await.0, 1);
    // Closed out of the one, on a connection that was there before: no further one.
    editor.close(&logs[0], &closer(), &[]).await;
    settle(&mut editor, &logs[0]).await;
    reader.open_beside(&Keys::new(73), &logs[0], &closer()).await;
    assert_eq!(reader.refused().await.0, ErrorCode::NotAllowed);
    started.server.stop().await;
}

#[tokio::test]
async fn logs_that_are_opened_beside_others_leave_a_quarter_to_tickets() {
    let started = start_with(|config| config.limits.logs = 8).await;
    let first = Keys::new(80);
    let mut client = Client::connect(&started.server)
        .await
        .opened(&first, &started.ticket)
        .await;
    for number in 81..86 {
        client.open_beside(&Keys::new(number), &first, &closer()).await;
    }
    client.open_beside(&Keys::new(86), &first, &closer()).await;
    assert_eq!(client.refused().await.0, ErrorCode::NotStored);
    for number in 86..88 {
        client.open(&Keys::new(number), &started.ticket).await;
    }
    client.open(&Keys::new(88), &started.ticket).await;
    assert_eq!(client.refused().await.0, ErrorCode::NotStored);
    started.server.stop().await;
}
