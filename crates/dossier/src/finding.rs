//! What the checks found.

use komuz_release::story::Place;
use serde::{Deserialize, Serialize};

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How much it counts by the investigation's policy.
    pub severity: Severity,
    /// Where in the text; none for what is not in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<crate::claim::Span>,
    /// What it is about, as a path: `claims.k-1`, `sources.s-3`, `headline`, `byline[0]`, `blocks.17@ab`.
    pub about: String,
    /// What its sentence names, in the sentence's order: a title, a name, a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// Whether [`Finding::with`] or [`Finding::about`] names a source that readers must never learn of: at the desk its name may
    /// stand, anywhere else [`Finding::without_names`] is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
}

impl Finding {
    /// The finding without what names a confidential source.
    pub fn without_names(&self) -> Self {
        if !self.confidential {
            return self.clone();
        }
        let map = self.about.split('.').next().unwrap_or_default();
        Self {
            about: if map == "confidential" { map } else { &self.about }.to_owned(),
            with: self.with.iter().map(|_| String::new()).collect(),
            ..self.clone()
        }
    }

    /// The block that it stands in, if it stands in one.
    pub fn block(&self) -> Option<&str> {
        self.span
            .as_ref()
            .map(|span| &span.start)
            .map(|Place { block, .. }| block.as_str())
    }
}

/// How much a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Not looked at.
    Off,
    /// Worth knowing.
    Notice,
    /// Should be mended.
    Warning,
    /// Must be mended before publication.
    Error,
}

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $name:ident $id:literal $severity:ident,)+) => {
        /// A check; its name is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Check {
            $($(#[doc = $doc])+ #[serde(rename = $id)] $name,)+
        }

        impl Check {
            /// All checks.
            pub const ALL: &[Check] = &[$(Check::$name,)+];

            /// Its stable name.
            pub fn id(self) -> &'static str {
                match self { $(Check::$name => $id,)+ }
            }

            /// How much it counts where the policy says nothing.
            pub fn severity(self) -> Severity {
                match self { $(Check::$name => Severity::$severity,)+ }
            }
        }
    };
}

checks! {
    /// A claim has fewer independent sources than the policy asks for.
    FewSources "few-sources" Error,
    /// A claim's words have changed since somebody checked them.
    ChangedSinceChecked "changed-since-checked" Error,
    /// A checker disputes a claim, or evidence speaks against it and nobody has checked it.
    ClaimDisputed "claim-disputed" Error,
    /// Nobody has checked a claim yet.
    ClaimUnchecked "claim-unchecked" Notice,
    /// The text of a claim is gone.
    ClaimLost "claim-lost" Warning,
    /// The text rests on a source that nobody has verified.
    SourceUnverified "source-unverified" Warning,
    /// The text rests on a disputed source.
    SourceDisputed "source-disputed" Error,
    /// The text rests on a source that was withdrawn.
    SourceWithdrawn "source-withdrawn" Error,
    /// Distinctive words of a confidential source, or the name of one, stand in what readers get.
    ConfidentialWords "confidential-words" Error,
    /// A source on background has no description for readers.
    BackgroundUndescribed "background-undescribed" Error,
    /// A claim is about somebody who was not asked.
    NoReplyAsked "no-reply-asked" Error,
    /// The deadline of somebody who was asked has not passed.
    ReplyPending "reply-pending" Error,
    /// An answer came and stands nowhere in the text.
    ReplyMissing "reply-missing" Warning,
    /// A headline asserts what no claim in the body supports.
    HeadlineUnsupported "headline-unsupported" Error,
    /// A summary asserts what no claim in the body supports.
    SummaryUnsupported "summary-unsupported" Warning,
    /// A quotation without somebody to whom it is attributed.
    QuoteUnattributed "quote-unattributed" Warning,
    /// A quotation whose words are not the ones in its citation.
    QuoteDiffers "quote-differs" Error,
    /// A citation lacks what its kind of source needs.
    CitationIncomplete "citation-incomplete" Warning,
    /// A source with an address and no archived copy.
    NotArchived "not-archived" Warning,
    /// A figure without a description for people who cannot see it.
    FigureUndescribed "figure-undescribed" Error,
    /// A figure without a credit.
    FigureUncredited "figure-uncredited" Error,
    /// A translation is behind its original.
    TranslationBehind "translation-behind" Warning,
    /// A block of the original has no translation.
    TranslationMissing "translation-missing" Warning,
    /// The byline or the text names somebody who asked not to be named.
    NamedUnwilling "named-unwilling" Error,
    /// All claims about a party rest on its opponents.
    OneSided "one-sided" Warning,
}
