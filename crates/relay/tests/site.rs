//! The site's files and their headers.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;

use std::path::Path;

use common::http::{ask, get};
use common::{Started, start_with};
use komuz_relay::{Config, NotAnOrigin, Server, StartError};

/// A server with a small site.
async fn with_site() -> (Started, tempfile::TempDir) {
    let site = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = site.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("komuz.js", "embed");
    put("komuz.js.br", "embed, compressed");
    put("komuz_reader_bg.wasm", "wasm");
    put("package.json", "{}");
    put("desk/index.html", "<!doctype html>desk");
    put("desk/engine/worker.js", "worker");
    put("desk/.hidden", "hidden");
    let folder = site.path().to_owned();
    let started = start_with(|config| {
        config.site = Some(folder);
        config.frame_ancestors = vec!["https://outlet.example".into(), "http://localhost:8080".into()];
    })
    .await;
    (started, site)
}

#[tokio::test]
async fn the_desk_has_its_policy_on_every_answer() {
    let (started, _site) = with_site().await;
    for path in [
        "/desk/",
        "/desk/index.html",
        "/desk/engine/worker.js",
        "/desk/nothing.js",
    ] {
        let answer = get(started.server.address, path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval';",
            "worker-src 'self';",
            "connect-src 'self' http: https: ws: wss:;",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self' https://outlet.example http://localhost:8080;",
            "require-trusted-types-for 'script'; trusted-types komuz-worker komuz-desk",
        ] {
            assert!(policy.contains(part), "{path}: {part} is not in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("geolocation=()"));
        assert_eq!(answer.header("service-worker-allowed"), "/desk/");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    assert_eq!(get(started.server.address, "/desk/").await.body, b"<!doctype html>desk");
    let moved = get(started.server.address, "/desk").await;
    assert_eq!((moved.status, moved.header("location")), (308, "/desk/"));
    started.server.stop().await;
}

#[tokio::test]
async fn embed_files_may_be_loaded_by_any_page() {
    let (started, _site) = with_site().await;
    let script = get(started.server.address, "/embed/komuz.js").await;
    assert_eq!(script.body, b"embed");
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("access-control-allow-origin"), "*");
    assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    let wasm = get(started.server.address, "/embed/komuz_reader_bg.wasm").await;
    assert_eq!(wasm.header("content-type"), "application/wasm");
    // The desk is not to be had without its policy.
    assert_eq!(get(started.server.address, "/embed/desk/index.html").await.status, 404);
    started.server.stop().await;
}

#[tokio::test]
async fn a_compressed_copy_goes_to_those_who_take_it() {
    let (started, _site) = with_site().await;
    let accept = [("accept-encoding", "gzip, deflate, br")];
    let answer = ask(started.server.address, "GET", "/embed/komuz.js", &accept, b"").await;
    assert_eq!(
        (&answer.body[..], answer.header("content-encoding")),
        (&b"embed, compressed"[..], "br")
    );
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(answer.header("vary"), "accept-encoding");
    let plain = get(started.server.address, "/embed/komuz.js").await;
    assert_eq!((&plain.body[..], plain.header("content-encoding")), (&b"embed"[..], ""));
    assert_ne!(plain.header("etag"), answer.header("etag"));
    let other = ask(started.server.address, "GET", "/embed/package.json", &accept, b"").await;
    assert_eq!((&other.body[..], other.header("content-encoding")), (&b"{}"[..], ""));
    started.server.stop().await;
}

#[tokio::test]
async fn a_copy_is_kept_until_the_file_changes() {
    let (started, site) = with_site().await;
    let first = get(started.server.address, "/desk/").await;
    assert_eq!(first.header("cache-control"), "no-cache");
    let tag = [("if-none-match", first.header("etag"))];
    let again = ask(started.server.address, "GET", "/desk/", &tag, b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert!(!again.header("content-security-policy").is_empty());
    std::fs::write(site.path().join("desk/index.html"), "a new desk").unwrap();
    let changed = ask(started.server.address, "GET", "/desk/", &tag, b"").await;
    assert_eq!((changed.status, &changed.body[..]), (200, &b"a new desk"[..]));
    started.server.stop().await;
}

#[tokio::test]
async fn hidden_files_stay_hidden() {
    let (started, _site) = with_site().await;
    for path in [
        "/desk/.hidden",
        "/desk/%2ehidden",
        "/desk/engine",
        "/desk/engine/",
        "/embed/",
        "/embed",
    ] {
        assert_eq!(get(started.server.address, path).await.status, 404, "{path}");
    }
    started.server.stop().await;
}

#[tokio::test]
async fn the_front_page_says_what_this_is_in_three_languages() {
    let (started, _site) = with_site().await;
    let page = get(started.server.address, "/").await;
    assert_eq!(page.status, 200);
    for lang in ["en", "ru", "ky"] {
        assert!(page.text().contains(&format!("<section lang=\"{lang}\">")), "{lang}");
    }
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    started.server.stop().await;
}

#[tokio::test]
async fn health_and_description_are_json() {
    let (started, _site) = with_site().await;
    let health = get(started.server.address, "/healthz").await;
    assert_eq!(
        (health.status, health.header("content-type")),
        (200, "application/json")
    );
    assert!(health.text().contains("\"database\":\"ok\""), "{}", health.text());
    let about = get(started.server.address, "/.well-known/komuz.json").await;
    assert_eq!(about.header("access-control-allow-origin"), "*");
    assert!(
        about.text().contains("\"sync\":1") && about.text().contains("\"freshness\":\""),
        "{}",
        about.text()
    );
    started.server.stop().await;
}

#[tokio::test]
async fn an_origin_that_is_none_does_not_start() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(([127, 0, 0, 1], 0).into(), data.path());
    config.origin = Some("desk.outlet.example".into());
    let refused = Server::start(config.clone()).await.err();
    assert!(matches!(refused, Some(StartError::Origin(NotAnOrigin(_)))));
    config.origin = None;
    config.frame_ancestors = vec!["*".into()];
    assert!(matches!(
        Server::start(config).await.err(),
        Some(StartError::Origin(NotAnOrigin(_)))
    ));
    assert!(is_empty(data.path()), "something was made before the refusal");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn a_request_that_never_ends_is_ended() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let started = start_with(|config| config.limits.request = std::time::Duration::from_millis(200)).await;
    let mut idle = tokio::net::TcpStream::connect(started.server.address).await.unwrap();
    let _ = idle.read_to_end(&mut Vec::new()).await;
    let mut slow = tokio::net::TcpStream::connect(started.server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-sl").await.unwrap();
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer).await;
    let mut body = tokio::net::TcpStream::connect(started.server.address).await.unwrap();
    let head = format!(
        "PUT /r/{}/masthead.json HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[",
        "a".repeat(64)
    );
    body.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    body.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    started.server.stop().await;
}

/// Run with `--features bundle` after `cargo xtask pkg`.
#[cfg(feature = "bundle")]
#[tokio::test]
async fn the_program_carries_the_desk_and_the_embed_files() {
    let started = common::start().await;
    for (path, media) in [
        ("/desk/", "text/html; charset=utf-8"),
        ("/embed/komuz.js", "text/javascript; charset=utf-8"),
    ] {
        let plain = get(started.server.address, path).await;
        assert_eq!((plain.status, plain.header("content-type")), (200, media), "{path}");
        let tag = [("if-none-match", plain.header("etag")), ("accept-encoding", "identity")];
        assert_eq!(
            ask(started.server.address, "GET", path, &tag, b"").await.status,
            304,
            "{path}"
        );
    }
    assert_eq!(get(started.server.address, "/embed/desk/index.html").await.status, 404);
    started.server.stop().await;
}
