//! A link as a code that a telephone's camera reads (QR code, ISO/IEC 18004), drawn here: no server hears of it.

use qrcodegen::{QrCode, QrCodeEcc};

/// The light edge that a reader needs around a code, in modules (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// An SVG document with a text as a code, dark on light whatever the page's colours are; `name` says what it is to who does
/// not see it. None when the text is longer than a code holds, about 2,300 bytes.
pub fn svg(text: &str, name: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let (size, all) = (code.size(), code.size() + 2 * QUIET);
    let mut dark = String::new();
    for y in 0..size {
        // Modules that touch are one part: between two there would be a hair's breadth of light.
        let mut x = 0;
        while x < size {
            let from = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                let run = x - from;
                dark.push_str(&format!("M{} {}h{run}v1h-{run}z", from + QUIET, y + QUIET));
            }
            x += 1;
        }
    }
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {all} {all}" role="img" aria-label="{name}" shape-rendering="crispEdges"><rect width="{all}" height="{all}" fill="#ffffff"/><path d="{dark}" fill="#000000"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader makes of the document, drawn with so many pixels for each module.
    fn read(svg: &str, scale: usize) -> String {
        let all: usize = svg
            .split("viewBox=\"0 0 ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let mut dark = vec![false; all * all];
        let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
        for run in path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, _) = rest.split_once('v').unwrap();
            let [x, y, length]: [usize; 3] = [x, y, length].map(|number| number.parse().unwrap());
            dark[y * all + x..][..length].fill(true);
        }
        let at = |x: usize, y: usize| if dark[y / scale * all + x / scale] { 0 } else { 255 };
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(all * scale, all * scale, at);
        let grids = picture.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().expect("it is read").1
    }

    #[test]
    fn a_reader_makes_the_link_of_it() {
        let link = format!(
            "https://desk.outlet.example/desk/#{}",
            "gYlQBwcHBwcHBwcHBwcHBwcH_-".repeat(16)
        );
        let drawn = svg(&link, "Code").expect("it fits");
        for scale in [2, 3, 5] {
            assert_eq!(read(&drawn, scale), link);
        }
    }

    #[test]
    fn it_has_a_light_edge_and_a_name() {
        let drawn = svg("https://desk.outlet.example/desk/#a", "\u{201c}A\u{201d} & \"B\" <c>").expect("it fits");
        assert!(drawn.contains("aria-label=\"“A” &amp; &quot;B&quot; &lt;c>\""));
        let path = drawn.split(" d=\"").nth(1).unwrap();
        // The first finder pattern begins behind the edge, in the first row that has anything.
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert_eq!(svg(&"a".repeat(4000), ""), None);
    }
}
