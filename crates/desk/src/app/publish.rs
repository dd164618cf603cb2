//! Publishing: the files go to every server, then the snippets that outlets paste into their pages.

use komuz_messages::{Answer, Ask, EditionId, InvestigationView, OutFile, Server, Trouble};
use komuz_release::masthead::Chain;
use komuz_release::release::Release;
use komuz_release::snippet::{Snippet, SnippetOptions, snippet};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use super::bits::{Doing, Modal, doing, page_trouble, trouble};
use super::dialogs::closer;
use super::{Dialog, Msg};
use crate::browser;
use crate::state::{Context, Same};
use crate::words::Words;

#[derive(Properties, PartialEq)]
pub struct PublishProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
    pub edition: EditionId,
}

/// How far the upload to one server is.
#[derive(Debug, Clone, PartialEq)]
struct Upload {
    server: String,
    done: usize,
    all: usize,
    /// Status and what the server said, when it did not take a file.
    failed: Option<(u16, String)>,
}

/// A folder as the engine gives it.
#[derive(Debug, Clone, PartialEq)]
struct Folder {
    release: String,
    servers: Vec<Server>,
    files: Vec<OutFile>,
}

async fn folder(ctx: &Context, edition: &EditionId) -> Result<Folder, Trouble> {
    match ctx
        .engine
        .ask(Ask::Publish {
            edition: edition.clone(),
        })
        .await?
    {
        Answer::Folder {
            release,
            servers,
            files,
        } => Ok(Folder {
            release,
            servers,
            files,
        }),
        _ => Err(page_trouble("message")),
    }
}

#[component]
pub fn Publish(props: &PublishProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let uploads = use_state(Vec::<Upload>::new);
    let finished = use_state(|| false);
    let go = {
        let (ctx, state, uploads, finished) = (props.ctx.clone(), state.clone(), uploads.clone(), finished.clone());
        let edition = props.edition.clone();
        Callback::from(move |_: MouseEvent| {
            let (ctx, uploads, finished, edition) = (ctx.clone(), uploads.clone(), finished.clone(), edition.clone());
            doing(&state, async move {
                let folder = folder(&ctx, &edition).await?;
                let mut all: Vec<Upload> = folder
                    .servers
                    .iter()
                    .map(|server| Upload {
                        server: server.url.clone(),
                        done: 0,
                        all: folder.files.len(),
                        failed: None,
                    })
                    .collect();
                uploads.set(all.clone());
                for (index, server) in folder.servers.iter().enumerate() {
                    for file in &folder.files {
                        let address = format!("{}/r/{}", server.url.trim_end_matches('/'), file.path);
                        // The ticket goes to one's own server and for the masthead alone.
                        let own = server.url == browser::origin() && file.path.ends_with("/masthead.json");
                        let ticket = if own { server.ticket.as_str() } else { "" };
                        let (status, said) = browser::put(&address, &file.media, &file.bytes, ticket).await;
                        if (200..300).contains(&status) {
                            all[index].done += 1;
                        } else {
                            all[index].failed = Some((status, said));
                        }
                        uploads.set(all.clone());
                        if all[index].failed.is_some() {
                            break;
                        }
                    }
                }
                if all.iter().any(|upload| upload.failed.is_none()) {
                    ctx.engine
                        .ask(Ask::Published {
                            edition,
                            release: folder.release,
                        })
                        .await?;
                    finished.set(true);
                }
                Ok(())
            });
        })
    };
    let failed = uploads.iter().any(|upload| upload.failed.is_some());
    let to_snippets = props.ctx.app.reform(|_: MouseEvent| Msg::Dialog(Some(Dialog::Snippet)));
    html! {
        <Modal ctx={props.ctx.clone()} title={w.publish} test="dialog-publish" close={closer(&props.ctx)}>
            <p>{ w.publish_what }</p>
            <ul class="plain" aria-live="polite">
                { for uploads.iter().map(|upload| html! {
                    <li class="card" data-test="upload">
                        <b>{ upload.server.clone() }</b><br />
                        { upload_words(w, upload) }
                    </li>
                }) }
            </ul>
            { trouble(w, &state.trouble) }
            if *finished {
                <p class="good" role="status" data-test="published">{ w.published_done }</p>
            }
            <p class="row-of">
                if !*finished || failed {
                    <button type="button" class="main" disabled={state.busy} data-test="publish-do" onclick={go}>
                        { if uploads.is_empty() { w.publish_do } else { w.try_again } }
                    </button>
                }
                if *finished {
                    <button type="button" class="main" data-test="to-snippet" onclick={to_snippets}>{ w.snippet }</button>
                }
            </p>
        </Modal>
    }
}

fn upload_words(w: &Words, upload: &Upload) -> Html {
    let count = w.files_of.fill(&[&upload.done.to_string(), &upload.all.to_string()]);
    match &upload.failed {
        None if upload.done == upload.all => html! { <span class="tag good">{ count }</span> },
        None => html! { <span class="tag">{ count }</span> },
        Some((0, _)) => html! { <span class="tag bad">{ w.server_not_reached }</span> },
        Some((status, said)) => html! {
            <span class="tag bad">{ w.server_refused.fill(&[&status.to_string(), said.trim()]) }</span>
        },
    }
}

/// What the snippets of an edition are made from.
#[derive(Clone, PartialEq)]
struct Published {
    release: Release,
    chain: Chain,
    servers: Vec<String>,
}

async fn published(ctx: &Context, edition: &EditionId) -> Result<Published, Trouble> {
    let folder = folder(ctx, edition).await?;
    let file = |end: &str| {
        folder
            .files
            .iter()
            .find(|file| file.path.ends_with(end))
            .and_then(|file| browser::unbase64(&file.bytes))
    };
    let fingerprint = folder
        .files
        .first()
        .and_then(|file| file.path.split('/').next())
        .unwrap_or_default()
        .to_owned();
    let wrong = |error: String| Trouble {
        code: "release-unreadable".to_owned(),
        message: error,
    };
    let release =
        Release::parse(&file("/release.json").unwrap_or_default()).map_err(|error| wrong(error.to_string()))?;
    let chain = Chain::verify(&file("/masthead.json").unwrap_or_default(), &fingerprint)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(Published {
        release,
        chain,
        servers: folder.servers.into_iter().map(|server| server.url).collect(),
    })
}

/// The server on an outlet's page: under the outlet's domain, or this desk's own, or the first.
fn server_of(published: &Published, outlet: &str, mine: &str) -> String {
    let domain = published
        .chain
        .newest()
        .outlet(outlet)
        .map(|outlet| outlet.domain.clone())
        .unwrap_or_default();
    let under = |url: &&String| {
        let host = url
            .split("://")
            .nth(1)
            .unwrap_or_default()
            .split(':')
            .next()
            .unwrap_or_default();
        host == domain
            || host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
    };
    let own = browser::origin();
    let of_mine = || published.servers.iter().find(|url| outlet == mine && **url == own);
    published
        .servers
        .iter()
        .find(under)
        .or_else(of_mine)
        .or(published.servers.first())
        .cloned()
        .unwrap_or(own)
}

fn snippet_for(published: &Published, outlet: &str, mine: &str) -> Snippet {
    let server = server_of(published, outlet, mine);
    let options = SnippetOptions {
        outlet: outlet.to_owned(),
        fingerprint: published.chain.fingerprint(),
        mirrors: published
            .servers
            .iter()
            .filter(|url| **url != server)
            .cloned()
            .collect(),
        loader: format!("{server}/embed/komuz.js"),
        server,
    };
    snippet(&published.release, published.chain.newest(), &options)
}

/// The snippets: an outlet and a language are chosen, both forms are there to copy.
#[component]
pub fn Snippets(props: &PublishProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let lang = use_state(|| props.edition.lang.clone());
    let outlet = use_state(|| props.investigation.my_outlet.clone());
    let loaded = use_state(|| None::<Same<Published>>);
    use_effect_with((*lang).clone(), {
        let (ctx, state, loaded, story) = (
            props.ctx.clone(),
            state.clone(),
            loaded.clone(),
            props.edition.story.clone(),
        );
        move |lang: &String| {
            let edition = EditionId {
                story,
                lang: lang.clone(),
            };
            doing(&state, async move {
                loaded.set(None);
                loaded.set(Some(Same::new(published(&ctx, &edition).await?)));
                Ok(())
            });
        }
    });
    let langs: Vec<String> = props
        .investigation
        .stories
        .iter()
        .filter(|story| story.id == props.edition.story)
        .flat_map(|story| {
            story
                .editions
                .iter()
                .filter(|line| line.signing.published > 0)
                .map(|line| line.lang.clone())
        })
        .collect();
    let select = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |event: Event| {
            if let Some(select) = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
            {
                state.set(select.value());
            }
        })
    };
    html! {
        <Modal ctx={props.ctx.clone()} title={w.snippet} test="dialog-snippet" close={closer(&props.ctx)}>
            <p>{ w.snippet_what }</p>
            <div class="row-of">
                <label class="field">
                    <span>{ w.outlet_name }</span>
                    <select data-test="snippet-outlet" onchange={select(&outlet)}>
                        { for props.investigation.outlets.iter().map(|card| html! {
                            <option value={card.id.clone()} selected={card.id == *outlet}>{ card.name.clone() }</option>
                        }) }
                    </select>
                </label>
                <label class="field">
                    <span>{ w.edition_language }</span>
                    <select data-test="snippet-lang" onchange={select(&lang)}>
                        { for langs.iter().map(|tag| html! {
                            <option value={tag.clone()} selected={*tag == *lang}>{ tag.clone() }</option>
                        }) }
                    </select>
                </label>
            </div>
            { trouble(w, &state.trouble) }
            if let Some(published) = &*loaded {
                { forms(w, &snippet_for(published, &outlet, &props.investigation.my_outlet)) }
            }
        </Modal>
    }
}

fn forms(w: &Words, snippet: &Snippet) -> Html {
    html! {
        <>
            <Copied label={w.snippet_element} hint={w.snippet_element_hint} text={snippet.element.clone()} test="snippet-element"
                copy={w.copy} copied={w.copied} />
            <Copied label={w.snippet_plain} hint={w.snippet_plain_hint} text={snippet.plain.clone()} test="snippet-plain"
                copy={w.copy} copied={w.copied} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct CopiedProps {
    label: &'static str,
    hint: &'static str,
    text: String,
    test: &'static str,
    copy: &'static str,
    copied: &'static str,
}

/// A text to be copied.
#[component]
fn Copied(props: &CopiedProps) -> Html {
    let done = use_state(|| false);
    use_effect_with(props.text.clone(), {
        let done = done.clone();
        move |_| done.set(false)
    });
    let copy = {
        let (text, done) = (props.text.clone(), done.clone());
        move |_| {
            let (text, done) = (text.clone(), done.clone());
            spawn_local(async move {
                done.set(
                    JsFuture::from(browser::copy_text(&text))
                        .await
                        .is_ok_and(|copied| copied.is_truthy()),
                );
            });
        }
    };
    html! {
        <label class="field">
            <span>{ props.label }</span>
            <textarea class="code" readonly=true rows="6" data-test={props.test} value={props.text.clone()} />
            <small>{ props.hint }</small>
            <button type="button" onclick={copy}>{ if *done { props.copied } else { props.copy } }</button>
        </label>
    }
}
