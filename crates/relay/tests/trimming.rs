//! Letting go of the bytes of old envelopes, at a real server.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;

use common::{Client, Keys, start};
use komuz_relay::{Config, RunningServer, Server};
use komuz_sync::frame::{ClientFrame, ErrorCode, RelayFrame, sign_trimming};
use komuz_sync::seal::bytes::{Chain, EnvelopeId, Signature};
use komuz_sync::seal::chain;
use komuz_sync::seal::sign::SignKey;

/// What the editors have.
fn closer() -> SignKey {
    SignKey::from_secret(&[77; 32])
}

fn keys() -> Keys {
    Keys::new(1)
}

fn words(number: u8) -> Vec<u8> {
    vec![number; 600]
}

fn ids(numbers: impl IntoIterator<Item = u8>) -> Vec<EnvelopeId> {
    numbers
        .into_iter()
        .map(|number| chain::envelope_id(&words(number)))
        .collect()
}

/// The chain after so many envelopes.
fn link(count: u8) -> Chain {
    ids(0..count).into_iter().fold(chain::EMPTY, chain::next)
}

/// A log of ten envelopes.
async fn filled() -> (common::Started, Client) {
    let started = start().await;
    let mut editor = Client::connect(&started.server).await;
    editor.open_closable(&keys(), &closer(), &started.ticket).await;
    editor.register(&keys(), keys().writer.public()).await;
    editor.prove(&keys(), &keys().reader).await;
    editor.prove(&keys(), &keys().writer).await;
    for number in 0..10 {
        assert_eq!(editor.store(&keys(), &words(number)).await.0, u64::from(number) + 1);
    }
    (started, editor)
}

/// Asks the server to let go, as who has this key.
async fn trim(client: &mut Client, closer: &SignKey, seq: u64, chain: Chain, ids: Vec<EnvelopeId>) {
    let signature = sign_trimming(closer, &client.origin, &keys().log, seq, &chain, &ids);
    say_trim(client, seq, chain, ids, signature).await;
}

async fn say_trim(client: &mut Client, seq: u64, chain: Chain, ids: Vec<EnvelopeId>, signature: Signature) {
    let log = keys().log;
    client
        .say(ClientFrame::Trim {
            log,
            seq,
            chain,
            ids,
            signature,
        })
        .await;
}

/// What a Fetch of two is answered with: their numbers, or why not.
async fn fetched(client: &mut Client, numbers: [u8; 2]) -> Vec<Result<u64, ErrorCode>> {
    let (log, ids) = (keys().log, ids(numbers));
    client.say(ClientFrame::Fetch { log, ids }).await;
    let mut answers = Vec::new();
    for _ in numbers {
        answers.push(match client.hear().await {
            RelayFrame::Entry { seq, .. } => Ok(seq),
            RelayFrame::Error { code, .. } => Err(code),
            other => panic!("{other:?}"),
        });
    }
    answers
}

/// What a subscription from a number on is answered with: numbers of entries, of ids and of those without bytes, and how many of the
/// latter are said to be.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    entries: Vec<u64>,
    ids: Vec<u64>,
    gone: Vec<u64>,
    count: u64,
}

async fn told(client: &mut Client, after: u8, ids_only: bool) -> Told {
    let mut told = Told::default();
    client
        .say(ClientFrame::Subscribe {
            log: keys().log,
            after: u64::from(after),
            chain: link(after),
            ids_only,
            leaves: false,
        })
        .await;
    loop {
        match client.hear().await {
            RelayFrame::Entry { seq, bytes, chain, .. } => {
                assert_eq!((bytes, chain), (words(seq as u8 - 1), link(seq as u8)));
                told.entries.push(seq);
            }
            RelayFrame::Ids { first, ids: named, .. } => {
                assert_eq!(named, ids(first as u8 - 1..first as u8 - 1 + named.len() as u8));
                told.ids.extend(first..first + named.len() as u64);
            }
            RelayFrame::Gone { first, ids: named, .. } => {
                assert_eq!(named, ids(first as u8 - 1..first as u8 - 1 + named.len() as u8));
                told.gone.extend(first..first + named.len() as u64);
            }
            RelayFrame::Trimmed { count, .. } => told.count = count,
            RelayFrame::CaughtUp { seq, chain, .. } => {
                assert_eq!((seq, chain), (10, link(10)));
                return told;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A device that knows that bytes may be gone.
async fn reader(server: &RunningServer) -> Client {
    let mut reader = Client::silent(server).await.hello_with(&["trimming"]).await;
    reader.prove(&keys(), &keys().reader).await;
    reader
}

#[tokio::test]
async fn bytes_go_up_to_a_number_and_ids_and_chain_stay() {
    let (started, mut editor) = filled().await;
    trim(&mut editor, &closer(), 6, link(6), Vec::new()).await;
    assert_eq!(fetched(&mut editor, [0, 8]).await, [Err(ErrorCode::NotKept), Ok(9)]);
    let mut member = reader(&started.server).await;
    let (gone, count) = ((1..=6).collect(), 6);
    let expected = Told {
        entries: (7..=10).collect(),
        gone,
        count,
        ..Told::default()
    };
    assert_eq!(told(&mut member, 0, false).await, expected);
    let listed = Told {
        ids: (7..=10).collect(),
        entries: Vec::new(),
        ..expected
    };
    assert_eq!(told(&mut member, 0, true).await, listed);
    let after = told(&mut member, 8, false).await;
    assert_eq!((after.entries, after.gone), (vec![9, 10], Vec::new()));
    // Who knows nothing of that is told ids, and finds out that they are not there.
    let mut older = Client::connect(&started.server).await;
    older.prove(&keys(), &keys().reader).await;
    let of_older = told(&mut older, 0, false).await;
    assert_eq!((of_older.ids, of_older.gone), ((1..=6).collect(), Vec::new()));
    started.server.stop().await;
}

#[tokio::test]
async fn bytes_of_some_go_by_their_ids_and_all_may_be_asked_twice() {
    let (started, mut editor) = filled().await;
    for _ in 0..2 {
        trim(&mut editor, &closer(), 2, link(2), ids([1, 4, 4, 200])).await;
    }
    assert_eq!(fetched(&mut editor, [4, 5]).await, [Err(ErrorCode::NotKept), Ok(6)]);
    let mut member = reader(&started.server).await;
    let told = told(&mut member, 0, false).await;
    assert_eq!((told.gone, told.count), (vec![1, 2, 5], 3));
    started.server.stop().await;
}

#[tokio::test]
async fn nobody_else_can_have_bytes_go_and_no_other_server_can_be_asked_with_the_same_words() {
    let (started, mut editor) = filled().await;
    let (log, chain) = (keys().log, link(10));
    let elsewhere = sign_trimming(&closer(), "https://other.example", &log, 10, &chain, &[]);
    let by_member = sign_trimming(&keys().writer, &editor.origin, &log, 10, &chain, &[]);
    let of_less = sign_trimming(&closer(), &editor.origin, &log, 9, &chain, &[]);
    for signature in [elsewhere, by_member, of_less] {
        say_trim(&mut editor, 10, chain, Vec::new(), signature).await;
        assert_eq!(editor.refused().await.0, ErrorCode::NotAllowed);
    }
    // Nor where the chain is another: it is not what was read.
    for (seq, chain) in [(10, link(9)), (11, link(11)), (u64::MAX, link(3))] {
        trim(&mut editor, &closer(), seq, chain, Vec::new()).await;
        assert_eq!(editor.refused().await.0, ErrorCode::NotStored);
    }
    let mut member = reader(&started.server).await;
    assert_eq!(told(&mut member, 0, false).await.entries, (1..=10).collect::<Vec<_>>());
    started.server.stop().await;
}

#[tokio::test]
async fn who_brings_bytes_back_is_told_the_number_that_they_have_and_they_are_there_after_a_restart() {
    let (started, mut editor) = filled().await;
    trim(&mut editor, &closer(), 10, link(10), Vec::new()).await;
    assert_eq!(editor.store(&keys(), &words(3)).await, (4, link(4)));
    let common::Started { server, data, .. } = started;
    server.stop().await;
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), data.path()))
        .await
        .unwrap();
    let mut member = reader(&server).await;
    let told = told(&mut member, 0, false).await;
    assert_eq!((told.entries, told.count), (vec![4], 9));
    server.stop().await;
}
