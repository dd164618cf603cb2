//! Pictures by their hash: what is kept, what is refused, what does not count.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjId, ObjType, ROOT, ReadDoc};
use komuz_core::document::{DocKind, Document};
use komuz_core::files::*;
use komuz_release::canonical::sha256_hex;

fn new(n: u8) -> Document {
    Document::new(DocKind::Files, &[n; 16])
}

fn png(content: &[u8]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), content].concat()
}

fn hash() -> String {
    sha256_hex(&png(b"picture"))
}

fn apart(media: &str, name: &[u8]) -> Entry {
    Entry {
        media: media.to_owned(),
        bytes: Bytes::Apart(name.to_vec()),
    }
}

/// A document that somebody has written past the software: what `write` puts into the file's map.
fn written(write: impl FnOnce(&mut AutoCommit, &ObjId)) -> Document {
    let mut doc = AutoCommit::load(&new(1).save()).expect("loads");
    let all = doc.get(ROOT, "files").expect("a map").expect("there").1;
    let file = doc.put_object(&all, hash(), ObjType::Map).expect("put");
    write(&mut doc, &file);
    Document::load(DocKind::Files, &doc.save(), &[2; 16]).expect("loads")
}

#[test]
fn a_picture_is_found_by_its_hash() {
    let mut doc = new(1);
    add(&mut doc, "image/png", &hash(), b"a name").expect("added");
    assert_eq!(entries(&doc, &hash()), [apart("image/png", b"a name")]);
    assert_eq!(list(&doc), [hash()]);
    assert_eq!(entries(&doc, &"0".repeat(64)), []);
}

#[test]
fn the_same_picture_twice_is_kept_once() {
    let mut doc = new(1);
    add(&mut doc, "image/png", &hash(), b"a name").expect("added");
    let heads = doc.heads();
    add(&mut doc, "image/png", &hash(), b"a name").expect("there");
    assert_eq!(doc.heads(), heads);
}

#[test]
fn of_two_who_add_the_same_picture_at_once_both_names_are_kept() {
    let (mut ada, mut ben) = (new(1), new(2));
    add(&mut ada, "image/png", &hash(), b"ada's").expect("added");
    add(&mut ben, "image/png", &hash(), b"ben's").expect("added");
    let (from_ada, from_ben) = (ada.take_changes(), ben.take_changes());
    let read = |mut doc: Document, changes: Vec<Vec<u8>>| {
        let changes = changes
            .iter()
            .map(|bytes| automerge::Change::from_bytes(bytes.clone()).expect("a change"));
        doc.apply(changes.collect::<Vec<_>>()).expect("applied");
        entries(&doc, &hash())
    };
    let (ada, ben) = (read(ada, from_ben), read(ben, from_ada));
    assert_eq!(ada, ben, "in one order everywhere");
    assert_eq!(ada.len(), 2);
    for name in [b"ada's", b"ben's"] {
        assert!(ada.contains(&apart("image/png", name)));
    }
}

#[test]
fn of_two_who_add_it_under_one_name_there_is_one() {
    let (mut ada, mut ben) = (new(1), new(2));
    for doc in [&mut ada, &mut ben] {
        add(doc, "image/png", &hash(), b"one name").expect("added");
    }
    let changes = ben.take_changes();
    let changes = changes
        .iter()
        .map(|bytes| automerge::Change::from_bytes(bytes.clone()).expect("a change"));
    ada.apply(changes.collect::<Vec<_>>()).expect("applied");
    assert_eq!(entries(&ada, &hash()), [apart("image/png", b"one name")]);
}

#[test]
fn every_kind_of_picture_is_known_by_its_first_bytes() {
    for (media, bytes) in [
        ("image/png", png(b"")),
        ("image/jpeg", b"\xff\xd8\xff\xe0rest".to_vec()),
        ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec()),
        ("image/avif", b"\0\0\0\x1cftypavif".to_vec()),
    ] {
        check(media, &bytes).expect(media);
        let error = check(media, b"<svg onload=alert(1)>").expect_err("refused");
        assert!(matches!(error, FileError::NotThat { media: m } if m == media));
        assert!(matches!(check("image/svg+xml", &bytes), Err(FileError::Media { .. })));
    }
    assert!(matches!(check("image/png", &[]), Err(FileError::NotThat { .. })));
    let refused = add(&mut new(1), "image/svg+xml", &hash(), b"a name");
    assert!(matches!(refused, Err(FileError::Media { .. })));
}

#[test]
fn a_picture_may_have_two_megabytes_and_no_more() {
    let content = vec![7; MAX_FILE - png(b"").len()];
    check("image/png", &png(&content)).expect("small enough");
    let error = check("image/png", &png(&[content, vec![7]].concat())).expect_err("refused");
    assert!(matches!(error, FileError::TooLarge { size } if size == MAX_FILE + 1));
}

#[test]
fn bytes_in_the_document_as_the_first_files_were_kept_are_read() {
    let doc = written(|doc, file| {
        doc.put(file, "media", "image/png").expect("put");
        doc.put(file, "bytes", png(b"picture")).expect("put");
    });
    let here = Entry {
        media: "image/png".to_owned(),
        bytes: Bytes::Here(png(b"picture")),
    };
    assert_eq!(entries(&doc, &hash()), [here]);
    assert_eq!(list(&doc), [hash()]);
}

#[test]
fn what_is_said_wrongly_counts_as_missing_until_somebody_says_it_right() {
    type Write = fn(&mut AutoCommit, &ObjId);
    let wrong: [(&str, Write); 8] = [
        ("nothing", |_, _| {}),
        ("a type that is a number", |doc, file| {
            doc.put(file, "media", 5).expect("put");
            doc.put(file, "blob", b"a name".to_vec()).expect("put");
        }),
        ("a type that is not kept", |doc, file| {
            doc.put(file, "media", "image/svg+xml").expect("put");
            doc.put(file, "blob", b"a name".to_vec()).expect("put");
        }),
        ("no type", |doc, file| {
            doc.put(file, "blob", b"a name".to_vec()).expect("put");
        }),
        ("a name that is a text", |doc, file| {
            doc.put(file, "media", "image/png").expect("put");
            doc.put(file, "blob", "a name").expect("put");
        }),
        ("a name longer than any", |doc, file| {
            doc.put(file, "media", "image/png").expect("put");
            doc.put(file, "blob", vec![1; 5_000]).expect("put");
        }),
        ("other bytes than the hash says", |doc, file| {
            doc.put(file, "media", "image/png").expect("put");
            doc.put(file, "bytes", png(b"forged")).expect("put");
        }),
        ("other bytes than the type says", |doc, file| {
            doc.put(file, "media", "image/jpeg").expect("put");
            doc.put(file, "bytes", png(b"picture")).expect("put");
        }),
    ];
    for (what, write) in wrong {
        let mut doc = written(write);
        assert_eq!(entries(&doc, &hash()), [], "{what}");
        assert_eq!(list(&doc), Vec::<String>::new(), "{what}");
        // Whoever has the picture puts it back.
        add(&mut doc, "image/png", &hash(), b"a good name").expect("added");
        assert!(
            entries(&doc, &hash()).contains(&apart("image/png", b"a good name")),
            "{what}"
        );
    }
}

#[test]
fn of_many_things_said_of_one_file_some_are_read() {
    let mut doc = new(1);
    for number in 0..40u8 {
        let mut other = new(100 + number);
        add(&mut other, "image/png", &hash(), &[number]).expect("added");
        let changes = other.take_changes();
        let changes = changes
            .iter()
            .map(|bytes| automerge::Change::from_bytes(bytes.clone()).expect("a change"));
        doc.apply(changes.collect::<Vec<_>>()).expect("applied");
    }
    assert_eq!(entries(&doc, &hash()).len(), 16);
}
