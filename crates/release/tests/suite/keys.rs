//! Release keys and printed recovery keys.

use komuz_release::keys::{
    KeyError, PublicKey, SigningKey, parse_signature, recovery_seed, recovery_text, signature_text,
};
use proptest::prelude::*;

#[test]
fn signs_as_rfc_8037_does() {
    // RFC 8037 appendix A: the key of A.1 and A.2, the signing of A.4.
    let seed = parse32("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let key = SigningKey::from_seed(&seed);
    assert_eq!(key.public().to_string(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(signature_text(&key.sign(input)), signature);
    assert!(key.public().verifies(input, &parse_signature(signature).unwrap()));
}

fn parse32(text: &str) -> [u8; 32] {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
        .try_into()
        .unwrap()
}

#[test]
fn a_key_has_one_spelling() {
    let text = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    assert_eq!(text.parse::<PublicKey>().unwrap().to_string(), text);
    for other in [
        "",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR",
        " 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ] {
        assert_eq!(other.parse::<PublicKey>(), Err(KeyError::Encoding), "{other}");
    }
}

#[test]
fn points_that_any_signature_fits_are_no_keys() {
    let mut identity = [0; 32];
    identity[0] = 1;
    // y = p + 1, the identity again in bytes that no encoder makes.
    let mut twisted = [0xff; 32];
    twisted[0] = 0xee;
    twisted[31] = 0x7f;
    for bytes in [identity, [0; 32], twisted] {
        assert_eq!(PublicKey::from_bytes(bytes), Err(KeyError::Weak));
    }
}

#[test]
fn a_signature_is_for_its_message_and_key() {
    let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let signature = key.sign(b"message");
    assert!(key.public().verifies(b"message", &signature));
    assert!(!key.public().verifies(b"messagf", &signature));
    assert!(!other.public().verifies(b"message", &signature));
    // s + L is the same signature in other bytes (RFC 8032 section 5.1.7 refuses it).
    let mut malleable = signature;
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!key.public().verifies(b"message", &malleable));
}

#[test]
fn a_secret_is_not_printed() {
    let shown = format!("{:?}", SigningKey::from_seed(&[7; 32]));
    assert!(
        shown.starts_with("SigningKey(of ") && !shown.contains("7, 7"),
        "{shown}"
    );
}

#[test]
fn recovery_keys_are_printed_in_groups() {
    let text = recovery_text(&[0x5a; 32]);
    assert_eq!(text.len(), 14 * 4 + 13);
    assert!(text.split('-').all(|group| group.len() == 4));
    assert!(!text.contains(['I', 'L', 'O', 'U']));
}

#[test]
fn recovery_keys_are_read_as_people_type_them() {
    let seed = [0; 32];
    let text = recovery_text(&seed);
    let typed = text
        .to_lowercase()
        .replace('-', " ")
        .replace('0', "o")
        .replace('1', "l");
    assert_eq!(recovery_seed(&format!("  {typed}\n")), Ok(seed));
}

#[test]
fn recovery_keys_with_mistakes_are_refused() {
    let text = recovery_text(&[0x17; 32]);
    assert_eq!(recovery_seed(&text[1..]), Err(KeyError::RecoveryLength { found: 55 }));
    assert_eq!(recovery_seed(""), Err(KeyError::RecoveryLength { found: 0 }));
    let letter = text.replacen(&text[0..1], "U", 1);
    assert_eq!(
        recovery_seed(&letter),
        Err(KeyError::RecoveryLetter { at: 1, letter: 'U' })
    );
    let letters: Vec<char> = text.chars().filter(|c| *c != '-').collect();
    for at in 0..letters.len() {
        let mut typed = letters.clone();
        typed[at] = if typed[at] == 'Z' { 'Y' } else { 'Z' };
        assert_eq!(
            recovery_seed(&typed.iter().collect::<String>()),
            Err(KeyError::RecoveryChecksum),
            "letter {at}"
        );
    }
}

proptest! {
    #[test]
    fn recovery_keys_come_back(seed: [u8; 32]) {
        prop_assert_eq!(recovery_seed(&recovery_text(&seed)), Ok(seed));
    }

    #[test]
    fn reading_anything_never_panics(text in ".*") {
        let _ = recovery_seed(&text);
        let _ = text.parse::<PublicKey>();
        let _ = parse_signature(&text);
    }
}
