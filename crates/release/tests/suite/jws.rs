//! General JWS: what is taken, and every way in which it is not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use komuz_release::jws::{General, Jws, JwsError, Typ, assemble, signing_input};
use komuz_release::keys::signature_text;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{key, signature, signed};

const PAYLOAD: &[u8] = br#"{"komuz":1}"#;

fn check(value: &Value) -> Result<Jws, JwsError> {
    General::parse(value.to_string().as_bytes())?.verify(Typ::Release)
}

fn good() -> Value {
    serde_json::from_slice(&signed(Typ::Release, PAYLOAD, &[0, 1]).to_bytes()).unwrap()
}

/// A JWS of one signature whose header is this text, signed truly.
fn with_header(header: &str) -> Value {
    let (protected, payload) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(PAYLOAD));
    let signature = key(1).sign(format!("{protected}.{payload}").as_bytes());
    json!({ "payload": payload, "signatures": [{ "protected": protected, "signature": signature_text(&signature) }] })
}

fn header(alg: &str, typ: &str) -> String {
    json!({ "alg": alg, "kid": format!("ala-too:{}", key(1).public()), "typ": typ }).to_string()
}

#[test]
fn says_what_was_signed_and_by_whom() {
    let jws = check(&good()).unwrap();
    assert_eq!(jws.payload, PAYLOAD);
    let by: Vec<_> = jws.signatures.iter().map(|s| (s.outlet.as_str(), s.key)).collect();
    assert_eq!(by, [("ala-too", key(1).public()), ("issyk", key(11).public())]);
}

#[test]
fn the_header_is_as_documented() {
    let input = signing_input(Typ::Latest, b"{}", "issyk", &key(11).public());
    let (protected, payload) = input.split_once('.').unwrap();
    assert_eq!(payload, "e30");
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(protected).unwrap()).unwrap();
    let key = key(11).public();
    assert_eq!(
        header,
        format!(r#"{{"alg":"EdDSA","kid":"issyk:{key}","typ":"komuz-latest+jws"}}"#)
    );
}

#[test]
fn the_same_signatures_make_the_same_bytes() {
    let (a, b) = (
        signature(Typ::Release, PAYLOAD, "ala-too", &key(1)),
        signature(Typ::Release, PAYLOAD, "issyk", &key(11)),
    );
    assert_eq!(
        assemble(Typ::Release, PAYLOAD, &[a.clone(), b.clone()]),
        assemble(Typ::Release, PAYLOAD, &[b, a])
    );
}

#[test]
fn a_header_in_another_order() {
    let header = format!(
        r#"{{"typ":"komuz-release+jws","alg":"EdDSA","kid":"ala-too:{}"}}"#,
        key(1).public()
    );
    assert!(matches!(
        check(&with_header(&header)),
        Err(JwsError::Header { at: 1, .. })
    ));
}

#[test]
fn alg_none() {
    assert!(matches!(
        check(&with_header(&header("none", "komuz-release+jws"))),
        Err(JwsError::Algorithm { at: 1, .. })
    ));
    let mut unsigned = with_header(&header("none", "komuz-release+jws"));
    unsigned["signatures"][0]["signature"] = json!("");
    assert!(matches!(check(&unsigned), Err(JwsError::Algorithm { at: 1, .. })));
}

#[test]
fn alg_of_another_kind() {
    for alg in ["ES256", "HS256", "RS256", "Ed25519", "eddsa", ""] {
        let refused = check(&with_header(&header(alg, "komuz-release+jws")));
        assert_eq!(
            refused,
            Err(JwsError::Algorithm {
                at: 1,
                found: alg.into()
            })
        );
    }
}

#[test]
fn typ_of_another_thing() {
    for typ in [Typ::Masthead, Typ::Latest, Typ::Freshness, Typ::Hold, Typ::Signoff] {
        let found = typ.as_str().to_owned();
        let refused = General::parse(&signed(typ, PAYLOAD, &[0]).to_bytes())
            .unwrap()
            .verify(Typ::Release);
        assert_eq!(
            refused,
            Err(JwsError::Type {
                at: 1,
                expected: "komuz-release+jws",
                found
            })
        );
    }
}

#[test]
fn header_with_crit() {
    let kid = format!("ala-too:{}", key(1).public());
    let header = json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false, "kid": kid, "typ": "komuz-release+jws" });
    assert!(matches!(
        check(&with_header(&header.to_string())),
        Err(JwsError::Header { at: 1, .. })
    ));
}

#[test]
fn header_with_its_own_key() {
    let header = json!({ "alg": "EdDSA", "jwk": {}, "kid": "ala-too:x", "typ": "komuz-release+jws" });
    assert!(matches!(
        check(&with_header(&header.to_string())),
        Err(JwsError::Header { at: 1, .. })
    ));
}

#[test]
fn header_with_a_doubled_member() {
    let kid = format!("ala-too:{}", key(1).public());
    let header = format!(r#"{{"alg":"none","alg":"EdDSA","kid":"{kid}","typ":"komuz-release+jws"}}"#);
    assert!(matches!(
        check(&with_header(&header)),
        Err(JwsError::Header { at: 1, .. })
    ));
}

#[test]
fn header_that_is_not_json() {
    assert!(matches!(
        check(&with_header("EdDSA")),
        Err(JwsError::Header { at: 1, .. })
    ));
}

#[test]
fn kid_without_a_key() {
    for kid in ["", "ala-too", "ala-too:", "ala-too:AAAA", ":"] {
        let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "komuz-release+jws" }).to_string();
        assert_eq!(check(&with_header(&header)), Err(JwsError::KeyId { at: 1 }));
    }
}

#[test]
fn kid_twice() {
    let mut jws = good();
    jws["signatures"][1] = jws["signatures"][0].clone();
    assert_eq!(check(&jws), Err(JwsError::Repeated { at: 2 }));
}

#[test]
fn no_signatures_or_too_many() {
    let mut jws = good();
    jws["signatures"] = json!([]);
    assert_eq!(check(&jws), Err(JwsError::Count { found: 0 }));
    jws["signatures"] = json!(vec![good()["signatures"][0].clone(); 65]);
    assert_eq!(check(&jws), Err(JwsError::Count { found: 65 }));
}

#[test]
fn signature_of_another_payload() {
    let mut jws = good();
    jws["payload"] = json!(URL_SAFE_NO_PAD.encode(br#"{"komuz":2}"#));
    assert_eq!(
        check(&jws),
        Err(JwsError::Signature {
            outlet: "ala-too".into()
        })
    );
}

#[test]
fn signature_under_another_name() {
    let mut jws = good();
    let kid = format!("issyk:{}", key(1).public());
    let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "komuz-release+jws" }).to_string();
    jws["signatures"][0]["protected"] = json!(URL_SAFE_NO_PAD.encode(header));
    assert_eq!(check(&jws), Err(JwsError::Signature { outlet: "issyk".into() }));
}

#[test]
fn signature_of_another_length() {
    let mut jws = good();
    jws["signatures"][0]["signature"] = json!("AAAA");
    assert_eq!(
        check(&jws),
        Err(JwsError::Encoding {
            part: "signature 1".into()
        })
    );
}

#[test]
fn base64_with_padding_or_of_the_other_alphabet() {
    let mut jws = good();
    jws["payload"] = json!("e30=");
    assert_eq!(check(&jws), Err(JwsError::Encoding { part: "payload".into() }));
    jws["payload"] = json!("+/+/");
    assert_eq!(check(&jws), Err(JwsError::Encoding { part: "payload".into() }));
    // The last letter's unused bits are set.
    jws["payload"] = json!("e31");
    assert_eq!(check(&jws), Err(JwsError::Encoding { part: "payload".into() }));
}

#[test]
fn other_forms_of_jws() {
    for text in [
        "",
        "[]",
        "{}",
        "null",
        "eyJhbGciOiJFZERTQSJ9.e30.AAAA",
        r#"{"payload":"e30","protected":"","signature":""}"#,
        r#"{"payload":"e30","signatures":[{"header":{},"protected":"","signature":""}]}"#,
        r#"{"payload":"e30","payload":"e30","signatures":[]}"#,
        r#"{"payload":"e30","signatures":[]}{}"#,
        r#"{"payload":"e30", "signatures":[]}"#,
    ] {
        assert!(
            matches!(General::parse(text.as_bytes()), Err(JwsError::Malformed(_))),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn parsing_anything_never_panics(bytes: Vec<u8>) {
        let _ = General::parse(&bytes);
    }
}
