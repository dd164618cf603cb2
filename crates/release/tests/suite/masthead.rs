//! The chain of mastheads.

use komuz_release::jws::{General, JwsError, Signature, Typ, assemble};
use komuz_release::masthead::{
    Chain, MAX_CHAIN, MAX_MASTHEAD, Masthead, MastheadError, Outlet, chain_bytes, sign, signers,
};
use komuz_release::release::ReleaseError;

use crate::fixture::{key, masthead, outlet, signature, signed_masthead};

fn by(masthead: &Masthead, seeds: &[u8]) -> General {
    sign(
        masthead,
        &seeds.iter().map(|seed| one(masthead, *seed)).collect::<Vec<_>>(),
    )
}

fn one(masthead: &Masthead, seed: u8) -> Signature {
    signature(Typ::Masthead, &masthead.to_bytes(), &outlet(seed / 10).id, &key(seed))
}

fn check(chain: &[General]) -> Result<Chain, MastheadError> {
    Chain::verify(&chain_bytes(chain), &masthead().hash())
}

fn second() -> Masthead {
    masthead().next(vec![outlet(0), outlet(1), outlet(2)]).unwrap()
}

#[test]
fn first_alone() {
    let chain = check(&[signed_masthead()]).unwrap();
    assert_eq!(chain.newest(), &masthead());
    assert_eq!(chain.fingerprint(), masthead().hash());
}

#[test]
fn either_key_of_an_outlet_signs() {
    assert!(check(&[by(&masthead(), &[2, 11])]).is_ok());
}

#[test]
fn an_outlet_joins() {
    let chain = check(&[signed_masthead(), by(&second(), &[1, 11, 21])]).unwrap();
    assert_eq!(chain.newest().outlets.len(), 3);
    assert_eq!(chain.get(&masthead().hash()), Some(&masthead()));
}

#[test]
fn an_outlet_replaces_a_key() {
    let mut changed = outlet(0);
    changed.keys = vec![key(2).public(), key(3).public()];
    let next = masthead().next(vec![changed, outlet(1)]).unwrap();
    // With a key that it had and with the one that it brings.
    assert!(check(&[signed_masthead(), by(&next, &[1, 3, 11])]).is_ok());
    let without_new = check(&[signed_masthead(), by(&next, &[1, 11])]);
    assert!(matches!(
        without_new,
        Err(MastheadError::Missing {
            number: 2,
            with: "with a key it brings",
            ..
        })
    ));
    let without_old = check(&[signed_masthead(), by(&next, &[3, 11])]);
    assert!(matches!(
        without_old,
        Err(MastheadError::Missing {
            number: 2,
            with: "with a key it had before",
            ..
        })
    ));
}

#[test]
fn a_chain_of_many_versions_is_read_and_one_version_is_bounded() {
    let (mut last, mut chain) = (masthead(), vec![signed_masthead()]);
    while chain_bytes(&chain).len() <= MAX_MASTHEAD {
        let mut outlets = last.outlets.clone();
        outlets[0].name = format!("Ala-Too Desk {}", chain.len());
        last = last.next(outlets).unwrap();
        chain.push(by(&last, &[1, 11]));
    }
    assert_eq!(check(&chain).unwrap().newest(), &last);
    let malformed = |bytes: &[u8], part: &str| {
        let refused = Chain::verify(bytes, &masthead().hash());
        assert!(
            matches!(&refused, Err(MastheadError::Malformed(why)) if why.contains(part)),
            "{refused:?}"
        );
    };
    malformed(&vec![b' '; MAX_CHAIN + 1], "1048577 bytes");
    let fat = assemble(Typ::Masthead, &vec![b'a'; MAX_MASTHEAD], &[]);
    malformed(&chain_bytes(&[fat]), "at most 65536");
}

#[test]
fn who_must_sign_is_told() {
    let (first, second) = (masthead(), second());
    let outlets: Vec<_> = signers(None, &first).iter().map(|s| s.outlet).collect();
    assert_eq!(outlets, ["ala-too", "issyk"]);
    let outlets: Vec<_> = signers(Some(&first), &second).iter().map(|s| s.outlet).collect();
    assert_eq!(outlets, ["ala-too", "issyk", "naryn"]);
}

#[test]
fn another_fingerprint() {
    let refused = Chain::verify(&chain_bytes(&[signed_masthead()]), &"0".repeat(64));
    assert!(matches!(refused, Err(MastheadError::Fingerprint { .. })));
}

#[test]
fn a_missing_signature() {
    let refused = check(&[by(&masthead(), &[1])]);
    assert!(matches!(refused, Err(MastheadError::Missing { number: 1, outlet, .. }) if outlet == "issyk"));
}

#[test]
fn an_outlet_that_joins_without_the_others() {
    for seeds in [&[21][..], &[1, 21], &[11, 21], &[1, 11]] {
        assert!(matches!(
            check(&[signed_masthead(), by(&second(), seeds)]),
            Err(MastheadError::Missing { number: 2, .. })
        ));
    }
}

#[test]
fn a_stranger_signs_too() {
    let refused = check(&[by(&masthead(), &[1, 11, 21])]);
    assert_eq!(
        refused,
        Err(MastheadError::Stranger {
            number: 1,
            outlet: "naryn".into()
        })
    );
    let wrong_key = check(&[by(&masthead(), &[1, 3, 11])]);
    assert_eq!(
        wrong_key,
        Err(MastheadError::Stranger {
            number: 1,
            outlet: "ala-too".into()
        })
    );
}

#[test]
fn a_freshness_key_does_not_sign_mastheads() {
    let refused = check(&[by(&masthead(), &[9, 11])]);
    assert_eq!(
        refused,
        Err(MastheadError::Stranger {
            number: 1,
            outlet: "ala-too".into()
        })
    );
}

#[test]
fn a_forged_signature() {
    let mut forged = one(&masthead(), 1);
    forged.bytes[0] ^= 1;
    let refused = check(&[sign(&masthead(), &[forged, one(&masthead(), 11)])]);
    let error = JwsError::Signature {
        outlet: "ala-too".into(),
    };
    assert_eq!(refused, Err(MastheadError::Jws { number: 1, error }));
}

#[test]
fn out_of_order() {
    let (one, two) = (signed_masthead(), by(&second(), &[1, 11, 21]));
    let third = second().next(second().outlets).unwrap();
    let three = by(&third, &[1, 11, 21]);
    assert!(check(&[one.clone(), two.clone(), three.clone()]).is_ok());
    assert!(matches!(
        check(&[two.clone(), one.clone()]),
        Err(MastheadError::Fingerprint { .. })
    ));
    assert!(matches!(
        check(&[one.clone(), one.clone()]),
        Err(MastheadError::Order { number: 2, .. })
    ));
    assert!(matches!(
        check(&[one.clone(), three]),
        Err(MastheadError::Order { number: 2, .. })
    ));
    assert!(matches!(
        check(&[one, two.clone(), two]),
        Err(MastheadError::Order { number: 3, .. })
    ));
}

#[test]
fn a_branch_of_another_chain() {
    let other = Masthead::first(vec![outlet(0), outlet(2)])
        .unwrap()
        .next(vec![outlet(0), outlet(1), outlet(2)])
        .unwrap();
    let refused = check(&[signed_masthead(), by(&other, &[1, 11, 21])]);
    assert!(matches!(refused, Err(MastheadError::Order { number: 2, .. })));
}

#[test]
fn a_dropped_outlet() {
    let next = masthead().next(vec![outlet(0)]).unwrap();
    let refused = check(&[signed_masthead(), by(&next, &[1, 11])]);
    assert_eq!(
        refused,
        Err(MastheadError::Order {
            number: 2,
            problem: "it drops issyk".into()
        })
    );
}

#[test]
fn files_that_are_no_chain() {
    for text in ["", "[]", "{}", "[{}]", "[1]", "null", "[ ]"] {
        let refused = Chain::verify(text.as_bytes(), &masthead().hash());
        assert!(matches!(refused, Err(MastheadError::Malformed(_))), "{text}");
    }
    let mut spaced = chain_bytes(&[signed_masthead()]);
    spaced.push(b'\n');
    assert!(matches!(
        Chain::verify(&spaced, &masthead().hash()),
        Err(MastheadError::Malformed(_))
    ));
    let large = vec![b' '; 65 << 10];
    assert!(matches!(
        Chain::verify(&large, &masthead().hash()),
        Err(MastheadError::Malformed(_))
    ));
}

fn place(changed: impl FnOnce(&mut Vec<Outlet>)) -> String {
    let mut outlets = vec![outlet(0), outlet(1)];
    changed(&mut outlets);
    match Masthead::first(outlets) {
        Err(ReleaseError::Invalid { place, .. }) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn outlets_that_cannot_be() {
    assert_eq!(place(Vec::clear), "outlets");
    assert_eq!(place(|o| *o = vec![outlet(0); 33]), "outlets");
    assert_eq!(place(|o| o[1].id = "ala-too".into()), "outlets[1].id");
    for id in ["", "Ala", "a:b", "a/b", "файл", "files", &"a".repeat(65)] {
        assert_eq!(place(|o| o[1].id = id.into()), "outlets[1].id");
    }
    for name in ["", " ", "two\nlines", &"n".repeat(201)] {
        assert_eq!(place(|o| o[0].name = name.into()), "outlets[0].name");
    }
    for domain in [
        "",
        "Outlet.example",
        "https://outlet.example",
        "outlet..example",
        "-a.example",
        "a.example:",
        "a:0",
        "a/b",
    ] {
        assert_eq!(place(|o| o[0].domain = domain.into()), "outlets[0].domain", "{domain}");
    }
    assert_eq!(place(|o| o[0].keys.truncate(1)), "outlets[0].keys");
    assert_eq!(place(|o| o[0].keys = vec![key(1).public(); 2]), "outlets[0].keys");
    assert_eq!(place(|o| o[1].keys[0] = key(1).public()), "outlets[1].keys");
    assert_eq!(place(|o| o[1].freshness = Some(key(1).public())), "outlets[1].keys");
}

#[test]
fn domains_on_loopback_are_taken() {
    let mut outlets = vec![outlet(0), outlet(1)];
    outlets[0].domain = "127.0.0.1:8091".into();
    outlets[1].domain = "localhost".into();
    assert!(Masthead::first(outlets).is_ok());
}
