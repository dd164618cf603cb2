//! Shrinks the style sheet that the reader carries: comments and the white space that means nothing.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=css/komuz-reader.css");
    let css = std::fs::read_to_string("css/komuz-reader.css").expect("the sheet is there");
    let out = std::env::var("OUT_DIR").expect("Cargo says where to write");
    std::fs::write(Path::new(&out).join("komuz-reader.css"), shrunk(&css)).expect("Cargo's folder can be written");
}

/// The sheet without comments, with one space for each run of white space and none beside braces, semicolons and commas or
/// after a colon (no selector of ours has white space after one).
fn shrunk(css: &str) -> String {
    let mut bare = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut out = String::new();
    for word in bare.split_whitespace() {
        let glued = out.ends_with(['{', '}', ';', ',', ':']) || word.starts_with(['{', '}', ';', ',']);
        if !out.is_empty() && !glued {
            out.push(' ');
        }
        out.push_str(word);
    }
    for (long, short) in [
        ("{ ", "{"),
        (" {", "{"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
        (" }", "}"),
        (";}", "}"),
    ] {
        out = out.replace(long, short);
    }
    out
}
