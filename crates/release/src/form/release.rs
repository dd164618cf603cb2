//! What is signed.

use super::{Form, Object};
use crate::canonical::MAX_INTEGER;
use crate::difference::Change;
use crate::jws::{General, GeneralSignature, Header};
use crate::latest::Latest;
use crate::masthead::{Masthead, Outlet, Quorum};
use crate::notice::{Kind, Notice};
use crate::release::{Body, Front, Release, ReleaseError, Statement, Supersedes};

impl Form for Release {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: object.version()?,
            story: object.text("story")?,
            lang: object.text("lang")?,
            number: object.number("number", MAX_INTEGER)?,
            masthead: object.text("masthead")?,
            published: object.text("published")?,
            supersedes: object.some("supersedes")?,
            reason: object.short("reason")?,
            withholds: object.flag("withholds")?,
            changes: object.short_list("changes")?,
            earlier: object.short_list("earlier")?,
            editions: object.texts("editions")?,
            body: object.one("body")?,
            outlets: object.by_name("outlets")?,
        })
    }
}

impl Form for Supersedes {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            release: object.text("release")?,
            number: object.number("number", MAX_INTEGER)?,
            kind: kind(object)?,
        })
    }
}

fn kind(object: &mut Object<'_>) -> Result<Kind, ReleaseError> {
    let name = object.text("kind")?;
    Kind::of(&name).ok_or_else(|| object.wrong("kind", "no such kind of notice"))
}

impl Form for Notice {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            number: object.number("number", MAX_INTEGER)?,
            published: object.text("published")?,
            kind: kind(object)?,
            reason: object.short("reason")?,
            changes: object.short_list("changes")?,
            shortened: object.flag("shortened")?,
        })
    }
}

impl Form for Body {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            blocks: object.list("blocks")?,
            citations: object.short_list("citations")?,
            sources: object.short_list("sources")?,
        })
    }
}

impl Form for Front {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            headline: object.text("headline")?,
            summary: object.short("summary")?,
            byline: object.short_list("byline")?,
            note: object.short("note")?,
            figure: object.short("figure")?,
        })
    }
}

impl Form for Change {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            place: object.text("place")?,
            before: object.short("before")?,
            old: object.short("old")?,
            new: object.short("new")?,
            after: object.short("after")?,
            withheld: object.flag("withheld")?,
        })
    }
}

impl Form for Statement {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: object.version()?,
            release: object.text("release")?,
            html: object.text("html")?,
            masthead: object.text("masthead")?,
            story: object.text("story")?,
            lang: object.text("lang")?,
            number: object.number("number", MAX_INTEGER)?,
        })
    }
}

impl Form for Latest {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: object.version()?,
            masthead: object.text("masthead")?,
            story: object.text("story")?,
            lang: object.text("lang")?,
            number: object.number("number", MAX_INTEGER)?,
            release: object.text("release")?,
            issued: object.text("issued")?,
            expires: object.text("expires")?,
        })
    }
}

impl Form for Masthead {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        if object.text("quorum")? != "all" {
            return Err(object.wrong("quorum", "\"all\" is the only one that this Komuz knows"));
        }
        Ok(Self {
            komuz: object.version()?,
            number: object.number("number", MAX_INTEGER)?,
            previous: object.some_text("previous")?,
            quorum: Quorum::All,
            outlets: object.list("outlets")?,
        })
    }
}

impl Form for Outlet {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            id: object.text("id")?,
            name: object.text("name")?,
            domain: object.text("domain")?,
            keys: object.keys("keys")?,
            freshness: object.key("freshness")?,
        })
    }
}

impl Form for General {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            payload: object.text("payload")?,
            signatures: object.list("signatures")?,
        })
    }
}

impl Form for GeneralSignature {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            protected: object.text("protected")?,
            signature: object.text("signature")?,
        })
    }
}

impl Form for Header {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            alg: object.text("alg")?,
            kid: object.text("kid")?,
            typ: object.text("typ")?,
        })
    }
}
