//! The same frames without a WebSocket: a body that does not end, and posts.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;

use std::time::Duration;

use common::plain::{Down, post, records};
use common::{Client, Keys, Started, chain_of, http, start, start_with};
use komuz_sync::frame::{ClientFrame, ErrorCode, MAX_ENTRY, MAX_FRAME, RelayFrame};
use komuz_sync::seal::bytes::Nonce;
use komuz_sync::seal::chain;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connects without WebSocket, opens a log, registers its writer, proves both keys.
async fn founder(started: &Started, keys: &Keys) -> Client {
    Client::plain(&started.server)
        .await
        .hello()
        .await
        .opened(keys, &started.ticket)
        .await
}

/// An Append's bytes.
fn append(keys: &Keys, bytes: &[u8]) -> Vec<u8> {
    let (log, bytes) = (keys.log, bytes.to_vec());
    ClientFrame::Append { log, bytes }.encode()
}

fn hello() -> Vec<u8> {
    let (nonce, features) = (Nonce([5; 32]), Vec::new());
    records([&ClientFrame::Hello { nonce, features }.encode()[..]])
}

/// The next frame; what the server asks in between is passed over.
async fn frame(down: &mut Down) -> RelayFrame {
    loop {
        let record = down.record().await.expect("the server hung up");
        if !record.is_empty() {
            return RelayFrame::decode(&record).unwrap();
        }
    }
}

#[tokio::test]
async fn one_with_a_websocket_and_one_without_read_what_the_other_appends() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut plain = founder(&started, &keys).await;
    let mut socket = Client::member(&started.server, &keys).await;
    for client in [&mut plain, &mut socket] {
        client.subscribe(&keys, 0, chain::EMPTY).await;
        assert!(matches!(client.hear().await, RelayFrame::CaughtUp { seq: 0, .. }));
    }
    plain.append(&keys, b"one").await;
    assert!(matches!(plain.hear().await, RelayFrame::Ack { seq: 1, .. }));
    let RelayFrame::Entry {
        seq: 1, chain, bytes, ..
    } = socket.hear().await
    else {
        panic!("no entry")
    };
    assert_eq!((bytes, chain), (b"one".to_vec(), chain_of([&b"one"[..]])));
    socket.append(&keys, b"two").await;
    assert!(matches!(plain.hear().await, RelayFrame::Entry { seq: 2, .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn any_page_may_open_one_and_nothing_in_between_may_keep_its_body_back() {
    let started = start().await;
    let down = Down::open(started.server.address).await;
    for header in [
        "access-control-allow-origin: *",
        "cache-control: no-store, no-transform",
        "content-type: application/octet-stream",
        "x-accel-buffering: no",
    ] {
        assert!(down.head.contains(header), "{}", down.head);
    }
    let taken = post(started.server.address, &down.name, 1, &hello()).await;
    assert_eq!((taken.status, taken.header("access-control-allow-origin")), (204, "*"));
    let asked = http::ask(started.server.address, "OPTIONS", "/sync/open", &[], b"").await;
    assert_eq!(asked.header("access-control-allow-methods"), "POST, OPTIONS");
    drop(down);
    started.server.stop().await;
}

#[tokio::test]
async fn a_post_may_come_in_pieces_and_bring_many_frames() {
    let started = start().await;
    let keys = Keys::new(1);
    drop(founder(&started, &keys).await);
    let (mut client, address, name) = Client::posting(&started.server, &keys).await;
    let frames: Vec<Vec<u8>> = (0..50u32).map(|n| append(&keys, &n.to_be_bytes())).collect();
    let body = records(frames.iter().map(Vec::as_slice));
    // Hello and two proofs were the posts before.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /sync/{name}/4 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    for piece in [head.as_bytes(), &body[..3], &body[3..1000], &body[1000..]] {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    for expected in 1..=50 {
        let RelayFrame::Ack { seq, .. } = client.hear().await else {
            panic!("no acknowledgement")
        };
        assert_eq!(seq, expected);
    }
    started.server.stop().await;
}

#[tokio::test]
async fn what_broke_off_was_not_taken_and_comes_again_under_its_number() {
    let started = start().await;
    let keys = Keys::new(1);
    drop(founder(&started, &keys).await);
    let (mut client, address, name) = Client::posting(&started.server, &keys).await;
    let body = records([&append(&keys, b"one")[..], &append(&keys, b"two")]);
    let mut broken = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /sync/{name}/4 HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    broken.write_all(head.as_bytes()).await.unwrap();
    // One whole record and a half.
    broken.write_all(&body[..body.len() - 20]).await.unwrap();
    drop(broken);
    assert_eq!(post(address, &name, 4, &body).await.status, 204);
    for expected in 1..=2 {
        assert!(matches!(client.hear().await, RelayFrame::Ack { seq, .. } if seq == expected));
    }
    started.server.stop().await;
}

#[tokio::test]
async fn posts_that_overtake_each_other_are_taken_in_their_order_and_once() {
    let started = start().await;
    let keys = Keys::new(1);
    drop(founder(&started, &keys).await);
    let (mut client, address, name) = Client::posting(&started.server, &keys).await;
    client.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(client.hear().await, RelayFrame::CaughtUp { seq: 0, .. }));
    let bring = |number: u64| {
        let (name, body) = (name.clone(), records([&append(&keys, &number.to_be_bytes())[..]]));
        tokio::spawn(async move { post(address, &name, number, &body).await.status })
    };
    // The last first, and each twice.
    let posts: Vec<_> = (5..=12)
        .rev()
        .flat_map(|number| [bring(number), bring(number)])
        .collect();
    for taken in posts {
        assert_eq!(taken.await.unwrap(), 204);
    }
    let mut ids = Vec::new();
    for _ in 5..=12 {
        let RelayFrame::Ack { seq, id, .. } = client.hear().await else {
            panic!("no acknowledgement")
        };
        assert_eq!(seq, ids.len() as u64 + 1);
        ids.push(id);
    }
    let expected = (5..=12u64).map(|number| chain::envelope_id(&number.to_be_bytes()));
    assert_eq!(ids, expected.collect::<Vec<_>>());
    // One more is the ninth, not the seventeenth.
    bring(13).await.unwrap();
    assert!(matches!(client.hear().await, RelayFrame::Ack { seq: 9, .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn a_post_that_waits_for_one_that_does_not_come_is_sent_back() {
    let started = start_with(|config| config.limits.request = Duration::from_millis(100)).await;
    let mut down = Down::open(started.server.address).await;
    let (address, name) = (down.address, down.name.clone());
    assert_eq!(post(address, &name, 2, b"").await.status, 409);
    // So far ahead it does not even wait.
    assert_eq!(post(address, &name, 10, b"").await.status, 409);
    assert_eq!(post(address, &name, 1, &hello()).await.status, 204);
    assert_eq!(post(address, &name, 2, b"").await.status, 204);
    assert!(matches!(frame(&mut down).await, RelayFrame::Challenge { .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn a_name_that_is_none_opens_nothing() {
    let started = start().await;
    let down = Down::open(started.server.address).await;
    let address = down.address;
    let other = Down::open(address).await;
    assert_ne!(down.name, other.name);
    assert!(down.name.len() == 32 && down.name.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let guessed = format!("{:0>32}", "1");
    for name in [&guessed[..], "", "open", &down.name.to_uppercase(), &down.name[1..]] {
        let answer = post(address, name, 1, &hello()).await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text());
    }
    for number in ["0", "-1", "one", "+1", "01"] {
        let path = format!("/sync/{}/{number}", down.name);
        assert_eq!(
            http::ask(address, "POST", &path, &[], &hello()).await.status,
            404,
            "{number}"
        );
    }
    assert_eq!(http::get(address, "/sync/open").await.status, 405);
    started.server.stop().await;
}

#[tokio::test]
async fn what_is_no_post_is_refused_and_takes_nobodys_turn() {
    let started = start().await;
    let mut down = Down::open(started.server.address).await;
    let (address, name) = (down.address, down.name.clone());
    for bad in [&[0, 0, 0][..], &[0, 0, 0, 0], &[0, 0, 0, 9, 1, 2], &[255; 40]] {
        assert_eq!(post(address, &name, 1, bad).await.status, 400, "{bad:?}");
    }
    let oversized = records([&vec![1; MAX_FRAME + 1][..]]);
    assert_eq!(post(address, &name, 1, &oversized).await.status, 413);
    assert_eq!(post(address, &name, 1, &hello()).await.status, 204);
    assert!(matches!(frame(&mut down).await, RelayFrame::Challenge { .. }));
    started.server.stop().await;
}

#[tokio::test]
async fn the_largest_envelope_goes_both_ways() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = founder(&started, &keys).await;
    let largest = vec![7; MAX_ENTRY];
    client.store(&keys, &largest).await;
    let mut reader = Client::plain(&started.server).await.hello().await.proved(&keys).await;
    reader.subscribe(&keys, 0, chain::EMPTY).await;
    assert!(matches!(reader.hear().await, RelayFrame::Entry { bytes, .. } if bytes == largest));
    started.server.stop().await;
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_ends_the_connection_as_it_ends_a_websocket() {
    let started = start().await;
    let mut down = Down::open(started.server.address).await;
    let (address, name) = (down.address, down.name.clone());
    assert_eq!(post(address, &name, 1, &records([&b"nonsense"[..]])).await.status, 204);
    let RelayFrame::Error { code, .. } = frame(&mut down).await else {
        panic!("no error")
    };
    assert_eq!(code, ErrorCode::Version);
    assert_eq!(down.record().await, None);
    while post(address, &name, 2, b"").await.status != 404 {
        tokio::task::yield_now().await;
    }
    started.server.stop().await;
}

#[tokio::test]
async fn who_proves_nothing_does_not_stay() {
    let started = start_with(|config| config.limits.proof = Duration::from_millis(50)).await;
    let mut down = Down::open(started.server.address).await;
    assert!(matches!(
        frame(&mut down).await,
        RelayFrame::Error {
            code: ErrorCode::NoProof,
            ..
        }
    ));
    assert_eq!(down.record().await, None);
    started.server.stop().await;
}

#[tokio::test]
async fn silence_is_asked_about_and_then_ended() {
    let started = start_with(|config| {
        config.limits.idle = Duration::from_millis(200);
        config.limits.heartbeat = Duration::from_millis(50);
    })
    .await;
    let mut silent = Down::open(started.server.address).await;
    let mut answering = Down::open(started.server.address).await;
    let (address, name) = (answering.address, answering.name.clone());
    let ended = tokio::spawn(async move {
        let mut asked = 0;
        while let Some(record) = silent.record().await {
            assert_eq!(record, b"");
            asked += 1;
        }
        asked
    });
    let mut number = 1;
    while !ended.is_finished() {
        assert_eq!(answering.record().await.expect("the one who answers was ended"), b"");
        assert_eq!(post(address, &name, number, b"").await.status, 204);
        number += 1;
    }
    assert!(ended.await.unwrap() >= 4, "it was asked at each beat of the heart");
    started.server.stop().await;
}

#[tokio::test]
async fn who_hangs_up_is_gone_at_once() {
    let started = start().await;
    let down = Down::open(started.server.address).await;
    let (address, name) = (down.address, down.name.clone());
    assert_eq!(post(address, &name, 1, b"").await.status, 204);
    drop(down);
    let gone = async {
        // A number whose turn it is never again, so that this asks and brings nothing.
        while post(address, &name, 1, b"").await.status != 404 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    started.server.stop().await;
}

#[tokio::test]
async fn there_are_as_many_as_there_may_be_and_their_places_come_back() {
    let started = start_with(|config| config.limits.streams = 2).await;
    let address = started.server.address;
    let (one, two) = (Down::open(address).await, Down::open(address).await);
    let refused = Down::ask(address).await;
    assert!(refused.head.starts_with("http/1.1 503"), "{}", refused.head);
    // By WebSocket there is room, and those who are in are served.
    Client::connect(&started.server).await;
    assert_eq!(post(address, &two.name, 1, &hello()).await.status, 204);
    drop(one);
    let again = async {
        while !Down::ask(address).await.head.starts_with("http/1.1 200") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.unwrap();
    started.server.stop().await;
}

#[tokio::test]
async fn a_reader_who_takes_nothing_is_dropped_and_disturbs_nobody() {
    let started = start_with(|config| config.limits.send = Duration::from_millis(300)).await;
    let keys = Keys::new(1);
    let mut writer = Client::founder(&started, &keys).await;
    let (mut stuck, address, name) = Client::posting(&started.server, &keys).await;
    stuck.is_flooded(&mut writer, &keys).await;
    while post(address, &name, 5, b"").await.status != 404 {
        tokio::task::yield_now().await;
    }
    stuck.was_dropped(&mut writer, &keys).await;
    started.server.stop().await;
}

#[tokio::test]
async fn a_stop_answers_what_was_taken_and_ends_the_body() {
    let started = start().await;
    let keys = Keys::new(1);
    let mut client = founder(&started, &keys).await;
    client.append(&keys, b"one").await;
    let stopping = tokio::spawn(started.server.stop());
    assert!(matches!(client.hear().await, RelayFrame::Ack { seq: 1, .. }));
    assert_eq!(client.try_hear().await, None);
    stopping.await.unwrap();
}
