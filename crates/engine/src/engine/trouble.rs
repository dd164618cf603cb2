//! Why an ask was not done, with a stable code for each kind of reason.

use komuz_messages::Trouble;
use std::fmt::Display;

/// A trouble with a code and a sentence.
pub fn trouble(code: &str, message: impl Display) -> Trouble {
    named(code, &[], message)
}

/// A trouble whose words name something.
pub fn named(code: &str, with: &[&str], message: impl Display) -> Trouble {
    Trouble {
        code: code.to_owned(),
        with: with.iter().map(|name| (*name).to_owned()).collect(),
        message: message.to_string(),
    }
}

/// Nothing is open that the ask could be about.
pub fn not_open() -> Trouble {
    trouble("not-open", "Open an investigation first.")
}

/// The edition is not among those of the investigation.
pub fn no_edition() -> Trouble {
    trouble(
        "no-edition",
        "This investigation has no such story or language; it may not have arrived on this device yet.",
    )
}

/// A document refused what was to be written.
pub fn refused(error: impl Display) -> Trouble {
    because("refused", error)
}

/// A trouble whose words end with why.
pub fn because(code: &str, why: impl Display) -> Trouble {
    let why = why.to_string();
    named(code, &[&why], &why)
}

/// What the replica says.
pub fn command(error: komuz_sync::replica::CommandError) -> Trouble {
    trouble(error.code, error.sentence)
}
