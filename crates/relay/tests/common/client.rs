//! A client that speaks frames to a server and nothing else.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use komuz_sync::frame::{
    ClientFrame, ErrorCode, MAX_ENTRY, RelayFrame, sign_challenge, sign_closing, sign_registration,
};
use komuz_sync::seal::bytes::{Chain, EnvelopeId, EpochId, LogId, Nonce, PublicKey};
use komuz_sync::seal::chain;
use komuz_sync::seal::sign::SignKey;
use tokio_tungstenite::tungstenite::{Error, Message};

/// The keys of one log, made from a number.
pub struct Keys {
    pub log: LogId,
    pub epoch: EpochId,
    pub reader: SignKey,
    pub registrar: SignKey,
    pub writer: SignKey,
}

impl Keys {
    pub fn new(n: u8) -> Self {
        let key = |what: u8| SignKey::from_secret(&[n ^ (what << 6); 32]);
        Self {
            log: LogId([n; 32]),
            epoch: EpochId([n ^ 0xaa; 32]),
            reader: key(1),
            registrar: key(2),
            writer: key(3),
        }
    }
}

/// Where a client's messages go.
pub type Up = Pin<Box<dyn Sink<Message, Error = Error> + Send>>;
/// Where a server's messages come from.
pub type Down = Pin<Box<dyn Stream<Item = Result<Message, Error>> + Send>>;

/// A connection to a server, past its Hello.
pub struct Client {
    up: Up,
    down: Down,
    pub origin: String,
    pub mine: Nonce,
    pub theirs: Nonce,
}

impl Client {
    /// Connects to a server's origin without a word.
    pub async fn dial(origin: &str) -> Self {
        let address = format!("{}/sync", origin.replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let (up, down) = socket.split();
        Self::over(Box::pin(up), Box::pin(down))
    }

    /// A connection over whatever carries its messages.
    pub fn over(up: Up, down: Down) -> Self {
        Self {
            up,
            down,
            origin: String::new(),
            mine: Nonce([5; 32]),
            theirs: Nonce([0; 32]),
        }
    }

    /// Says Hello and is challenged.
    pub async fn hello(self) -> Self {
        self.hello_with(&[]).await
    }

    /// The same, as a client that has these features.
    pub async fn hello_with(mut self, features: &[&str]) -> Self {
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        let nonce = self.mine;
        self.say(ClientFrame::Hello { nonce, features }).await;
        let RelayFrame::Challenge { origin, nonce, .. } = self.hear().await else {
            panic!("no challenge")
        };
        (self.origin, self.theirs) = (origin, nonce);
        self
    }

    /// Follows a log, and reads nothing while another stores more there than the sockets' buffers hold.
    pub async fn is_flooded(&mut self, by: &mut Self, keys: &Keys) {
        self.subscribe(keys, 0, chain::EMPTY).await;
        assert!(matches!(self.hear().await, RelayFrame::CaughtUp { .. }));
        let mut envelope = vec![0; MAX_ENTRY];
        for n in 0..60u8 {
            envelope[0] = n;
            by.store(keys, &envelope).await;
        }
    }

    /// That one was dropped before all of that was sent, and the other goes on.
    pub async fn was_dropped(mut self, by: &mut Self, keys: &Keys) {
        let mut heard = 0;
        while self.try_hear().await.is_some() {
            heard += 1;
        }
        assert!(heard < 60, "all of it was sent");
        assert_eq!(by.store(keys, b"after").await.0, 61);
    }

    /// Proves reader and writer of a log.
    pub async fn proved(mut self, keys: &Keys) -> Self {
        self.prove(keys, &keys.reader).await;
        self.prove(keys, &keys.writer).await;
        self
    }

    pub async fn say(&mut self, frame: ClientFrame) {
        self.raw(Message::Binary(frame.encode().into())).await;
    }

    pub async fn raw(&mut self, message: Message) {
        self.up.send(message).await.unwrap();
    }

    /// The next frame; waits as long as a test may.
    pub async fn hear(&mut self) -> RelayFrame {
        self.try_hear().await.expect("the server hung up")
    }

    /// The next frame, or `None` when the connection has ended.
    pub async fn try_hear(&mut self) -> Option<RelayFrame> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.down.next());
            match next.await.expect("nothing came") {
                Some(Ok(Message::Binary(bytes))) => return Some(RelayFrame::decode(&bytes).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("unexpected message {other:?}"),
            }
        }
    }

    pub async fn prove(&mut self, keys: &Keys, key: &SignKey) {
        let signature = sign_challenge(key, &self.origin, &keys.log, &keys.epoch, &self.mine, &self.theirs);
        self.say(ClientFrame::Auth {
            log: keys.log,
            key: key.public(),
            signature,
        })
        .await;
    }

    pub async fn open(&mut self, keys: &Keys, ticket: &str) {
        let (reader, registrar) = (keys.reader.public(), keys.registrar.public());
        self.say(ClientFrame::Open {
            log: keys.log,
            ticket: ticket.to_owned(),
            reader,
            registrar,
            epoch: keys.epoch,
        })
        .await;
    }

    /// Opens a log and says who may close it.
    pub async fn open_closable(&mut self, keys: &Keys, closer: &SignKey, ticket: &str) {
        let (reader, registrar) = (keys.reader.public(), keys.registrar.public());
        self.say(ClientFrame::OpenClosable {
            log: keys.log,
            ticket: ticket.to_owned(),
            reader,
            registrar,
            epoch: keys.epoch,
            closer: closer.public(),
        })
        .await;
    }

    /// Opens a log for who appends to another one.
    pub async fn open_beside(&mut self, keys: &Keys, beside: &Keys, closer: &SignKey) {
        self.say(ClientFrame::OpenBeside {
            log: keys.log,
            beside: beside.log,
            reader: keys.reader.public(),
            registrar: keys.registrar.public(),
            epoch: keys.epoch,
            closer: closer.public(),
        })
        .await;
    }

    /// Leaves these keys alone in the log's epoch.
    pub async fn close(&mut self, keys: &Keys, closer: &SignKey, stay: &[&SignKey]) {
        let mut stay: Vec<PublicKey> = stay.iter().map(|key| key.public()).collect();
        stay.sort_unstable();
        self.say(ClientFrame::Close {
            log: keys.log,
            signature: sign_closing(closer, &keys.epoch, &stay),
            keys: stay,
        })
        .await;
    }

    pub async fn register(&mut self, keys: &Keys, key: PublicKey) {
        let signature = sign_registration(&keys.registrar, &keys.log, &key);
        self.say(ClientFrame::Register {
            log: keys.log,
            key,
            signature,
        })
        .await;
    }

    /// Opens a log, registers its writer, proves both keys; all of it is done when this returns.
    pub async fn opened(mut self, keys: &Keys, ticket: &str) -> Self {
        self.open(keys, ticket).await;
        self.register(keys, keys.writer.public()).await;
        self = self.proved(keys).await;
        // Nothing but errors answers those frames. This one is answered, after them, and does nothing.
        self.subscribe(keys, 0, Chain([9; 32])).await;
        assert!(matches!(self.hear().await, RelayFrame::Rewound { .. }));
        self
    }

    pub async fn append(&mut self, keys: &Keys, bytes: &[u8]) -> EnvelopeId {
        self.say(ClientFrame::Append {
            log: keys.log,
            bytes: bytes.to_vec(),
        })
        .await;
        chain::envelope_id(bytes)
    }

    /// Appends; false when the server is gone.
    pub async fn try_append(&mut self, keys: &Keys, bytes: &[u8]) -> bool {
        let (log, bytes) = (keys.log, bytes.to_vec());
        let frame = ClientFrame::Append { log, bytes }.encode();
        self.up.send(Message::Binary(frame.into())).await.is_ok()
    }

    /// Appends and waits for the acknowledgement.
    pub async fn store(&mut self, keys: &Keys, bytes: &[u8]) -> (u64, Chain) {
        let id = self.append(keys, bytes).await;
        match self.hear().await {
            RelayFrame::Ack {
                log,
                id: acknowledged,
                seq,
                chain,
            } if log == keys.log && acknowledged == id => (seq, chain),
            other => panic!("no acknowledgement but {other:?}"),
        }
    }

    pub async fn subscribe(&mut self, keys: &Keys, after: u64, chain: Chain) {
        self.say(ClientFrame::Subscribe {
            log: keys.log,
            after,
            chain,
            ids_only: false,
            leaves: false,
        })
        .await;
    }

    /// The next frame must be an error; its code and sentence.
    pub async fn refused(&mut self) -> (ErrorCode, String) {
        match self.hear().await {
            RelayFrame::Error { code, sentence, .. } => (code, sentence),
            other => panic!("no error but {other:?}"),
        }
    }
}

/// The chain after these envelopes.
pub fn chain_of<'a>(envelopes: impl IntoIterator<Item = &'a [u8]>) -> Chain {
    envelopes
        .into_iter()
        .fold(chain::EMPTY, |link, bytes| chain::next(link, chain::envelope_id(bytes)))
}
