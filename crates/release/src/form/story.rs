//! The parts of a story.

use super::{Form, Object};
use crate::release::ReleaseError;
use crate::story::{Block, BlockKind, Byline, Citation, CslDate, Custom, Marks, Name, Place, Source, Span, Story};

impl Form for Story {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            komuz: object.version()?,
            lang: object.text("lang")?,
            headline: object.text("headline")?,
            summary: object.short("summary")?,
            byline: object.short_list("byline")?,
            blocks: object.list("blocks")?,
            citations: object.short_list("citations")?,
            sources: object.short_list("sources")?,
        })
    }
}

impl Form for Block {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            id: object.text("id")?,
            kind: kind(object)?,
            text: object.short_list("text")?,
        })
    }
}

fn kind(object: &mut Object<'_>) -> Result<BlockKind, ReleaseError> {
    let small = u64::from(u8::MAX);
    Ok(match object.text("type")?.as_str() {
        "paragraph" => BlockKind::Paragraph,
        "heading" => BlockKind::Heading {
            level: object.number("level", small)? as u8,
        },
        "quote" => BlockKind::Quote,
        "item" => BlockKind::Item {
            ordered: object.truth("ordered")?,
            depth: object.number("depth", small)? as u8,
        },
        "figure" => BlockKind::Figure {
            file: object.text("file")?,
            media: object.text("media")?,
            alt: object.text("alt")?,
            credit: object.text("credit")?,
        },
        "rule" => BlockKind::Rule,
        "other" => BlockKind::Other {
            name: object.text("name")?,
            attrs: object.values("attrs")?,
        },
        _ => return Err(object.wrong("type", "no such kind of block")),
    })
}

impl Form for Span {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        let (text, marks) = (object.text("text")?, object.some::<Marks>("marks")?);
        match marks {
            Some(marks) if marks.is_plain() => Err(ReleaseError::NotCanonical),
            marks => Ok(Self {
                text,
                marks: marks.unwrap_or_default(),
            }),
        }
    }
}

impl Form for Marks {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            strong: object.flag("strong")?,
            emphasis: object.flag("emphasis")?,
            code: object.flag("code")?,
            link: object.some_text("link")?,
            other: object.texts_by_name("other")?,
        })
    }
}

impl Form for Byline {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            name: object.text("name")?,
            outlet: object.some_text("outlet")?,
        })
    }
}

impl Form for Citation {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            id: object.text("id")?,
            source: object.text("source")?,
            locator: object.short("locator")?,
            quote: object.short("quote")?,
            start: object.one("start")?,
            end: object.one("end")?,
        })
    }
}

impl Form for Place {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            block: object.text("block")?,
            offset: object.number("offset", u32::MAX.into())? as u32,
        })
    }
}

impl Form for Source {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        let custom = object.some::<Custom>("custom")?;
        if custom.as_ref().is_some_and(Custom::is_empty) {
            return Err(ReleaseError::NotCanonical);
        }
        Ok(Self {
            id: object.text("id")?,
            kind: object.text("type")?,
            author: object.short_list("author")?,
            title: object.short("title")?,
            container_title: object.short("container-title")?,
            publisher: object.short("publisher")?,
            issued: object.some("issued")?,
            accessed: object.some("accessed")?,
            url: object.short("URL")?,
            custom: custom.unwrap_or_default(),
            language: object.short("language")?,
            other: object.rest(),
        })
    }
}

impl Form for Custom {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            archive_url: object.short("archive-URL")?,
            other: object.rest(),
        })
    }
}

impl Form for Name {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            family: object.short("family")?,
            given: object.short("given")?,
            literal: object.short("literal")?,
        })
    }
}

impl Form for CslDate {
    fn read(object: &mut Object<'_>) -> Result<Self, ReleaseError> {
        Ok(Self {
            date_parts: object.numbers("date-parts")?,
            literal: object.short("literal")?,
        })
    }
}
