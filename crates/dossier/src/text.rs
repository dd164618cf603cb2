//! Places in texts: bytes of Rust's strings and UTF-16 code units of everything else.

/// UTF-16 code units of a text.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The byte where `units` UTF-16 code units of a text end. Inside a surrogate pair: before it; beyond the end: the end.
pub fn byte(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    text.len()
}

/// A text's beginning of at most `most` characters, with an ellipsis where something was left out: for what is shown.
pub fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// A text in words, without the white space between them: two texts of the same words say the same.
pub fn same_words(a: &str, b: &str) -> bool {
    a == b || a.split_whitespace().eq(b.split_whitespace())
}
