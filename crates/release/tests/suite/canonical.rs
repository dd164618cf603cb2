//! RFC 8785, for values without fractions.

use komuz_release::canonical::{CanonicalError, canonical, sha256_hex};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    String::from_utf8(canonical(value).unwrap()).unwrap()
}

#[test]
fn members_are_sorted_by_utf16_code_units() {
    // RFC 8785 section 3.2.3. The emoji sorts before the Hebrew letter: its first code unit is a surrogate.
    let value = json!({
        "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis"
    });
    let order = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ];
    let text = text(&value);
    let at = order.map(|name| text.find(name).unwrap());
    assert!(at.is_sorted(), "{text}");
}

#[test]
fn strings_are_escaped_as_ecmascript_does() {
    // RFC 8785 section 3.2.2.
    let value: Value = serde_json::from_str(r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#).unwrap();
    assert_eq!(text(&value), r#""€$\u000f\nA'B\"\\\\\"/""#);
    assert_eq!(
        text(&json!("\u{7f}\u{2028}\u{8}\u{c}\t")),
        "\"\u{7f}\u{2028}\\b\\f\\t\""
    );
}

#[test]
fn literals_and_integers() {
    assert_eq!(
        text(&json!({ "b": [null, true, false], "a": -9007199254740991i64, "": 0 })),
        r#"{"":0,"a":-9007199254740991,"b":[null,true,false]}"#
    );
}

#[test]
fn other_numbers_are_refused_with_their_place() {
    let refused = canonical(&json!({ "body": { "sources": [{ "x": 0.5 }] } }));
    let place = CanonicalError::Number {
        place: "body.sources.x".into(),
        number: "0.5".into(),
    };
    assert_eq!(refused, Err(place));
    assert!(canonical(&json!(1e3)).is_err());
    assert!(canonical(&json!(9007199254740992i64)).is_err());
    assert!(canonical(&json!(-9007199254740992i64)).is_err());
}

#[test]
fn hash_is_lower_case_hex() {
    // FIPS 180-4's example "abc".
    assert_eq!(
        sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

fn values() -> impl Strategy<Value = Value> {
    let integer = -9_007_199_254_740_991i64..=9_007_199_254_740_991;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer.prop_map(Value::from),
        ".*".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Another implementation of the RFC writes the same bytes.
    #[test]
    fn agrees_with_another_implementation(value in values()) {
        prop_assert_eq!(canonical(&value).unwrap(), serde_json_canonicalizer::to_vec(&value).unwrap());
    }
}
