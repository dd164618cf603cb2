//! Releases: what is taken, what is refused, and how it is handed out.

#[allow(dead_code, unused_imports, reason = "this test uses its part of it")]
mod common;
#[allow(dead_code, reason = "this test uses its part of it")]
#[path = "../../release/tests/suite/fixture.rs"]
mod fixture;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::http::{Answer, ask, get};
use common::{Started, start, start_with};
use fixture::{PUBLISHED, head, key, masthead, outlet, publish_folder, rich_story, signed, signed_masthead};
use komuz_relay::{Config, Server};
use komuz_release::canonical::sha256_hex;
use komuz_release::folder::verify_folder;
use komuz_release::jws::Typ;
use komuz_release::keys::PublicKey;
use komuz_release::masthead::{Masthead, Outlet, chain_bytes};
use komuz_release::release::Release;
use komuz_release::time;
use komuz_release::verify::{Expected, Freshness, Seen};

const DAY: i64 = 86_400;

fn release() -> Release {
    Release::from_story(&rich_story(), &head(), &masthead(), None).unwrap()
}

fn correction(before: &Release) -> Release {
    let mut story = rich_story();
    story.headline = "The site went dark for a day".into();
    let mut head = head();
    head.reason = "The headline was wrong.".into();
    Release::from_story(&story, &head, &masthead(), Some(before)).unwrap()
}

type Files = Vec<(String, Vec<u8>)>;

fn is(files: &Files, name: &str) -> usize {
    files.iter().position(|(path, _)| path.ends_with(name)).unwrap()
}

impl Started {
    async fn put(&self, path: &str, bytes: &[u8]) -> Answer {
        ask(self.server.address, "PUT", &format!("/r/{path}"), &[], bytes).await
    }

    async fn put_with_ticket(&self, path: &str, bytes: &[u8]) -> Answer {
        let ticket = format!("Komuz {}", self.ticket);
        ask(
            self.server.address,
            "PUT",
            &format!("/r/{path}"),
            &[("authorization", &ticket)],
            bytes,
        )
        .await
    }

    /// Uploads a folder as a desk of this outlet does; every file must be taken or be there.
    async fn publish(&self, files: &Files) {
        for (path, bytes) in files {
            let answer = self.put_with_ticket(path, bytes).await;
            assert!(
                matches!(answer.status, 201 | 204),
                "{path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }

    async fn trust(&self, ticket: &str, body: &str) -> Answer {
        let ticket = format!("Komuz {ticket}");
        ask(
            self.server.address,
            "PUT",
            "/trust",
            &[("authorization", &ticket)],
            body.as_bytes(),
        )
        .await
    }
}

#[tokio::test]
async fn a_signed_release_is_taken_and_handed_out_as_it_came() {
    let started = start().await;
    let files = publish_folder(&release());
    for (path, bytes) in &files {
        assert_eq!(started.put_with_ticket(path, bytes).await.status, 201, "{path}");
    }
    for (path, bytes) in &files {
        assert_eq!(
            started.put_with_ticket(path, bytes).await.status,
            204,
            "{path} a second time"
        );
        let answer = get(started.server.address, &format!("/r/{path}")).await;
        assert_eq!((answer.status, &answer.body), (200, bytes), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"), "{path}");
        let fixed = !path.ends_with("latest.json") && !path.ends_with("masthead.json");
        assert_eq!(answer.header("cache-control").contains("immutable"), fixed, "{path}");
        let tag = answer.header("etag").to_owned();
        let again = ask(
            started.server.address,
            "GET",
            &format!("/r/{path}"),
            &[("if-none-match", &tag)],
            b"",
        )
        .await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    let page = get(
        started.server.address,
        &format!("/r/{}", files[is(&files, "index.html")].0),
    )
    .await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    started.server.stop().await;
}

#[tokio::test]
async fn a_first_masthead_needs_the_ticket() {
    let started = start().await;
    let files = publish_folder(&release());
    let (path, bytes) = &files[0];
    assert!(path.ends_with("/masthead.json"), "the masthead comes first");
    let answer = started.put(path, bytes).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Komuz"));
    let address = format!("/r/{path}");
    let wrong = ask(
        started.server.address,
        "PUT",
        &address,
        &[("authorization", "Komuz wrong")],
        bytes,
    )
    .await;
    assert_eq!(wrong.status, 403);
    assert_eq!(get(started.server.address, &format!("/r/{path}")).await.status, 404);
    // And nothing else comes before it.
    for (path, bytes) in &files[1..] {
        assert_eq!(started.put(path, bytes).await.status, 409, "{path}");
        assert_eq!(
            get(started.server.address, &format!("/r/{path}")).await.status,
            404,
            "{path}"
        );
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_partner_brings_the_masthead_when_a_trusted_key_has_signed_it() {
    let started = start().await;
    let files = publish_folder(&release());
    let list = |keys: &[PublicKey]| serde_json_list(keys);
    assert_eq!(started.trust("wrong", &list(&[key(11).public()])).await.status, 403);
    assert_eq!(started.trust(&started.ticket, "[\"nonsense\"]").await.status, 422);
    // Another outlet's key, and a key of the outlet that has not signed: trust in neither lets this masthead in.
    assert_eq!(
        started
            .trust(&started.ticket, &list(&[key(21).public(), key(12).public()]))
            .await
            .status,
        204
    );
    assert_eq!(started.put(&files[0].0, &files[0].1).await.status, 401);
    assert_eq!(
        started.trust(&started.ticket, &list(&[key(11).public()])).await.status,
        204
    );
    for (path, bytes) in &files {
        assert_eq!(started.put(path, bytes).await.status, 201, "{path}");
    }
    started.server.stop().await;
}

fn serde_json_list(keys: &[PublicKey]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    format!("[{}]", quoted.join(","))
}

#[tokio::test]
async fn one_flipped_byte_is_refused_in_every_file() {
    let files = publish_folder(&release());
    let started = start().await;
    for (at, (path, bytes)) in files.iter().enumerate() {
        for place in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1;
            let answer = started.put_with_ticket(path, &flipped).await;
            assert_eq!(answer.status, 422, "{path} at {place}: {}", answer.text());
            assert_eq!(
                get(started.server.address, &format!("/r/{path}")).await.status,
                404,
                "{path}"
            );
        }
        // The next files are tried with all before them in place.
        started.publish(&files[..=at].to_vec()).await;
    }
    started.server.stop().await;
}

#[tokio::test]
async fn what_is_there_cannot_be_changed() {
    let started = start().await;
    let files = publish_folder(&release());
    started.publish(&files).await;
    for (path, bytes) in &files {
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        assert_eq!(started.put_with_ticket(path, &flipped).await.status, 422, "{path}");
        assert_eq!(
            get(started.server.address, &format!("/r/{path}")).await.body,
            *bytes,
            "{path}"
        );
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_correction_follows_and_nothing_goes_back() {
    let started = start().await;
    let first = release();
    let (first_files, second_files) = (publish_folder(&first), publish_folder(&correction(&first)));
    started.publish(&first_files).await;
    started.publish(&second_files).await;
    let latest = is(&first_files, "latest.json");
    let answer = started
        .put_with_ticket(&first_files[latest].0, &first_files[latest].1)
        .await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    let there = get(started.server.address, &format!("/r/{}", first_files[latest].0)).await;
    assert_eq!(there.body, second_files[is(&second_files, "latest.json")].1);
    // The old release stays readable under its hash.
    let old = &first_files[is(&first_files, "release.json")];
    assert_eq!(get(started.server.address, &format!("/r/{}", old.0)).await.body, old.1);
    started.server.stop().await;
}

#[tokio::test]
async fn two_releases_under_one_number_are_not_both_taken() {
    let started = start().await;
    let other = {
        let mut story = rich_story();
        story.headline = "Another first".into();
        Release::from_story(&story, &head(), &masthead(), None).unwrap()
    };
    started.publish(&publish_folder(&release())).await;
    let files = publish_folder(&other);
    let latest = is(&files, "latest.json");
    started.publish(&files[..latest].to_vec()).await;
    assert_eq!(
        started.put_with_ticket(&files[latest].0, &files[latest].1).await.status,
        409
    );
    started.server.stop().await;
}

#[tokio::test]
async fn an_editions_folder_leads_to_the_page_of_its_newest_release() {
    let started = start().await;
    let first = release();
    let folder = format!("/r/{}/the-site-went-dark/en", masthead().hash());
    let follow = async |address: &str| {
        let answer = get(started.server.address, address).await;
        (answer.status, answer.header("location").to_owned())
    };
    assert_eq!(follow(&folder).await.0, 404, "nothing is published yet");
    for release in [&first, &correction(&first)] {
        let files = publish_folder(release);
        started.publish(&files).await;
        let (path, page) = &files[is(&files, "index.html")];
        for address in [folder.clone(), format!("{folder}/")] {
            // Relative, so that it also leads there behind a proxy that serves this server under a folder.
            let (status, to) = follow(&address).await;
            let at = address.rfind('/').unwrap();
            assert_eq!(
                (status, format!("{}/{to}", &address[..at])),
                (303, format!("/r/{path}"))
            );
        }
        assert_eq!(get(started.server.address, &format!("/r/{path}")).await.body, *page);
    }
    assert_eq!(
        follow(&format!("/r/{}/the-site-went-dark/ky/", masthead().hash()))
            .await
            .0,
        404
    );
    started.server.stop().await;
}

#[tokio::test]
async fn a_latest_that_is_signed_again_after_a_key_was_replaced_is_taken() {
    let started = start().await;
    let release = release();
    let files = publish_folder(&release);
    started.publish(&files).await;
    let (path, old) = &files[is(&files, "latest.json")];
    // The first outlet replaces the key that has signed; nothing that it signed counts any more.
    let replaced = Outlet {
        keys: vec![key(2).public(), key(3).public()],
        ..outlet(0)
    };
    let second = masthead().next(vec![replaced, outlet(1)]).unwrap();
    let by = |payload: &[u8], typ, keys: &[(u8, u8)]| {
        let sign = |(n, seed): &(u8, u8)| fixture::signature(typ, payload, &outlet(*n).id, &key(*seed));
        komuz_release::jws::assemble(typ, payload, &keys.iter().map(sign).collect::<Vec<_>>())
    };
    let chain = [
        signed_masthead(),
        by(&second.to_bytes(), Typ::Masthead, &[(0, 1), (0, 3), (1, 11)]),
    ];
    let chain_path = format!("{}/masthead.json", masthead().hash());
    let answer = started.put(&chain_path, &chain_bytes(&chain)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let latest = komuz_release::latest::Latest::of(&release).unwrap();
    let again = by(&latest.to_bytes(), Typ::Latest, &[(0, 2), (1, 11)]).to_bytes();
    assert_eq!(started.put(path, &again).await.status, 201);
    assert_eq!(started.put(path, &again).await.status, 204);
    assert_eq!(started.put(path, old).await.status, 422, "its key is gone");
    // Under the new masthead it is newer still, and the one before does not come back.
    let newer = komuz_release::latest::Latest {
        masthead: second.hash(),
        ..latest
    };
    let newest = by(&newer.to_bytes(), Typ::Latest, &[(0, 2), (1, 11)]).to_bytes();
    assert_eq!(started.put(path, &newest).await.status, 201);
    assert_eq!(started.put(path, &again).await.status, 204);
    assert_eq!(get(started.server.address, &format!("/r/{path}")).await.body, newest);
    started.server.stop().await;
}

#[tokio::test]
async fn a_latest_waits_for_all_that_it_points_to() {
    let started = start().await;
    let files = publish_folder(&release());
    let latest = is(&files, "latest.json");
    started.publish(&files[..1].to_vec()).await;
    for (path, bytes) in &files[1..latest] {
        let early = started.put_with_ticket(&files[latest].0, &files[latest].1).await;
        assert_eq!(early.status, 409, "before {path}: {}", early.text());
        assert_eq!(started.put_with_ticket(path, bytes).await.status, 201);
    }
    assert_eq!(
        started.put_with_ticket(&files[latest].0, &files[latest].1).await.status,
        201
    );
    started.server.stop().await;
}

#[tokio::test]
async fn signatures_without_a_quorum_are_refused() {
    let started = start().await;
    let files = publish_folder(&release());
    started.publish(&files[..1].to_vec()).await;
    let at = is(&files, "signatures.json");
    let statement = komuz_release::release::Statement::of(&release(), &masthead())
        .unwrap()
        .to_bytes();
    for outlets in [&[0][..], &[1], &[0, 1, 2]] {
        let bytes = signed(Typ::Release, &statement, outlets).to_bytes();
        assert_eq!(
            started.put_with_ticket(&files[at].0, &bytes).await.status,
            422,
            "{outlets:?}"
        );
    }
    // A masthead's signatures are no release's.
    let bytes = signed(Typ::Latest, &statement, &[0, 1]).to_bytes();
    assert_eq!(started.put_with_ticket(&files[at].0, &bytes).await.status, 422);
    started.server.stop().await;
}

#[tokio::test]
async fn a_chain_of_mastheads_grows_and_never_shrinks() {
    let started = start().await;
    let first = masthead();
    let second = first.next(vec![outlet(0), outlet(1), outlet(2)]).unwrap();
    let path = format!("{}/masthead.json", first.hash());
    let short = chain_bytes(&[signed_masthead()]);
    let long = chain_bytes(&[signed_masthead(), signed(Typ::Masthead, &second.to_bytes(), &[0, 1, 2])]);
    assert_eq!(started.put_with_ticket(&path, &short).await.status, 201);
    // Nobody's ticket is needed for what the quorum has signed.
    assert_eq!(started.put(&path, &long).await.status, 201);
    assert_eq!(started.put_with_ticket(&path, &short).await.status, 409);
    let unsigned = chain_bytes(&[signed_masthead(), signed(Typ::Masthead, &second.to_bytes(), &[0, 2])]);
    assert_eq!(started.put_with_ticket(&path, &unsigned).await.status, 422);
    assert_eq!(get(started.server.address, &format!("/r/{path}")).await.body, long);
    started.server.stop().await;
}

#[tokio::test]
async fn a_figure_that_no_release_names_is_not_kept() {
    let started = start().await;
    let files = publish_folder(&release());
    started.publish(&files).await;
    let bytes = b"\x89PNG\r\n\x1a\nsomebody's own";
    let path = format!("{}/files/{}", masthead().hash(), sha256_hex(bytes));
    assert_eq!(started.put_with_ticket(&path, bytes).await.status, 409);
    // Also after a start, when nothing is known by heart.
    let (data, old) = (started.data, started.server);
    old.stop().await;
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), data.path()))
        .await
        .unwrap();
    let figure = &files[is(&files, &sha256_hex(b"picture"))];
    assert_eq!(
        ask(server.address, "PUT", &format!("/r/{}", figure.0), &[], &figure.1)
            .await
            .status,
        204
    );
    assert_eq!(
        ask(server.address, "PUT", &format!("/r/{path}"), &[], bytes)
            .await
            .status,
        409
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_long_is_not_read_to_its_end() {
    let started = start_with(|config| config.limits.file_bytes = 1000).await;
    let files = publish_folder(&release());
    let figure = is(&files, &sha256_hex(b"picture"));
    for path in [&files[0].0, &files[is(&files, "latest.json")].0, &files[figure].0] {
        assert_eq!(
            started.put_with_ticket(path, &vec![b'['; 5 << 20]).await.status,
            413,
            "{path}"
        );
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_breaks_nothing() {
    let started = start_with(|config| config.limits.disk_bytes = 6000).await;
    let files = publish_folder(&release());
    let mut statuses = Vec::new();
    for (path, bytes) in &files {
        statuses.push(started.put_with_ticket(path, bytes).await.status);
    }
    assert!(statuses.contains(&201) && statuses.contains(&507), "{statuses:?}");
    assert_eq!(get(started.server.address, "/healthz").await.status, 200);
    started.server.stop().await;
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let started = start().await;
    started.publish(&publish_folder(&release())).await;
    let fingerprint = masthead().hash();
    let paths = [
        "/r/../server.json".to_owned(),
        "/r/..%2fserver.json".to_owned(),
        "/r/%2e%2e/server.json".to_owned(),
        format!("/r/{fingerprint}/../../server.json"),
        format!("/r/{fingerprint}/../../logs.sqlite"),
        format!("/r/{fingerprint}//masthead.json"),
        format!("/r//{fingerprint}/masthead.json"),
        format!("/r/{fingerprint}/masthead.json/"),
        format!("/r/{fingerprint}/masthead.json%00"),
        format!("/r/{}/masthead.json", fingerprint.to_uppercase()),
        format!("/r/{fingerprint}/files/../masthead.json"),
        format!("/r/{fingerprint}/files/..%2fmasthead.json"),
        format!("/r/{fingerprint}/.writing-0"),
        format!("/r/{fingerprint}/"),
        "/r/".to_owned(),
        "/r".to_owned(),
        "/desk/../server.json".to_owned(),
        "/embed/%2e%2e/server.json".to_owned(),
        "/embed/..%2f..%2fserver.json".to_owned(),
        "/embed/desk/index.html".to_owned(),
        "/server.json".to_owned(),
    ];
    for path in paths {
        let read = get(started.server.address, &path).await;
        assert!(matches!(read.status, 400 | 404), "GET {path}: {}", read.status);
        let ticket = format!("Komuz {}", started.ticket);
        let write = ask(
            started.server.address,
            "PUT",
            &path,
            &[("authorization", &ticket)],
            b"x",
        )
        .await;
        assert!(matches!(write.status, 400 | 404 | 405), "PUT {path}: {}", write.status);
    }
    started.server.stop().await;
}

#[tokio::test]
async fn a_desk_of_another_origin_may_ask_and_write() {
    let started = start().await;
    for path in ["/r/x/masthead.json", "/trust"] {
        let headers = [
            ("origin", "https://desk.partner.example"),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let answer = ask(started.server.address, "OPTIONS", path, &headers, b"").await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-methods").contains("PUT"));
        assert!(answer.header("access-control-allow-headers").contains("authorization"));
    }
    // Refusals are readable too.
    assert_eq!(
        started.put("nowhere", b"x").await.header("access-control-allow-origin"),
        "*"
    );
    started.server.stop().await;
}

#[tokio::test]
async fn what_is_published_verifies_as_a_reader_checks_it() {
    let started = start().await;
    started.publish(&publish_folder(&release())).await;
    let fingerprint = masthead().hash();
    let seen = Seen::default();
    let now = time::parse(PUBLISHED).unwrap();
    let expected = Expected {
        fingerprint: &fingerprint,
        story: "the-site-went-dark",
        lang: "en",
        seen: &seen,
        now,
    };
    let folder = started.data.path().join("releases");
    let verified = verify_folder(&expected, |path| Ok(std::fs::read(folder.join(path)).ok())).unwrap();
    assert_eq!(verified.signed.len(), 2);
    started.server.stop().await;
}

/// A server on a clock of the test's own, named by the first outlet's masthead, and that masthead.
async fn on_a_clock(now: &Arc<AtomicI64>) -> (Started, Masthead) {
    let clock = now.clone();
    let started = start_with(|config| config.clock = Arc::new(move || clock.load(Ordering::Relaxed))).await;
    let about = get(started.server.address, "/.well-known/komuz.json").await;
    let (_, rest) = about.text().split_once("\"freshness\":\"").unwrap();
    let freshness: PublicKey = rest.split('"').next().unwrap().parse().unwrap();
    let first = Outlet {
        freshness: Some(freshness),
        ..outlet(0)
    };
    (started, Masthead::first(vec![first, outlet(1)]).unwrap())
}

#[tokio::test]
async fn the_server_extends_what_the_quorum_has_signed() {
    let published = time::parse(PUBLISHED).unwrap();
    let now = Arc::new(AtomicI64::new(published + 20 * DAY));
    let (started, masthead) = on_a_clock(&now).await;
    let release = Release::from_story(&rich_story(), &head(), &masthead, None).unwrap();
    let statement = komuz_release::release::Statement::of(&release, &masthead)
        .unwrap()
        .to_bytes();
    let latest = komuz_release::latest::Latest::of(&release).unwrap().to_bytes();
    let chain = [signed(Typ::Masthead, &masthead.to_bytes(), &[0, 1])];
    let folder = komuz_release::folder::Folder {
        chain: &chain,
        masthead: &masthead,
        release: &release,
        signatures: &signed(Typ::Release, &statement, &[0, 1]),
        latest: &signed(Typ::Latest, &latest, &[0, 1]),
        figures: &[(sha256_hex(b"picture"), "image/webp".into(), b"picture".to_vec())],
    };
    let files: Files = folder
        .files()
        .unwrap()
        .into_iter()
        .map(|file| (file.place.to_string(), file.bytes))
        .collect();
    started.publish(&files).await;

    let data = started.data;
    let check = |at| {
        let (fingerprint, seen) = (masthead.hash(), Seen::default());
        let expected = Expected {
            fingerprint: &fingerprint,
            story: "the-site-went-dark",
            lang: "en",
            seen: &seen,
            now: at,
        };
        let folder = data.path().join("releases");
        verify_folder(&expected, |path| Ok(std::fs::read(folder.join(path)).ok()))
            .unwrap()
            .freshness
    };
    let from = published + 20 * DAY;
    assert_eq!(
        check(from),
        Freshness::Fresh {
            since: from,
            until: from + 30 * DAY
        }
    );
    let (path, _) = &files[is(&files, "latest.json")];
    let extension = get(
        started.server.address,
        &format!("/r/{}", path.replace("latest", "freshness")),
    )
    .await;
    assert_eq!((extension.status, extension.header("cache-control")), (200, "no-cache"));
    started.server.stop().await;

    // Later, a server that starts finds that it is time; within a day of the last, it is not.
    for (later, since) in [(from + DAY / 2, from), (from + 40 * DAY, from + 40 * DAY)] {
        let mut config = Config::new(([127, 0, 0, 1], 0).into(), data.path());
        config.clock = Arc::new(move || later);
        let server = Server::start(config).await.unwrap();
        // Its first round is over when it has stopped.
        server.stop().await;
        assert_eq!(
            check(later),
            Freshness::Fresh {
                since,
                until: since + 30 * DAY
            }
        );
    }
    // Nobody else may write it.
    let server = Server::start(Config::new(([127, 0, 0, 1], 0).into(), data.path()))
        .await
        .unwrap();
    let path = format!("/r/{}", path.replace("latest", "freshness"));
    assert_eq!(
        ask(server.address, "PUT", &path, &[], &extension.body).await.status,
        403
    );
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_the_masthead_does_not_name_extends_nothing() {
    let started = start().await;
    let files = publish_folder(&release());
    started.publish(&files).await;
    let path = files[is(&files, "latest.json")].0.replace("latest", "freshness");
    let (data, server) = (started.data, started.server);
    server.stop().await;
    assert!(!data.path().join("releases").join(path).exists());
}
