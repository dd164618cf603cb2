//! The front page: what stands at `/` for somebody who found the server by its address.

use axum::http::header::{self, HeaderName};
use axum::response::IntoResponse;

/// What the page may do: show itself.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Komuz</title>
<main>
<h1>Komuz</h1>
<section lang="en">
<p>This is a Komuz server. A newsroom runs it to write investigations together with others and to publish them. It keeps
drafts that it cannot read and hands out published stories that anybody can check.</p>
<p><a href="/desk/">Open the desk</a></p>
</section>
<section lang="ru">
<p>Это сервер Komuz. С его помощью редакция вместе с другими пишет расследования и публикует их. Черновики лежат на нём
зашифрованными, прочитать их он не может, а подлинность опубликованных материалов может проверить каждый.</p>
<p><a href="/desk/">Открыть рабочий стол</a></p>
</section>
<section lang="ky">
<p>Бул — Komuz сервери. Анын жардамы менен редакция башкалар менен чогуу иликтөө жазып, аны жарыялайт. Долбоорлор бул
жерде шифрленген түрдө сакталат, сервер аларды окуй албайт, ал эми жарыяланган материалдын аныктыгын ар ким текшере
алат.</p>
<p><a href="/desk/">Жумуш столун ачуу</a></p>
</section>
</main>
</html>
"#;

/// Answers `GET /`.
pub async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    (headers, PAGE)
}
