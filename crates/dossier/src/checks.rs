//! The checks, each in a file of its own.
//!
//! A check reads [`Facts`] and pushes what it found. There are four kinds, by what a check has to be done again for:
//!
//! - a check *of a block* reads one block (`facts.blocks[at]`) with the citations that stand in it, and one *of a block and those
//!   beside it* these too; of the rest it reads only what is not text: sources, records, entities, policy and what is made from these
//!   ([`Prepared`](crate::facts::Prepared)). It is done again when one of these changes.
//! - a check *of a claim* reads one claim with its words and its sources. It is done again when one of these changes.
//! - a check *of a source* reads one source that the text rests on, and how and where it does so first ([`Rests`](crate::facts::Rests)).
//! - a check of *the whole* says which parts of it ([`Part`]) it reads beside what is not text, and is done again when one of these changes.
//!
//! Checks whose severity is off are not done.

mod archived;
mod citation;
mod claims;
pub(crate) mod confidential;
mod figures;
pub(crate) mod headline;
mod one_sided;
mod quotes;
mod replies;
mod shown;
mod sources;
mod translation;
pub(crate) mod unwilling;

use crate::claim::Span;
use crate::facts::{ClaimFacts, Facts, Used};
use crate::finding::{Check, Finding, Severity};
use crate::policy::Policy;

/// A check of one block: `facts.blocks[at]`.
pub(crate) type OfBlock = fn(facts: &Facts, at: usize, found: &mut Found<'_>);
/// A check of one claim.
pub(crate) type OfClaim = fn(facts: &Facts, claim: &ClaimFacts, found: &mut Found<'_>);
/// A check of one source that the text rests on.
pub(crate) type OfSource = fn(facts: &Facts, used: &Used<'_>, found: &mut Found<'_>);
/// A check of the whole.
pub(crate) type OfWhole = fn(facts: &Facts, found: &mut Found<'_>);

/// The parts of an edition that change apart from one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Headline, summary, byline, and what outlets put there.
    Front,
    /// The claims: their words, where they stand, what is behind them.
    Claims,
    /// Whose word bears headlines.
    Backed,
    /// What was asked, and the day.
    Asked,
    /// Where answers stand.
    Answers,
    /// What a translation lacks, with the blocks that lack it.
    Translation,
}

impl Part {
    /// How many there are.
    pub const COUNT: usize = Self::Translation as usize + 1;
}

/// The checks of blocks, with what each may find.
pub(crate) const OF_BLOCKS: &[(&[Check], OfBlock)] = &[
    (&[Check::FigureUndescribed, Check::FigureUncredited], figures::check),
    (&[Check::NamedUnwilling], unwilling::check_block),
    (&[Check::ConfidentialWords], confidential::check_block),
];
/// The checks of blocks and those beside them, with what each may find.
pub(crate) const OF_BLOCKS_BESIDE: &[(&[Check], OfBlock)] =
    &[(&[Check::QuoteUnattributed, Check::QuoteDiffers], quotes::check)];
/// The checks of claims, with what each may find.
pub(crate) const OF_CLAIMS: &[(&[Check], OfClaim)] = &[(
    &[
        Check::FewSources,
        Check::ChangedSinceChecked,
        Check::ClaimDisputed,
        Check::ClaimUnchecked,
        Check::ClaimLost,
    ],
    claims::check,
)];
/// The checks of sources, with what each may find.
pub(crate) const OF_SOURCES: &[(&[Check], OfSource)] = &[
    (
        &[Check::SourceUnverified, Check::SourceDisputed, Check::SourceWithdrawn],
        sources::check_state,
    ),
    (&[Check::BackgroundUndescribed], sources::check_description),
    (&[Check::CitationIncomplete], citation::check),
    (&[Check::NotArchived], archived::check),
];
/// The checks of the whole, with what each may find and what it reads.
pub(crate) const OF_WHOLE: &[(&[Check], &[Part], OfWhole)] = &[
    (
        &[Check::HeadlineUnsupported, Check::SummaryUnsupported],
        &[Part::Front, Part::Claims, Part::Backed],
        headline::check,
    ),
    (&[Check::ConfidentialWords], &[Part::Front], confidential::check_whole),
    (
        &[Check::NoReplyAsked, Check::ReplyPending, Check::ReplyMissing],
        &[Part::Claims, Part::Asked, Part::Answers],
        replies::check,
    ),
    (
        &[Check::TranslationBehind, Check::TranslationMissing],
        &[Part::Translation],
        translation::check,
    ),
    (&[Check::NamedUnwilling], &[Part::Front], unwilling::check_whole),
    (&[Check::OneSided], &[Part::Claims], one_sided::check),
];

/// What the checks find in the reason of a correction, which is printed as it is and stands in no edition: names and words that must
/// not reach readers. The findings are about `reason`.
pub fn in_reason(facts: &Facts, reason: &str) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    unwilling::check_text(facts, "reason", reason, &mut found);
    confidential::check_text(facts, "reason", reason, &mut found);
    found.findings
}

/// What checks of one kind find in one thing; `check` does one of them.
pub(crate) fn all<F: Copy>(
    facts: &Facts,
    checks: &[(&[Check], F)],
    mut check: impl FnMut(F, &mut Found<'_>),
) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    for (finds, done) in checks {
        if found.wants(finds) {
            check(*done, &mut found);
        }
    }
    found.findings
}

/// Where a check writes what it found.
#[derive(Debug)]
pub struct Found<'a> {
    policy: &'a Policy,
    findings: Vec<Finding>,
}

impl<'a> Found<'a> {
    /// Nothing yet, under a policy.
    pub fn new(policy: &'a Policy) -> Self {
        Self {
            policy,
            findings: Vec::new(),
        }
    }

    /// Whether the policy wants to know any of these.
    pub fn wants(&self, checks: &[Check]) -> bool {
        checks.iter().any(|check| self.policy.severity(*check) > Severity::Off)
    }

    /// Adds a finding with the policy's severity, unless the check is off. `about` is a path such as `claims.k-1`; `with` is what
    /// its sentence names.
    pub fn push(&mut self, check: Check, about: impl Into<String>, span: Option<Span>, with: Vec<String>) {
        self.add(check, about.into(), span, with, false);
    }

    /// Adds a finding that may name a confidential source.
    pub fn push_confidential(&mut self, check: Check, about: impl Into<String>, span: Option<Span>, with: Vec<String>) {
        self.add(check, about.into(), span, with, true);
    }

    fn add(&mut self, check: Check, about: String, span: Option<Span>, with: Vec<String>, confidential: bool) {
        let severity = self.policy.severity(check);
        if severity > Severity::Off {
            self.findings.push(Finding {
                check,
                severity,
                span,
                about,
                with,
                confidential,
            });
        }
    }

    /// What was found.
    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }
}
