//! Publishing: the files go to every server, then the snippets that outlets paste into their pages.

use komuz_messages::{Answer, Ask, EditionId, InvestigationView, OutFile, Server, Trouble};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::bits::{Copy, Doing, Modal, doing, page_trouble, trouble};
use super::dialogs::closer;
use super::{Click, Dialog};
use crate::browser;
use crate::state::{Context, Same};
use crate::words::Words;

#[derive(Properties, PartialEq)]
pub struct PublishProps {
    pub ctx: Context,
    pub edition: EditionId,
    /// Hash of the release.
    pub release: String,
    /// It is out already: it goes to servers that missed it.
    pub again: bool,
}

#[derive(Properties, PartialEq)]
pub struct SnippetsProps {
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

async fn folder(ctx: &Context, edition: &EditionId, release: &str) -> Result<Folder, Trouble> {
    let (edition, release) = (edition.clone(), release.to_owned());
    match ctx.engine.ask(Ask::Publish { edition, release }).await? {
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
        let (edition, release) = (props.edition.clone(), props.release.clone());
        Callback::from(move |_: MouseEvent| {
            let (ctx, uploads, finished) = (ctx.clone(), uploads.clone(), finished.clone());
            let (edition, release) = (edition.clone(), release.clone());
            doing(
                &state,
                Box::pin(async move {
                    let folder = folder(&ctx, &edition, &release).await?;
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
                }),
            );
        })
    };
    let reached = uploads.iter().filter(|upload| upload.failed.is_none()).count();
    let failed = reached < uploads.len();
    let to_snippets = props.ctx.click(Click::Dialog(Some(Dialog::Snippet)));
    html! {
        <Modal ctx={props.ctx.clone()} title={w.publish()} test="dialog-publish" close={closer(&props.ctx)}>
            <p>{ if props.again { w.send_again_what() } else { w.publish_what() } }</p>
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
                <p class={if failed { "moved" } else { "good" }} role="status" data-test="published">
                    if failed {
                        { w.published_on().fill(&[&reached.to_string(), &uploads.len().to_string()]) }
                    } else {
                        { w.published_done() }
                    }
                </p>
            }
            <p class="row-of">
                if !*finished || failed {
                    <button type="button" class="main" disabled={state.busy} data-test="publish-do" onclick={go}>
                        { match (uploads.is_empty(), props.again) {
                            (false, _) => w.try_again(),
                            (true, true) => w.send_again(),
                            (true, false) => w.publish_do(),
                        } }
                    </button>
                }
                if *finished {
                    <button type="button" class="main" data-test="to-snippet" onclick={to_snippets}>{ w.snippet() }</button>
                }
            </p>
        </Modal>
    }
}

fn upload_words(w: &Words, upload: &Upload) -> Html {
    let count = w.files_of().fill(&[&upload.done.to_string(), &upload.all.to_string()]);
    match &upload.failed {
        None if upload.done == upload.all => html! { <span class="tag good">{ count }</span> },
        None => html! { <span class="tag">{ count }</span> },
        Some((0, _)) => html! { <span class="tag bad">{ w.server_not_reached() }</span> },
        Some((status, said)) => html! {
            <span class="tag bad">{ w.server_refused().fill(&[&status.to_string(), said.trim()]) }</span>
        },
    }
}

/// Both forms of the snippet of a release for an outlet, and what belongs in the page's head.
async fn snippets(
    ctx: &Context,
    (edition, release): (&EditionId, &str),
    outlet: &str,
    mine: &str,
) -> Result<[String; 3], Trouble> {
    let folder = folder(ctx, edition, release).await?;
    let press = browser::press().await.ok_or_else(|| page_trouble("press-missing"))?;
    let file = |end: &str| {
        let found = folder.files.iter().find(|file| file.path.ends_with(end));
        browser::from_base64(found.map_or("", |file| file.bytes.as_str()))
    };
    let fingerprint = folder
        .files
        .first()
        .and_then(|file| file.path.split('/').next())
        .unwrap_or_default();
    let servers = folder.servers.iter().map(|server| server.url.clone()).collect();
    let (release, chain) = (file("/release.json"), file("/masthead.json"));
    let made = press.snippets(&release, &chain, fingerprint, outlet, mine, &browser::origin(), servers);
    made.map(|made| [made.element(), made.plain(), made.head()])
        .map_err(|error| Trouble {
            message: error.as_string().unwrap_or_default(),
            ..page_trouble("release-unreadable")
        })
}

/// The snippets: an outlet and a language are chosen, all that goes into its page is there to copy.
#[component]
pub fn Snippets(props: &SnippetsProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let lang = use_state(|| props.edition.lang.clone());
    let outlet = use_state(|| props.investigation.my_outlet.clone());
    let made = use_state(|| None::<[String; 3]>);
    let published = |lang: &str| {
        let story = props
            .investigation
            .stories
            .iter()
            .find(|story| story.id == props.edition.story)?;
        let line = story.editions.iter().find(|line| line.lang == lang)?;
        line.signing.published_release.clone()
    };
    let release = published(&lang).unwrap_or_default();
    use_effect_with(((*lang).clone(), (*outlet).clone(), release.clone()), {
        let (ctx, state, made) = (props.ctx.clone(), state.clone(), made.clone());
        let (story, mine) = (props.edition.story.clone(), props.investigation.my_outlet.clone());
        move |(lang, outlet, release): &(String, String, String)| {
            let (edition, outlet) = (
                EditionId {
                    story,
                    lang: lang.clone(),
                },
                outlet.clone(),
            );
            let release = release.clone();
            let task = async move {
                made.set(Some(snippets(&ctx, (&edition, &release), &outlet, &mine).await?));
                Ok(())
            };
            doing(&state, Box::pin(task));
        }
    });
    let again = props.ctx.click(Click::Dialog(Some(Dialog::Publish(release))));
    let langs = props
        .investigation
        .stories
        .iter()
        .filter(|story| story.id == props.edition.story)
        .flat_map(|story| {
            story
                .editions
                .iter()
                .filter(|line| line.signing.published > 0)
                .map(|line| line.lang.as_str())
        });
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
        <Modal ctx={props.ctx.clone()} title={w.snippet()} test="dialog-snippet" close={closer(&props.ctx)}>
            <p>{ w.snippet_what() }</p>
            <div class="row-of">
                <label class="field">
                    <span>{ w.outlet_name() }</span>
                    <select data-test="snippet-outlet" onchange={select(&outlet)}>
                        { for props.investigation.outlets.iter().map(|card| html! {
                            <option value={card.id.clone()} selected={card.id == *outlet}>{ card.name.clone() }</option>
                        }) }
                    </select>
                </label>
                <label class="field">
                    <span>{ w.edition_language() }</span>
                    <select data-test="snippet-lang" onchange={select(&lang)}>
                        { for langs.map(|tag| html! {
                            <option value={tag.to_owned()} selected={tag == *lang}>{ tag }</option>
                        }) }
                    </select>
                </label>
            </div>
            { trouble(w, &state.trouble) }
            if let Some([element, plain, head]) = (*made).clone() {
                { to_copy(&props.ctx, w.snippet_element(), w.snippet_element_hint(), element, "snippet-element") }
                { to_copy(&props.ctx, w.snippet_plain(), w.snippet_plain_hint(), plain, "snippet-plain") }
                { to_copy(&props.ctx, w.snippet_head(), w.snippet_head_hint(), head, "snippet-head") }
            }
            if *lang == props.edition.lang {
                <p class="soft">{ w.send_again_what() }</p>
                <p><button type="button" data-test="send-again" onclick={again}>{ w.send_again() }</button></p>
            }
        </Modal>
    }
}

/// A text to be copied.
fn to_copy(ctx: &Context, label: &str, hint: &str, text: String, test: &'static str) -> Html {
    html! {
        <div>
            <label class="field">
                <span>{ label }</span>
                <textarea class="code" readonly=true rows="6" data-test={test} value={text.clone()} />
                <small>{ hint }</small>
            </label>
            <p><Copy ctx={ctx.clone()} {text} /></p>
        </div>
    }
}
