//! The demo's story: three editions on the same sources.

use std::collections::BTreeSet;
use std::path::Path;

use komuz_import::{DEFAULT_LIMIT, Imported, import};

fn read(name: &str) -> Imported {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/demo/content");
    import(name, &std::fs::read(folder.join(name)).unwrap(), DEFAULT_LIMIT).unwrap()
}

#[test]
fn every_edition_cites_every_source_and_no_other() {
    let sources = read("sources.json").story.sources;
    let known: BTreeSet<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(
        known.len(),
        28,
        "26 references, the joint statement, the school's own page"
    );
    for lang in ["en", "ru", "ky"] {
        let Imported { story, left_out, .. } = read(&format!("story.{lang}.md"));
        assert_eq!((story.lang.as_str(), left_out), (lang, Vec::new()));
        let cited: BTreeSet<&str> = story
            .citations
            .iter()
            .map(|citation| citation.source.as_str())
            .collect();
        assert_eq!(cited, known, "{lang}");
        assert!(!story.headline.is_empty() && !story.summary.is_empty() && !story.byline.is_empty());
    }
}

#[test]
fn every_source_says_who_when_and_in_which_language() {
    for source in read("sources.json").story.sources {
        assert!(
            !source.title.is_empty() && !source.container_title.is_empty(),
            "{}",
            source.id
        );
        assert!(source.issued.is_some() || source.accessed.is_some(), "{}", source.id);
        assert!(!source.language.is_empty(), "{}", source.id);
    }
}
