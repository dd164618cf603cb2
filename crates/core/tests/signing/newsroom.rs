//! Two outlets with their keys, an edition of a story and its documents.

use komuz_core::document::{DocKind, Document};
use komuz_core::publish::{self, Fronts, Source, ToSign};
use komuz_core::registers;
use komuz_core::signoffs::{self, Log, Proposal, State, What};
use komuz_release::jws::Signature;
use komuz_release::keys::SigningKey;
use komuz_release::masthead::Outlet;
use komuz_release::notice::Kind;
use komuz_release::release::Head;
use komuz_release::story::{self, Block, BlockKind, Byline, Citation, Marks, Place, STORY_VERSION, Span, Story};

pub const FIRST: &str = "2019-11-21T06:00:00Z";

/// The release key number `n`.
pub fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

/// An outlet with the keys `n` and `n + 1`.
pub fn outlet(id: &str, n: u8) -> Outlet {
    Outlet {
        id: id.to_owned(),
        name: id.to_uppercase(),
        domain: format!("{id}.example"),
        keys: vec![key(n).public(), key(n + 1).public()],
        freshness: None,
    }
}

pub fn outlets() -> Vec<Outlet> {
    vec![outlet("kloop", 10), outlet("occrp", 20)]
}

pub fn block(id: &str, text: &str) -> Block {
    let text = vec![Span {
        text: text.to_owned(),
        marks: Marks::default(),
    }];
    Block {
        id: id.to_owned(),
        kind: BlockKind::Paragraph,
        text,
    }
}

pub fn citation(id: &str, source: &str, block: &str, start: u32, end: u32) -> Citation {
    let place = |offset| Place {
        block: block.to_owned(),
        offset,
    };
    Citation {
        id: id.to_owned(),
        source: source.to_owned(),
        locator: String::new(),
        quote: String::new(),
        start: place(start),
        end: place(end),
    }
}

/// One edition, its registers and its sign-off log, on one device.
pub struct Desk {
    pub story: Story,
    pub fronts: Fronts,
    pub registers: Document,
    pub signoffs: Document,
    pub log: Log,
}

impl Desk {
    /// A story of two paragraphs with one citation, and a source that nobody cites.
    pub fn new() -> Self {
        let mut registers = Document::new(DocKind::Registers, &[1; 16]);
        for (id, title) in [("s-court", "A ruling"), ("s-secret", "Who told us")] {
            let source = story::Source {
                kind: "webpage".to_owned(),
                title: title.to_owned(),
                ..story::Source::default()
            };
            registers::save_source(&mut registers, &source, id).expect("saved");
        }
        let story = Story {
            komuz: STORY_VERSION,
            lang: "en".to_owned(),
            headline: "The customs".to_owned(),
            summary: String::new(),
            byline: vec![Byline {
                name: "Kloop team".to_owned(),
                outlet: Some("kloop".to_owned()),
            }],
            blocks: vec![
                block("3@session-of-aida", "The court froze the accounts."),
                block("9@session-of-bakyt", "Nobody answered."),
            ],
            citations: vec![citation("c-77@session", "s-court", "3@session-of-aida", 4, 9)],
            sources: Vec::new(),
        };
        let mut log = Log::default();
        log.among(&outlets());
        Self {
            story,
            fronts: Fronts::new(),
            registers,
            signoffs: Document::new(DocKind::Signoffs, &[1; 16]),
            log,
        }
    }

    /// Changes a word of the second paragraph.
    pub fn edit(&mut self, text: &str) {
        self.story.blocks[1] = block("9@session-of-bakyt", text);
    }

    pub fn source(&self) -> Source<'_> {
        Source {
            story: &self.story,
            fronts: &self.fronts,
            body: &[],
            registers: &self.registers,
            registers_at: None,
        }
    }

    pub fn build(&self, published: &str, reason: &str) -> Proposal {
        let head = Head {
            story: "customs".to_owned(),
            published: published.to_owned(),
            editions: vec!["ky".to_owned()],
            kind: Kind::Correction,
            reason: reason.to_owned(),
        };
        let masthead = publish::masthead(&outlets(), &self.log);
        publish::build(self.source(), &head, masthead, &self.log, "kloop").expect("it can be published")
    }

    /// Proposes the story as it stands.
    pub fn propose(&mut self, published: &str, reason: &str) -> String {
        let proposal = self.build(published, reason);
        let hash = signoffs::propose(&mut self.signoffs, &proposal).expect("proposed");
        self.log.update(&self.signoffs);
        hash
    }

    /// One outlet signs a proposal with key `n`, as its page would: it sees nothing but the inputs.
    pub fn sign(&mut self, release: &str, outlet: &str, n: u8) {
        let proposal = self.log.proposal(release).expect("proposed").clone();
        let asked = publish::to_sign(&proposal, &self.log, outlet, &key(n).public());
        let signatures = signed(&asked, outlet, n);
        signoffs::sign_proposal(&mut self.signoffs, &self.log, release, &signatures).expect("fits");
        self.log.update(&self.signoffs);
    }

    pub fn publish(&mut self, release: &str) {
        signoffs::mark_published(&mut self.signoffs, &self.log, release).expect("signed by all");
        self.log.update(&self.signoffs);
    }

    pub fn state(&self) -> State {
        self.log
            .state(|proposal| publish::rebuild(self.source(), proposal, &self.log).ok())
    }
}

pub fn signed(asked: &[ToSign], outlet: &str, n: u8) -> Vec<(What, Signature)> {
    asked
        .iter()
        .map(|ask| {
            let bytes = key(n).sign(ask.input.as_bytes());
            (
                ask.what,
                Signature {
                    outlet: outlet.to_owned(),
                    key: key(n).public(),
                    bytes,
                },
            )
        })
        .collect()
}
