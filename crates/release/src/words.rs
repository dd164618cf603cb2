//! Every word that readers see which no journalist wrote, in English, Russian and Kyrgyz.

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English; also what every unknown language gets.
    En,
    /// Russian.
    Ru,
    /// Kyrgyz.
    Ky,
}

/// The words of one language.
#[derive(Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each is named by what it says; the table is the documentation"
)]
pub struct Words {
    pub refused_changed: &'static str,
    pub refused_missing: &'static str,
    pub refused_key: &'static str,
    pub refused_older: &'static str,
    pub refused_two: &'static str,
    pub refused_unreadable: &'static str,
}

impl Lang {
    /// The interface language for a BCP 47 tag, by its first subtag.
    pub fn of(tag: &str) -> Self {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ru" => Self::Ru,
            "ky" => Self::Ky,
            _ => Self::En,
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        &EN
    }
}

static EN: Words = Words {
    refused_changed: "This copy was changed after the newsrooms signed it.",
    refused_missing: "Not every newsroom has signed this copy.",
    refused_key: "This copy was not signed by the newsrooms that this page trusts.",
    refused_older: "This copy is older than one that you have already read here.",
    refused_two: "This copy is another than the one that you have already read under the same number.",
    refused_unreadable: "This copy could not be fetched whole.",
};
