//! Release keys: seeds in the form in which a recovery key is printed, so that its checksum notices a damaged or mistyped one.

use komuz_release::keys::{SigningKey, recovery_seed, recovery_text, signature_text};
use wasm_bindgen::prelude::*;

/// A seed as text, from 32 random bytes; none when they are not 32.
#[wasm_bindgen(js_name = seedText)]
pub fn seed_text(random: &[u8]) -> Option<String> {
    Some(recovery_text(random.try_into().ok()?))
}

/// The public key of a seed's text, as the masthead writes it; none when the text is no seed.
#[wasm_bindgen(js_name = publicKey)]
pub fn public_key(seed: &str) -> Option<String> {
    Some(SigningKey::from_seed(&recovery_seed(seed).ok()?).public().to_string())
}

/// Signs a JWS signing input; base64url. None when the text is no seed.
#[wasm_bindgen]
pub fn sign(seed: &str, input: &str) -> Option<String> {
    Some(signature_text(
        &SigningKey::from_seed(&recovery_seed(seed).ok()?).sign(input.as_bytes()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use komuz_release::keys::{PublicKey, parse_signature};

    #[test]
    fn a_seed_is_printed_typed_and_signs() {
        let printed = seed_text(&[7; 32]).unwrap();
        let typed = printed.to_lowercase().replace('-', " ");
        let key: PublicKey = public_key(&typed).unwrap().parse().unwrap();
        let signature = parse_signature(&sign(&typed, "header.payload").unwrap()).unwrap();
        assert!(key.verifies(b"header.payload", &signature));
    }

    #[test]
    fn a_mistyped_seed_is_none() {
        let printed = seed_text(&[7; 32]).unwrap();
        let first = if printed.starts_with('0') { '1' } else { '0' };
        let mistyped = format!("{first}{}", &printed[1..]);
        assert_eq!(public_key(&mistyped), None);
        assert_eq!(sign(&mistyped, "x"), None);
        assert_eq!(seed_text(&[7; 31]), None);
    }
}
