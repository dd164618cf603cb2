//! The checks, each in a file of its own.
//!
//! A check reads [`Facts`] and pushes what it found. There are four kinds, by what a check has to be done again for:
//!
//! - a check *of a block* reads one block (`facts.blocks[at]`) with the citations that stand in it, and may look at the blocks
//!   beside it; of the rest it reads only what is not text: sources, records, entities, policy and what is made from these
//!   ([`Prepared`](crate::facts::Prepared)). It is done again when one of these changes.
//! - a check *of a claim* reads one claim with its words and its sources. It is done again when one of these changes.
//! - a check *of a source* reads one source that the text rests on, and where it does so first.
//! - a check of *the whole* reads everything, and is done again after every change: it goes through no text, or only through a
//!   little (a headline), and takes microseconds. So do checks of sources.
//!
//! Checks whose severity is off are not done.

mod archived;
mod citation;
mod claims;
pub(crate) mod confidential;
mod figures;
mod headline;
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

/// The checks of blocks, with what each may find.
pub(crate) const OF_BLOCKS: &[(&[Check], OfBlock)] = &[
    (&[Check::FigureUndescribed, Check::FigureUncredited], figures::check),
    (&[Check::NamedUnwilling], unwilling::check_block),
    (&[Check::QuoteUnattributed, Check::QuoteDiffers], quotes::check),
    (&[Check::ConfidentialWords], confidential::check_block),
];
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
/// The checks of the whole, with what each may find.
pub(crate) const OF_WHOLE: &[(&[Check], OfWhole)] = &[
    (
        &[Check::HeadlineUnsupported, Check::SummaryUnsupported],
        headline::check,
    ),
    (&[Check::ConfidentialWords], confidential::check_whole),
    (
        &[Check::NoReplyAsked, Check::ReplyPending, Check::ReplyMissing],
        replies::check,
    ),
    (
        &[Check::TranslationBehind, Check::TranslationMissing],
        translation::check,
    ),
    (&[Check::NamedUnwilling], unwilling::check_whole),
    (&[Check::OneSided], one_sided::check),
];

/// What the checks of one block find.
pub(crate) fn of_block(facts: &Facts, at: usize) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    for (checks, check) in OF_BLOCKS {
        if found.wants(checks) {
            check(facts, at, &mut found);
        }
    }
    found.findings
}

/// What the checks of one claim find.
pub(crate) fn of_claim(facts: &Facts, claim: &ClaimFacts) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    for (checks, check) in OF_CLAIMS {
        if found.wants(checks) {
            check(facts, claim, &mut found);
        }
    }
    found.findings
}

/// What the checks of sources and of the whole find.
pub(crate) fn of_whole(facts: &Facts) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    let used = facts.used();
    for (checks, check) in OF_SOURCES {
        if found.wants(checks) {
            used.values().for_each(|used| check(facts, used, &mut found));
        }
    }
    for (checks, check) in OF_WHOLE {
        if found.wants(checks) {
            check(facts, &mut found);
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
