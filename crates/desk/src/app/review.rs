//! Review and sign: the release as readers will see it, what changed, what stands in the way. Signing never publishes.

use std::collections::BTreeMap;
use std::rc::Rc;

use komuz_messages::{Answer, Ask, Change, EditionView, InvestigationView, Review, Trouble};
use komuz_reader::signed::OutletLine;
use komuz_reader::story::{StoryView, StoryViewProps, Theme};
use komuz_release::release::Release;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

use super::Msg;
use super::bits::{Doing, Modal, doing, field, on_submit, outlet_names, page_trouble, trouble};
use super::dialogs::closer;
use crate::browser;
use crate::release_keys::{self, Signer, Unsigned};
use crate::state::{Context, Same, outlet_name};
use crate::words::Words;

#[derive(Properties, PartialEq)]
pub struct ReviewProps {
    pub ctx: Context,
    pub investigation: Same<InvestigationView>,
    pub view: Same<EditionView>,
}

/// What is under review.
#[derive(Clone, PartialEq)]
struct Under {
    review: Review,
    /// The key that this device signs with; none: the recovery key is asked for.
    held: Option<String>,
    reason: String,
    now: String,
}

async fn ask_review(ctx: &Context, view: &EditionView, now: &str, reason: &str, key: &str) -> Result<Review, Trouble> {
    let (edition, now, reason, key) = (view.edition.clone(), now.to_owned(), reason.to_owned(), key.to_owned());
    match ctx
        .engine
        .ask(Ask::Review {
            edition,
            now,
            reason,
            key,
        })
        .await?
    {
        Answer::Review(review) => Ok(*review),
        _ => Err(page_trouble("message")),
    }
}

#[component]
pub fn ReviewDialog(props: &ReviewProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let under = use_state(|| None::<Under>);
    let my_outlet = props.investigation.my_outlet.clone();
    let keys = props
        .investigation
        .outlets
        .iter()
        .find(|outlet| outlet.id == my_outlet)
        .map(|outlet| outlet.keys.clone())
        .unwrap_or_default();
    let load = {
        let (ctx, view, state, under, keys) = (
            props.ctx.clone(),
            props.view.clone(),
            state.clone(),
            under.clone(),
            keys.clone(),
        );
        Callback::from(move |reason: String| {
            let (ctx, view, under, keys) = (ctx.clone(), view.clone(), under.clone(), keys.clone());
            doing(&state, async move {
                let held = release_keys::held(&keys).await;
                let now = browser::now();
                let review = ask_review(&ctx, &view, &now, &reason, held.as_deref().unwrap_or_default()).await?;
                under.set(Some(Under {
                    review,
                    held,
                    reason,
                    now,
                }));
                Ok(())
            });
        })
    };
    use_effect_with((), {
        let load = load.clone();
        move |()| load.emit(String::new())
    });
    let close = closer(&props.ctx);
    let Some(shown) = (*under).clone() else {
        return html! {
            <Modal ctx={props.ctx.clone()} title={w.review_title} test="dialog-review" wide=true {close}>
                { trouble(w, &state.trouble) }
                if state.busy {
                    <p class="soft" role="status">{ w.review_making }</p>
                }
            </Modal>
        };
    };
    let sign = {
        let (ctx, view, state) = (props.ctx.clone(), props.view.clone(), state.clone());
        let (shown, under) = (shown.clone(), under.clone());
        on_submit(move |fields| {
            let (ctx, view, keys) = (ctx.clone(), view.clone(), keys.clone());
            let (shown, under) = (shown.clone(), under.clone());
            doing(&state, async move {
                let signer = Signer::find(&keys, &fields.text("recovery")).await.map_err(|why| {
                    page_trouble(match why {
                        Unsigned::NoKey => "no-release-key",
                        Unsigned::Typed => "recovery-mistyped",
                        Unsigned::Foreign => "recovery-foreign",
                    })
                })?;
                // Signing inputs name the key: asked again when another one signs than was thought. The release must be the
                // one that the person has read.
                let mut review = shown.review.clone();
                if shown.held.as_ref() != Some(&signer.key) {
                    review = ask_review(&ctx, &view, &shown.now, &shown.reason, &signer.key).await?;
                    if review.release != shown.review.release {
                        under.set(Some(Under { review, ..shown }));
                        return Err(page_trouble("text-moved"));
                    }
                }
                let signatures = review.to_sign.iter().map(|what| signer.sign(&what.input)).collect();
                let edition = view.edition.clone();
                ctx.engine
                    .ask(Ask::SignOff {
                        edition,
                        release: review.release,
                        signatures,
                        key: signer.key,
                    })
                    .await?;
                ctx.send(Msg::Dialog(None));
                Ok(())
            });
        })
    };
    let again = {
        let load = load.clone();
        on_submit(move |fields| load.emit(fields.text("reason")))
    };
    let review = &shown.review;
    let mine = outlet_name(&props.investigation, &my_outlet).to_owned();
    let signed = review.signed.contains(&my_outlet);
    let correcting = props.view.signing.published > 0;
    html! {
        <Modal ctx={props.ctx.clone()} title={w.review_title} test="dialog-review" wide=true {close}>
            <p class="soft">
                { w.release_number.fill(&[&review.number.to_string()]) }
                { " · " }
                <code title={review.release.clone()} translate="no">{ review.release.chars().take(12).collect::<String>() }</code>
                if !review.signed.is_empty() {
                    { format!(" · {}", w.signed_by.fill(&[&outlet_names(&props.investigation, &review.signed)])) }
                }
            </p>
            if !review.obstacles.is_empty() {
                <section class="notice bad" data-test="obstacles">
                    <h3>{ w.obstacles }</h3>
                    <ul>{ for review.obstacles.iter().map(|sentence| html! { <li>{ sentence.clone() }</li> }) }</ul>
                </section>
            }
            <section data-test="since-mine">
                <h3>{ w.since_mine }</h3>
                { changes(w, &review.since_mine) }
            </section>
            if correcting {
                <section data-test="correction">
                    <h3>{ w.correction }</h3>
                    { changes(w, &review.correction) }
                    <form onsubmit={again} class="inline">
                        { field(w.reason, "reason", &shown.reason, w.reason_hint, true) }
                        <button disabled={state.busy} data-test="set-reason">{ w.reason_set }</button>
                    </form>
                </section>
            }
            <h3>{ w.as_readers_see }</h3>
            <Preview ctx={props.ctx.clone()} investigation={props.investigation.clone()} json={review.json.clone()}
                signed={review.signed.clone()} />
            <form onsubmit={sign} class="sign">
                if shown.held.is_none() && !signed {
                    { field(w.recovery_type, "recovery", "", w.recovery_type_hint, true) }
                }
                { trouble(w, &state.trouble) }
                <p class="soft">{ w.signing_never_publishes }</p>
                if signed {
                    <p class="good" role="status">{ w.you_signed }</p>
                } else {
                    <p>
                        <button class="main" data-test="sign" disabled={state.busy || !review.obstacles.is_empty()}>
                            { w.sign_for.fill(&[&mine]) }
                        </button>
                    </p>
                }
            </form>
        </Modal>
    }
}

/// Changes in words: what went, what came, and the words around.
pub fn changes(w: &Words, changes: &[Change]) -> Html {
    if changes.is_empty() {
        return html! { <p class="soft">{ w.nothing_changed }</p> };
    }
    html! {
        <ul class="changes">
            { for changes.iter().map(|change| {
                let place = match change.place.as_str() {
                    "headline" => w.headline,
                    "summary" => w.summary,
                    "byline" => w.byline,
                    "sources" => w.sources,
                    _ => "",
                };
                html! {
                    <li dir="auto">
                        if !place.is_empty() {
                            <small>{ place }{ " · " }</small>
                        }
                        if !change.context.is_empty() {
                            <span class="soft">{ change.context.clone() }{ " " }</span>
                        }
                        if !change.old.is_empty() {
                            <del>{ change.old.clone() }</del>{ " " }
                        }
                        if !change.new.is_empty() {
                            <ins>{ change.new.clone() }</ins>
                        }
                    </li>
                }
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct PreviewProps {
    ctx: Context,
    investigation: Same<InvestigationView>,
    json: String,
    signed: Vec<String>,
}

/// The release with the reader's own component, in a shadow root of its own, as on an outlet's page.
#[component]
fn Preview(props: &PreviewProps) -> Html {
    let node = use_node_ref();
    let app = use_mut_ref(|| None::<yew::AppHandle<StoryView>>);
    use_effect_with((props.json.clone(), props.signed.clone()), {
        let (node, app, ctx, investigation) = (
            node.clone(),
            app.clone(),
            props.ctx.clone(),
            props.investigation.clone(),
        );
        move |(json, signed): &(String, Vec<String>)| {
            let (Some(host), Ok(release)) = (node.cast::<Element>(), Release::parse(json.as_bytes())) else {
                return;
            };
            let outlets = investigation
                .outlets
                .iter()
                .map(|outlet| OutletLine {
                    id: outlet.id.clone(),
                    name: outlet.name.clone(),
                    domain: outlet.domain.clone(),
                    signed: signed.contains(&outlet.id),
                })
                .collect();
            let view = StoryViewProps {
                release: Rc::new(release),
                outlets,
                outlet: Some(investigation.my_outlet.clone()),
                checked: None,
                pictures: BTreeMap::new(),
                theme: Theme::Light,
                on_language: None,
                awaited: None,
                said: None,
            };
            if let Some(old) = app.borrow_mut().take() {
                old.destroy();
            }
            let place = browser::shadow_in(&host, komuz_reader::CSS);
            *app.borrow_mut() = Some(yew::Renderer::<StoryView>::with_root_and_props(place, view.clone()).render());
            spawn_local(pictures(ctx, app, view));
        }
    });
    use_effect_with((), move |()| {
        move || {
            if let Some(app) = app.borrow_mut().take() {
                app.destroy();
            }
        }
    });
    html! { <div class="preview" ref={node} data-test="preview" /> }
}

/// Fetches the release's pictures from the engine and shows them.
async fn pictures(
    ctx: Context,
    app: Rc<std::cell::RefCell<Option<yew::AppHandle<StoryView>>>>,
    mut view: StoryViewProps,
) {
    let files: Vec<String> = view.release.files().into_iter().map(str::to_owned).collect();
    for file in files {
        if let Ok(Answer::File { media, bytes, .. }) = ctx.engine.ask(Ask::GetFile { file: file.clone() }).await {
            view.pictures.insert(file, browser::blob_address(&media, &bytes).into());
        }
    }
    if !view.pictures.is_empty()
        && let Some(app) = app.borrow_mut().as_mut()
    {
        app.update(view);
    }
}
