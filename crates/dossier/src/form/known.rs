//! The members of each record.

use super::{Choice, Form, Keys, Object};
use crate::Known;
use crate::claim::{Answered, Backed, Checked, Claim, Evidence, Stance, Verdict};
use crate::edition::{Front, Link};
use crate::entity::{Entity, Kind};
use crate::finding::{Check, Severity};
use crate::policy::Policy;
use crate::reply::{Outcome, Reply};
use crate::source::{Confidential, Confidentiality, Custody, Record, Reliability, State, What};

/// The most claims, answers and sources' records.
const MANY: usize = 10_000;
/// The most persons, organisations, places and documents, and the most requests.
const SOME: usize = 5_000;
/// The most headlines and outlets.
const FEW: usize = 1_000;
/// The most blocks.
const BLOCKS: usize = 20_000;

impl Form for Known {
    fn read(from: &Object<'_>) -> Self {
        Self {
            sources: from.records("sources", Keys::Ids(""), MANY),
            confidential: from.records("confidential", Keys::Ids(""), MANY),
            claims: from.records("claims", Keys::Ids("k-"), MANY),
            answers: from.records("answers", Keys::Ids("a-"), MANY),
            backed: from.records("backed", Keys::Ids(""), FEW),
            entities: from.records("entities", Keys::Ids("e-"), SOME),
            replies: from.records("replies", Keys::Ids("r-"), SOME),
            links: from.records("links", Keys::Ids(""), BLOCKS),
            original: from.story("original"),
            fronts: from.records("fronts", Keys::Ids(""), FEW),
            policy: from.part("policy").unwrap_or_default(),
        }
    }
}

impl Form for Record {
    fn read(from: &Object<'_>) -> Self {
        Self {
            what: from.choice("what"),
            custody: from.part("custody").unwrap_or_default(),
            reliability: from.part("reliability").unwrap_or_default(),
            confidentiality: from.choice("confidentiality"),
            described: from.text("described"),
            origins: from.set("origins", Keys::Ids("")),
            party: from.id("party"),
            note: from.text("note"),
        }
    }
}

impl Form for Confidential {
    fn read(from: &Object<'_>) -> Self {
        Self {
            cited_as: from.item("cited_as"),
            record: Record::read(from),
        }
    }
}

impl Form for Custody {
    fn read(from: &Object<'_>) -> Self {
        Self {
            by: from.text("by"),
            when: from.date("when"),
            how: from.text("how"),
            sha256: from.sha256("sha256"),
        }
    }
}

impl Form for Reliability {
    fn read(from: &Object<'_>) -> Self {
        Self {
            state: from.choice("state"),
            by: from.text("by"),
            how: from.text("how"),
            when: from.day("when"),
        }
    }
}

impl Form for Claim {
    fn read(from: &Object<'_>) -> Self {
        Self {
            span: from.span("span"),
            about: from.set("about", Keys::Ids("e-")),
            evidence: from.records("evidence", Keys::Ids("x-"), super::MAX_ENTRIES),
            checked: from.part("checked"),
        }
    }
}

impl Form for Evidence {
    fn read(from: &Object<'_>) -> Self {
        Self {
            source: from.id("source"),
            stance: from.choice("stance"),
            locator: from.text("locator"),
            quote: from.text("quote"),
        }
    }
}

impl Form for Checked {
    fn read(from: &Object<'_>) -> Self {
        Self {
            by: from.text("by"),
            when: from.day("when"),
            verdict: from.choice("verdict"),
            reasons: from.text("reasons"),
            words: from.text("words"),
        }
    }
}

impl Form for Answered {
    fn read(from: &Object<'_>) -> Self {
        Self {
            span: from.span("span"),
            reply: from.id("reply"),
        }
    }
}

impl Form for Backed {
    fn read(from: &Object<'_>) -> Self {
        Self {
            claims: from.set("claims", Keys::Ids("k-")),
            by: from.text("by"),
            when: from.day("when"),
            words: from.text("words"),
        }
    }
}

impl Form for Entity {
    fn read(from: &Object<'_>) -> Self {
        Self {
            what: from.choice("what"),
            names: from.texts("names"),
            aliases: from.set("aliases", Keys::Words),
            role: from.text("role"),
            unnamed: from.yes("unnamed"),
            mentions: from.set("mentions", Keys::Words),
            opponents: from.set("opponents", Keys::Ids("e-")),
        }
    }
}

impl Form for Reply {
    fn read(from: &Object<'_>) -> Self {
        Self {
            party: from.id("party"),
            asked: from.day("asked"),
            how: from.text("how"),
            by: from.text("by"),
            questions: from.text("questions"),
            deadline: from.day("deadline"),
            outcome: from.choice("outcome"),
            answered: from.day("answered"),
            answer: from.text("answer"),
        }
    }
}

impl Form for Link {
    fn read(from: &Object<'_>) -> Self {
        Self {
            of: from.id("of"),
            words: from.text("words"),
        }
    }
}

impl Form for Front {
    fn read(from: &Object<'_>) -> Self {
        Self {
            headline: from.text("headline"),
            summary: from.text("summary"),
            note: from.text("note"),
            figure: from.id("figure"),
            byline: from.numbers("byline"),
        }
    }
}

impl Form for Policy {
    fn read(from: &Object<'_>) -> Self {
        let default = Self::default();
        let sources = from
            .number("sources", 1..=9)
            .and_then(|number| u8::try_from(number).ok());
        Self {
            sources: sources.unwrap_or(default.sources),
            severity: from.choices("severity", Check::ALL, Check::id),
        }
    }
}

macro_rules! choice {
    ($type:ident: $($name:ident $word:literal),+) => {
        impl Choice for $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($word, Self::$name)),+];
        }
    };
}

choice!(What: Document "document", Dataset "dataset", Interview "interview", OfficialRecord "official-record",
    OpenSource "open-source", Press "press", Leak "leak", Expert "expert");
choice!(State: Unverified "unverified", Verified "verified", Disputed "disputed", Withdrawn "withdrawn");
choice!(Confidentiality: Public "public", Background "background", Confidential "confidential");
choice!(Stance: Supports "supports", Contradicts "contradicts");
choice!(Verdict: Holds "holds", Disputed "disputed");
choice!(Kind: Person "person", Organisation "organisation", Place "place", Document "document");
choice!(Outcome: Waiting "waiting", Answer "answer", Refusal "refusal", Silence "silence");
choice!(Severity: Off "off", Notice "notice", Warning "warning", Error "error");

#[cfg(test)]
mod tests {
    use super::*;

    fn named_as_written<T: Choice + serde::Serialize>() {
        for (word, choice) in T::NAMES {
            assert_eq!(serde_json::to_value(choice).ok(), Some((*word).into()));
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        named_as_written::<What>();
        named_as_written::<State>();
        named_as_written::<Confidentiality>();
        named_as_written::<Stance>();
        named_as_written::<Verdict>();
        named_as_written::<Kind>();
        named_as_written::<Outcome>();
        named_as_written::<Severity>();
    }
}
