//! After any updates a checker has found what a new one finds.

mod common;

use common::*;
use komuz_dossier::Dossier;
use komuz_dossier::checker::{Checker, Update};
use komuz_dossier::claim::{Answered, Backed, Checked, Claim, Evidence, Verdict};
use komuz_dossier::edition::{Front, Link};
use komuz_dossier::entity::Entity;
use komuz_dossier::finding::{Check, Severity};
use komuz_dossier::reply::{Outcome, Reply};
use komuz_dossier::source::{Confidential, Record, State};
use komuz_release::story::{Block, Byline};
use proptest::prelude::*;

const TEXTS: [&str; 6] = [
    "",
    "He owned the bank. Nobody knew.",
    "Aibek Tokto spoke; «Кат» came.",
    "The bank was his. 👩🏽‍⚖️ said so, and the court agreed.",
    "One.",
    "He owned the bank.",
];

#[derive(Debug, Clone)]
enum Step {
    Text(usize, usize),
    Add(usize, usize),
    Remove(usize),
    Move(usize, usize),
    Cite(usize, usize, u32, u32),
    Uncite(usize),
    Claim(usize, usize, u32, u32, u8),
    Unclaim(usize),
    Origin(usize, usize, u8),
    Confide(usize),
    Name(bool),
    Ask(usize, u8),
    Answer(usize, u32),
    Link(usize, usize, usize),
    Original(usize, usize),
    Ask4(u8),
    Off(usize, u8),
    Day(u8),
    Headline(usize),
    Front(usize, usize),
    Byline(bool),
    Back(usize, usize),
    Over(usize, usize, usize, u32),
    Quote(usize, usize),
    Sources(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    let at = 0usize..8;
    let text = 0..TEXTS.len();
    let unit = 0u32..40;
    prop_oneof![
        4 => (at.clone(), text.clone()).prop_map(|(a, b)| Step::Text(a, b)),
        2 => (at.clone(), text.clone()).prop_map(|(a, b)| Step::Add(a, b)),
        1 => at.clone().prop_map(Step::Remove),
        2 => (at.clone(), at.clone()).prop_map(|(a, b)| Step::Move(a, b)),
        4 => (at.clone(), at.clone(), unit.clone(), unit.clone()).prop_map(|(a, b, c, d)| Step::Cite(a, b, c, d)),
        1 => at.clone().prop_map(Step::Uncite),
        4 => (at.clone(), at.clone(), unit.clone(), unit.clone(), 0u8..4).prop_map(|(a, b, c, d, e)| Step::Claim(a, b, c, d, e)),
        1 => at.clone().prop_map(Step::Unclaim),
        2 => (at.clone(), at.clone(), 0u8..4).prop_map(|(a, b, c)| Step::Origin(a, b, c)),
        1 => at.clone().prop_map(Step::Confide),
        1 => any::<bool>().prop_map(Step::Name),
        1 => (at.clone(), 0u8..4).prop_map(|(a, b)| Step::Ask(a, b)),
        1 => (at.clone(), unit.clone()).prop_map(|(a, b)| Step::Answer(a, b)),
        1 => (at.clone(), at.clone(), text.clone()).prop_map(|(a, b, c)| Step::Link(a, b, c)),
        1 => (at.clone(), text.clone()).prop_map(|(a, b)| Step::Original(a, b)),
        1 => (1u8..4).prop_map(Step::Ask4),
        1 => (0..Check::ALL.len(), 0u8..3).prop_map(|(a, b)| Step::Off(a, b)),
        1 => (1u8..28).prop_map(Step::Day),
        1 => text.clone().prop_map(Step::Headline),
        1 => (at.clone(), text.clone()).prop_map(|(a, b)| Step::Front(a, b)),
        1 => any::<bool>().prop_map(Step::Byline),
        1 => (text.clone(), at.clone()).prop_map(|(a, b)| Step::Back(a, b)),
        2 => (at.clone(), at.clone(), at.clone(), unit).prop_map(|(a, b, c, d)| Step::Over(a, b, c, d)),
        1 => (at.clone(), text).prop_map(|(a, b)| Step::Quote(a, b)),
        1 => at.prop_map(Step::Sources),
    ]
}

struct World {
    dossier: Dossier,
    today: String,
    made: usize,
}

impl World {
    fn block(&self, at: usize) -> String {
        let blocks = &self.dossier.story.blocks;
        blocks
            .get(at % blocks.len().max(1))
            .map_or("gone".to_owned(), |block| block.id.clone())
    }

    fn order(&self) -> Option<Vec<String>> {
        Some(self.dossier.story.blocks.iter().map(|block| block.id.clone()).collect())
    }

    /// Changes the dossier, and says how.
    fn step(&mut self, step: &Step) -> Update {
        let mut update = Update::default();
        let count = self.dossier.story.blocks.len();
        match *step {
            Step::Text(at, text) if count > 0 => {
                let block = paragraph(&self.block(at), TEXTS[text]);
                self.dossier.story.blocks[at % count] = block.clone();
                update.blocks.push(block);
            }
            Step::Text(..) => {}
            Step::Add(at, text) => {
                self.made += 1;
                let block: Block = paragraph(&format!("n-{}", self.made), TEXTS[text]);
                self.dossier.story.blocks.insert(at % (count + 1), block.clone());
                update.blocks.push(block);
                update.order = self.order();
            }
            Step::Remove(at) if count > 1 => {
                self.dossier.story.blocks.remove(at % count);
                update.order = self.order();
            }
            Step::Move(from, to) if count > 0 => {
                let block = self.dossier.story.blocks.remove(from % count);
                self.dossier.story.blocks.insert(to % count, block);
                update.order = self.order();
            }
            Step::Remove(_) | Step::Move(..) => {}
            Step::Cite(at, source, start, end) => {
                self.made += 1;
                let (block, id) = (self.block(at), format!("c-{}", self.made));
                let cited = citation(&id, &format!("s-{source}"), &block, start, end);
                self.dossier.story.citations.push(cited);
                update.citations = Some(self.dossier.story.citations.clone());
            }
            Step::Over(from, to, source, offset) => {
                self.made += 1;
                let mut over = citation(
                    &format!("c-{}", self.made),
                    &format!("s-{source}"),
                    &self.block(from),
                    offset,
                    0,
                );
                over.end = place(&self.block(to), offset / 2);
                over.locator = TEXTS[to % TEXTS.len()].to_owned();
                self.dossier.story.citations.push(over);
                update.citations = Some(self.dossier.story.citations.clone());
            }
            Step::Quote(at, text) => {
                let citations = &mut self.dossier.story.citations;
                let count = citations.len().max(1);
                if let Some(citation) = citations.get_mut(at % count) {
                    citation.quote = TEXTS[text].to_owned();
                }
                update.citations = Some(citations.clone());
            }
            Step::Front(outlet, text) => {
                let front = Front {
                    headline: TEXTS[text].to_owned(),
                    note: TEXTS[outlet % TEXTS.len()].to_owned(),
                    ..Front::default()
                };
                self.dossier.dossier.fronts.insert(format!("o-{}", outlet % 2), front);
                update.fronts = Some(self.dossier.dossier.fronts.clone());
            }
            Step::Byline(named) => {
                let name = if named { "Aibek Tokto" } else { "Ada" }.to_owned();
                self.dossier.story.byline = vec![Byline { name, outlet: None }];
                update.byline = Some(self.dossier.story.byline.clone());
            }
            Step::Back(text, claim) => {
                let backed = Backed {
                    words: TEXTS[text].to_owned(),
                    claims: [(format!("k-{claim}"), true)].into(),
                    ..Backed::default()
                };
                self.dossier.dossier.backed.insert("headline".to_owned(), backed);
                update.backed = Some(self.dossier.dossier.backed.clone());
            }
            Step::Uncite(at) => {
                let citations = &mut self.dossier.story.citations;
                if !citations.is_empty() {
                    citations.remove(at % citations.len());
                }
                update.citations = Some(citations.clone());
            }
            Step::Claim(id, at, start, end, how) => {
                let block = self.block(at);
                let mut claim = Claim {
                    span: span(&block, start, end).filter(|_| how != 3),
                    ..Claim::default()
                };
                // To the end of another block.
                if let (1, Some(span)) = (how, claim.span.as_mut()) {
                    span.end = place(&self.block(at + 1), end);
                }
                claim.about.insert(format!("e-{}", how % 2), true);
                let evidence = Evidence {
                    source: format!("s-{}", start % 8),
                    ..Evidence::default()
                };
                claim.evidence.insert("x-1".to_owned(), evidence);
                claim.checked = (how > 0).then(|| Checked {
                    words: TEXTS[start as usize % TEXTS.len()].to_owned(),
                    verdict: if end % 2 == 0 {
                        Verdict::Holds
                    } else {
                        Verdict::Disputed
                    },
                    ..Checked::default()
                });
                let id = format!("k-{id}");
                self.dossier.dossier.claims.insert(id.clone(), claim.clone());
                update.claims.insert(id, Some(claim));
            }
            Step::Unclaim(id) => {
                let id = format!("k-{id}");
                self.dossier.dossier.claims.remove(&id);
                update.claims.insert(id, None);
            }
            Step::Origin(of, to, state) => {
                let mut record: Record = origins(&[&format!("s-{to}")]);
                record.reliability.state =
                    [State::Verified, State::Withdrawn, State::Disputed, State::Unverified][usize::from(state)];
                record.party = format!("e-{}", to % 2);
                self.dossier.dossier.sources.insert(format!("s-{of}"), record);
                update.records = Some(self.dossier.dossier.sources.clone());
            }
            Step::Confide(at) => {
                let confidential = &mut self.dossier.dossier.confidential;
                if confidential.remove(&format!("s-{at}")).is_none() {
                    confidential.insert(format!("s-{at}"), Confidential::default());
                }
                update.confidential = Some(confidential.clone());
            }
            Step::Name(unnamed) => {
                let mut entity = Entity {
                    unnamed,
                    ..Entity::default()
                };
                entity.names.insert("en".to_owned(), "Aibek Tokto".to_owned());
                entity.opponents.insert("e-1".to_owned(), true);
                self.dossier.dossier.entities.insert("e-0".to_owned(), entity);
                self.dossier
                    .dossier
                    .entities
                    .insert("e-1".to_owned(), Entity::default());
                update.entities = Some(self.dossier.dossier.entities.clone());
            }
            Step::Ask(party, how) => {
                let reply = Reply {
                    party: format!("e-{}", party % 2),
                    asked: "2019-11-10".to_owned(),
                    deadline: "2019-11-15".to_owned(),
                    outcome: [Outcome::Waiting, Outcome::Answer, Outcome::Refusal, Outcome::Silence][usize::from(how)],
                    ..Reply::default()
                };
                self.dossier.dossier.replies.insert(format!("r-{party}"), reply);
                update.replies = Some(self.dossier.dossier.replies.clone());
            }
            Step::Answer(at, end) => {
                let answered = Answered {
                    span: span(&self.block(at), 0, end),
                    reply: format!("r-{at}"),
                };
                self.dossier.dossier.answers.insert("a-1".to_owned(), answered);
                update.answers = Some(self.dossier.dossier.answers.clone());
            }
            Step::Link(at, of, words) => {
                let link = Link {
                    of: format!("o-{of}"),
                    words: TEXTS[words].to_owned(),
                };
                self.dossier.dossier.links.insert(self.block(at), link);
                update.links = Some(self.dossier.dossier.links.clone());
            }
            Step::Original(at, text) => {
                let mut story = dossier(&[]).story;
                story.blocks = (0..4)
                    .map(|nth| paragraph(&format!("o-{nth}"), TEXTS[(nth + at) % TEXTS.len()]))
                    .collect();
                story.blocks.push(paragraph("o-5", TEXTS[text]));
                self.dossier.dossier.original = Some(Box::new(story));
                update.original = Some(self.dossier.dossier.original.clone());
            }
            Step::Ask4(sources) => {
                self.dossier.dossier.policy.sources = sources;
                update.policy = Some(self.dossier.dossier.policy.clone());
            }
            Step::Off(check, how) => {
                let severity = [Severity::Off, Severity::Notice, Severity::Error][usize::from(how)];
                self.dossier.dossier.policy.severity.insert(Check::ALL[check], severity);
                update.policy = Some(self.dossier.dossier.policy.clone());
            }
            Step::Day(day) => {
                self.today = format!("2019-11-{day:02}");
                update.today = Some(self.today.clone());
            }
            Step::Headline(text) => {
                self.dossier.story.headline = TEXTS[text].to_owned();
                update.headline = Some(self.dossier.story.headline.clone());
            }
            Step::Sources(at) => {
                let sources = &mut self.dossier.story.sources;
                match sources.iter().position(|source| source.id == format!("s-{at}")) {
                    Some(place) => drop(sources.remove(place)),
                    None => sources.push(press(&format!("s-{at}"))),
                }
                update.sources = Some(sources.clone());
            }
        }
        update
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn after_updates_the_findings_are_those_of_a_new_checker(steps in prop::collection::vec(steps(), 1..40)) {
        let mut world = World { dossier: dossier(&TEXTS), today: TODAY.to_owned(), made: 0 };
        world.dossier.story.sources = (0..6).map(|nth| press(&format!("s-{nth}"))).collect();
        let mut checker = Checker::new(world.dossier.clone(), TODAY);
        for step in &steps {
            let update = world.step(step);
            checker.update(update);
            let fresh = Checker::new(world.dossier.clone(), &world.today);
            prop_assert_eq!(checker.findings(), fresh.findings(), "after {:?}", step);
            prop_assert_eq!(checker.claims(), fresh.claims());
        }
    }
}
