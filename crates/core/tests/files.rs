//! Pictures by their hash: what is kept, what is refused, what does not count.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc};
use komuz_core::document::{DocKind, Document};
use komuz_core::files::*;

fn new(n: u8) -> Document {
    Document::new(DocKind::Files, &[n; 16])
}

fn png(content: &[u8]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), content].concat()
}

#[test]
fn a_picture_is_found_by_its_hash() {
    let mut doc = new(1);
    let sha256 = add(&mut doc, "image/png", png(b"picture")).expect("added");
    let file = get(&doc, &sha256).expect("there");
    assert_eq!((file.media.as_str(), file.bytes), ("image/png", png(b"picture")));
    assert_eq!(list(&doc), [sha256]);
    assert_eq!(get(&doc, &"0".repeat(64)), None);
}

#[test]
fn the_same_picture_twice_is_kept_once() {
    let mut doc = new(1);
    let sha256 = add(&mut doc, "image/png", png(b"picture")).expect("added");
    let heads = doc.heads();
    assert_eq!(add(&mut doc, "image/png", png(b"picture")).expect("there"), sha256);
    assert_eq!(doc.heads(), heads);
}

#[test]
fn every_kind_of_picture_is_known_by_its_first_bytes() {
    for (media, bytes) in [
        ("image/png", png(b"")),
        ("image/jpeg", b"\xff\xd8\xff\xe0rest".to_vec()),
        ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec()),
        ("image/avif", b"\0\0\0\x1cftypavif".to_vec()),
    ] {
        add(&mut new(1), media, bytes.clone()).expect(media);
        let error = add(&mut new(1), media, b"<svg onload=alert(1)>".to_vec()).expect_err("refused");
        assert!(matches!(error, FileError::NotThat { media: m } if m == media));
        assert!(matches!(
            add(&mut new(1), "image/svg+xml", bytes),
            Err(FileError::Media { .. })
        ));
    }
    assert!(matches!(
        add(&mut new(1), "image/png", Vec::new()),
        Err(FileError::NotThat { .. })
    ));
}

#[test]
fn a_picture_may_have_two_megabytes_and_no_more() {
    let content = vec![7; MAX_FILE - png(b"").len()];
    add(&mut new(1), "image/png", png(&content)).expect("added");
    let error = add(&mut new(1), "image/png", png(&[content, vec![7]].concat())).expect_err("refused");
    assert!(matches!(error, FileError::TooLarge { size } if size == MAX_FILE + 1));
}

#[test]
fn bytes_that_are_not_what_their_name_says_count_as_missing() {
    let mut good = new(1);
    let sha256 = add(&mut good, "image/png", png(b"picture")).expect("added");
    let mut doc = AutoCommit::load(&good.save()).expect("loads");
    let all = doc.get(ROOT, "files").expect("a map").expect("there").1;
    let file = doc.get(&all, &sha256).expect("a map").expect("there").1;
    doc.put(&file, "bytes", png(b"forged")).expect("put");
    let nothing = doc.put_object(&all, "f".repeat(64), ObjType::Map).expect("put");
    doc.put(&nothing, "media", 5).expect("put");
    let mut read = Document::load(DocKind::Files, &doc.save(), &[2; 16]).expect("loads");
    assert_eq!(get(&read, &sha256), None);
    assert_eq!(list(&read), Vec::<String>::new());
    // Whoever has the picture puts it back.
    add(&mut read, "image/png", png(b"picture")).expect("added");
    assert_eq!(list(&read), [sha256]);
}
