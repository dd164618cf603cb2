//! The strict encoding: one value, one form.

use ciborium::Value;
use komuz_seal::cbor::{CborError, Reader, Writer};
use proptest::prelude::*;

#[test]
fn truncated() {
    let bytes = Writer::bare().array(2).uint(1000).text("салам").finish();
    for end in 0..bytes.len() {
        let mut r = Reader::bare(&bytes[..end]);
        let read = r
            .array(2)
            .and_then(|()| r.uint())
            .and_then(|_| r.text(100).map(str::to_owned));
        assert!(matches!(read, Err(CborError::Truncated(_))), "cut at {end}: {read:?}");
    }
}

#[test]
fn trailing_bytes() {
    let mut r = Reader::bare(&[0x01, 0x02]);
    assert_eq!(r.uint(), Ok(1));
    assert_eq!(r.end(), Err(CborError::Trailing(1)));
}

#[test]
fn number_not_in_its_shortest_form() {
    for bytes in [
        &[0x18, 23][..],
        &[0x19, 0, 255],
        &[0x1a, 0, 0, 255, 255],
        &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
    ] {
        assert_eq!(
            Reader::bare(bytes).uint(),
            Err(CborError::NotShortest(0)),
            "{bytes:02x?}"
        );
    }
}

#[test]
fn indefinite_length() {
    assert_eq!(
        Reader::bare(&[0x5f, 0x41, 0x00, 0xff]).bytes(10),
        Err(CborError::NotShortest(0))
    );
    assert_eq!(Reader::bare(&[0x9f, 0xff]).array(0), Err(CborError::NotShortest(0)));
}

#[test]
fn length_beyond_the_limit_is_refused_before_anything_is_allocated() {
    let huge = [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(Reader::bare(&huge).bytes(100), Err(CborError::TooLarge(0)));
    let list = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(Reader::bare(&list).list(100, |r| r.uint()), Err(CborError::TooLarge(0)));
    // A length within the limit of which the bytes are not there.
    assert!(matches!(
        Reader::bare(&[0x5a, 0x00, 0x10, 0x00, 0x00]).bytes(usize::MAX),
        Err(CborError::Truncated(_))
    ));
}

#[test]
fn another_type() {
    assert_eq!(Reader::bare(&[0x61, b'a']).uint(), Err(CborError::Unexpected(0)));
    assert_eq!(
        Reader::bare(&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]).uint(),
        Err(CborError::Unexpected(0))
    );
}

#[test]
fn text_that_is_not_utf_8() {
    assert_eq!(Reader::bare(&[0x62, 0xc3, 0x28]).text(10), Err(CborError::NotText(0)));
}

#[test]
fn fixed_bytes_of_another_length() {
    let bytes = Writer::bare().bytes(&[1; 31]).finish();
    assert_eq!(
        Reader::bare(&bytes).fixed::<32, [u8; 32]>(),
        Err(CborError::NotAllowed(0))
    );
    let bytes = Writer::bare().bytes(&[1; 33]).finish();
    assert_eq!(
        Reader::bare(&bytes).fixed::<32, [u8; 32]>(),
        Err(CborError::TooLarge(0))
    );
}

fn ours(value: &Value, w: Writer) -> Writer {
    match value {
        Value::Integer(number) => w.uint(u64::try_from(*number).expect("the strategy makes unsigned ones")),
        Value::Bytes(bytes) => w.bytes(bytes),
        Value::Text(text) => w.text(text),
        Value::Null => w.null(),
        Value::Array(items) => w.list(items.iter(), |w, item| ours(item, w)),
        other => unreachable!("the strategy does not make {other:?}"),
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        (0u64..70_000).prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ".{0,40}".prop_map(Value::Text),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 40, 30, |inner| {
        proptest::collection::vec(inner, 0..30).prop_map(Value::Array)
    })
}

proptest! {
    /// What is written here, another library reads; and it writes the same bytes.
    #[test]
    fn is_the_cbor_of_everyone(value in values()) {
        let bytes = ours(&value, Writer::bare()).finish();
        let read: Value = ciborium::from_reader(&bytes[..]).expect("ciborium reads it");
        prop_assert_eq!(&read, &value);
        let mut theirs = Vec::new();
        ciborium::into_writer(&value, &mut theirs).expect("ciborium writes it");
        prop_assert_eq!(theirs, bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Reader::bare(&bytes).uint();
        let _ = Reader::bare(&bytes).bytes(1000);
        let _ = Reader::bare(&bytes).text(1000);
        let _ = Reader::bare(&bytes).list(1000, |r| r.fixed::<4, [u8; 4]>());
        let _ = Reader::bare(&bytes).array_of_kind();
    }
}
