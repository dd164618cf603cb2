//! The checks, each in a file of its own.
//!
//! A check reads [`Facts`] and pushes what it found. There are three kinds, by what a check has to be done again for:
//!
//! - a check *of a block* reads one block (`facts.blocks[at]`) with the citations that stand in it, and may look at the blocks
//!   beside it; of the rest it reads only what is not text: sources, records, entities, policy and what is made from these
//!   ([`Prepared`](crate::facts::Prepared)). It is done again when one of these changes.
//! - a check *of a claim* reads one claim with its words and its sources. It is done again when one of these changes.
//! - a check of *the whole* reads everything, and is done again after every change: it goes through no text, or only through a
//!   little (a headline), and takes microseconds.
//!
//! Checks whose severity is off are not done.

mod figures;

use crate::claim::Span;
use crate::facts::{ClaimFacts, Facts};
use crate::finding::{Check, Finding, Severity};
use crate::policy::Policy;

/// A check of one block: `facts.blocks[at]`.
pub(crate) type OfBlock = fn(facts: &Facts, at: usize, found: &mut Found<'_>);
/// A check of one claim.
pub(crate) type OfClaim = fn(facts: &Facts, claim: &ClaimFacts, found: &mut Found<'_>);
/// A check of the whole.
pub(crate) type OfWhole = fn(facts: &Facts, found: &mut Found<'_>);

/// The checks of blocks, with what each may find.
pub(crate) const OF_BLOCKS: &[(&[Check], OfBlock)] =
    &[(&[Check::FigureUndescribed, Check::FigureUncredited], figures::check)];
/// The checks of claims, with what each may find.
pub(crate) const OF_CLAIMS: &[(&[Check], OfClaim)] = &[];
/// The checks of the whole, with what each may find.
pub(crate) const OF_WHOLE: &[(&[Check], OfWhole)] = &[];

/// All that the checks find.
pub fn all(facts: &Facts) -> Vec<Finding> {
    let mut found = Found::new(&facts.known.policy);
    for (checks, check) in OF_BLOCKS {
        if found.wants(checks) {
            (0..facts.blocks.len()).for_each(|at| check(facts, at, &mut found));
        }
    }
    for (checks, check) in OF_CLAIMS {
        if found.wants(checks) {
            facts.claims.values().for_each(|claim| check(facts, claim, &mut found));
        }
    }
    for (checks, check) in OF_WHOLE {
        if found.wants(checks) {
            check(facts, &mut found);
        }
    }
    found.findings()
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
        let severity = self.policy.severity(check);
        if severity > Severity::Off {
            self.findings.push(Finding {
                check,
                severity,
                span,
                about: about.into(),
                with,
            });
        }
    }

    /// What was found.
    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }
}
