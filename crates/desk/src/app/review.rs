//! Review and sign: the release as readers will see it, what changed, what stands in the way. Signing never publishes.

use komuz_messages::{Answer, Ask, Change, EditionId, EditionView, InvestigationView, Review, Trouble};
use serde_json::{Value, json};
use web_sys::Element;
use yew::prelude::*;

use super::Msg;
use super::bits::{Doing, Form, Modal, act, choice, doing, field, outlet_names, page_trouble, spawn, trouble};
use super::dialogs::closer;
use crate::browser;
use crate::release_keys::{self, Signer};
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
    /// Why something is corrected, as readers will be told.
    reason: Option<String>,
    /// The key that this device signs with; none: the recovery key is asked for.
    held: Option<String>,
    /// Kind and reason of the notice.
    notice: [String; 2],
    now: String,
}

async fn ask_review(
    ctx: &Context,
    edition: &EditionId,
    now: &str,
    notice: &[String; 2],
    key: &str,
) -> Result<Review, Trouble> {
    let (edition, now, [kind, reason], key) = (edition.clone(), now.to_owned(), notice.clone(), key.to_owned());
    match ctx
        .engine
        .ask(Ask::Review {
            edition,
            now,
            kind,
            reason,
            key,
        })
        .await?
    {
        Answer::Review(review) => Ok(*review),
        _ => Err(page_trouble("message")),
    }
}

async fn load(
    ctx: Context,
    view: Same<EditionView>,
    keys: Vec<String>,
    notice: [String; 2],
    under: UseStateHandle<Option<Under>>,
    pending: UseStateHandle<bool>,
) -> Result<(), Trouble> {
    let held = release_keys::held(&keys).await;
    let now = browser::now();
    let review = ask_review(&ctx, &view.edition, &now, &notice, held.as_deref().unwrap_or_default()).await?;
    let release: Value = serde_json::from_str(&review.json).unwrap_or_default();
    under.set(Some(Under {
        reason: release["reason"].as_str().map(str::to_owned),
        review,
        held,
        notice,
        now,
    }));
    pending.set(false);
    Ok(())
}

/// Signs anew what one's outlet has signed, when others have signed the same a moment apart and none of it can be completed.
/// Only with a key of this device, and only what differs from what was signed in number and time alone; otherwise the person signs
/// in a review.
pub async fn sign_apart(ctx: Context, edition: EditionId, keys: Vec<String>) -> Option<()> {
    let signer = Signer::find(&keys, "").await.ok()?;
    let now = browser::now();
    let review = ask_review(&ctx, &edition, &now, &Default::default(), &signer.key)
        .await
        .ok()?;
    if !review.again || !review.obstacles.is_empty() {
        return None;
    }
    sign(&ctx, &edition, &review, &signer).await.ok()
}

async fn sign(ctx: &Context, edition: &EditionId, review: &Review, signer: &Signer) -> Result<(), Trouble> {
    let signatures: Option<Vec<String>> = review.to_sign.iter().map(|what| signer.sign(&what.input)).collect();
    let signatures = signatures.ok_or_else(|| page_trouble("no-release-key"))?;
    let (edition, release) = (edition.clone(), review.release.clone());
    ctx.engine
        .ask(Ask::SignOff {
            edition,
            release,
            signatures,
            key: signer.key.clone(),
        })
        .await?;
    Ok(())
}

#[component]
pub fn ReviewDialog(props: &ReviewProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let under = use_state(|| None::<Under>);
    // Kind or reason were touched and are not in the release that is shown: that one is not what the person means to sign.
    let pending = use_state(|| false);
    let mine = props.investigation.my_outlet.clone();
    let card = props.investigation.outlets.iter().find(|outlet| outlet.id == mine);
    let keys = card.map(|outlet| outlet.keys.clone()).unwrap_or_default();
    use_effect_with((), {
        let (ctx, view, keys, state, under, pending) = (
            props.ctx.clone(),
            props.view.clone(),
            keys.clone(),
            state.clone(),
            under.clone(),
            pending.clone(),
        );
        move |()| {
            doing(
                &state,
                Box::pin(load(ctx, view, keys, Default::default(), under, pending)),
            )
        }
    });
    let close = closer(&props.ctx);
    let Some(shown) = (*under).clone() else {
        return html! {
            <Modal ctx={props.ctx.clone()} title={w.review_title()} test="dialog-review" wide=true {close}>
                { trouble(w, &state.trouble) }
                if state.busy {
                    <p class="soft" role="status">{ w.review_making() }</p>
                }
            </Modal>
        };
    };
    let again = {
        let (ctx, view, keys) = (props.ctx.clone(), props.view.clone(), keys.clone());
        let (under, pending) = (under.clone(), pending.clone());
        act(move |fields| {
            load(
                ctx.clone(),
                view.clone(),
                keys.clone(),
                ["notice-kind", "reason"].map(|name| fields.text(name)),
                under.clone(),
                pending.clone(),
            )
        })
    };
    let sign = {
        let (ctx, view, shown, under) = (props.ctx.clone(), props.view.clone(), shown.clone(), under.clone());
        act(move |fields| {
            let (ctx, view, keys, shown, under) =
                (ctx.clone(), view.clone(), keys.clone(), shown.clone(), under.clone());
            async move {
                let signer = Signer::find(&keys, &fields.text("recovery"))
                    .await
                    .map_err(page_trouble)?;
                // Signing inputs name the key: asked again when another one signs than was thought. The release must be the
                // one that the person has read.
                let mut review = shown.review.clone();
                if shown.held.as_ref() != Some(&signer.key) {
                    review = ask_review(&ctx, &view.edition, &shown.now, &shown.notice, &signer.key).await?;
                    if review.release != shown.review.release {
                        under.set(Some(Under { review, ..shown }));
                        return Err(page_trouble("text-moved"));
                    }
                }
                sign(&ctx, &view.edition, &review, &signer).await?;
                ctx.send(Msg::Dialog(None));
                Ok(())
            }
        })
    };
    let typing = {
        let pending = pending.clone();
        Callback::from(move |_: InputEvent| pending.set(true))
    };
    let review = &shown.review;
    let signed = review.signed.contains(&mine);
    // That there is nothing to sign is no trouble.
    let calm = review.obstacles.iter().all(|why| why.code == "nothing-changed");
    html! {
        <Modal ctx={props.ctx.clone()} title={w.review_title()} test="dialog-review" wide=true {close}>
            <p class="soft">
                { w.release_number().fill(&[&review.number.to_string()]) }
                { " · " }
                <code title={review.release.clone()} translate="no">{ review.release.chars().take(12).collect::<String>() }</code>
                if !review.signed.is_empty() {
                    { format!(" · {}", w.signed_by().fill(&[&outlet_names(&props.investigation, &review.signed)])) }
                }
            </p>
            if !review.obstacles.is_empty() {
                <section class={classes!("notice", (!calm).then_some("bad"))} data-test="obstacles">
                    if !calm {
                        <h3>{ w.obstacles() }</h3>
                    }
                    <ul class="plain">{ for review.obstacles.iter().map(|why| html! { <li>{ w.trouble(why) }</li> }) }</ul>
                </section>
            }
            // What must be mended warns here and stops nobody: that is the editors' to decide.
            <komuz-checks brief="" lang={props.ctx.tongue.tag()} story={review.edition.story.clone()} edition={review.edition.lang.clone()}
                reason={shown.reason.clone()} />
            <section data-test="since-mine">
                <h3>{ w.since_mine() }</h3>
                { changes(w, &review.since_mine) }
            </section>
            if props.view.signing.published > 0 {
                <section data-test="correction" oninput={typing}>
                    <h3>{ w.correction() }</h3>
                    { changes(w, &review.correction) }
                    <Form ctx={props.ctx.clone()} send={w.reason_set()} act={again} class="" button="set-reason">
                        { choice(w.source_kind(), "notice-kind", &[
                            // Empty is a correction, or what is proposed already.
                            ("", w.notice_correction()),
                            ("clarification", w.notice_clarification()),
                            ("update", w.notice_update()),
                            ("retraction", w.notice_retraction()),
                        ], &shown.notice[0], "") }
                        { field(w.reason(), "reason", &shown.notice[1], w.reason_hint(), true) }
                    </Form>
                    if !shown.notice[1].is_empty() {
                        <p data-test="reason-set">{ shown.notice[1].clone() }</p>
                    }
                </section>
            }
            if !review.json.is_empty() {
                <h3>{ w.as_readers_see() }</h3>
                <Preview ctx={props.ctx.clone()} investigation={props.investigation.clone()} json={review.json.clone()}
                    signed={review.signed.clone()} />
            }
            if signed {
                <p class="good" role="status">{ w.you_signed() }</p>
            } else {
                <Form ctx={props.ctx.clone()} send={w.sign_for().fill(&[outlet_name(&props.investigation, &mine)])} act={sign}
                    button="sign" disabled={!review.obstacles.is_empty() || *pending}>
                    if *pending {
                        <p class="warning" role="status" data-test="reason-first">{ w.reason_first() }</p>
                    }
                    if shown.held.is_none() {
                        { field(w.recovery_type(), "recovery", "", w.recovery_type_hint(), true) }
                    }
                    <p class="soft">{ w.signing_never_publishes() }</p>
                </Form>
            }
        </Modal>
    }
}

/// Changes in words: what went, what came, and the words around.
pub fn changes(w: &Words, changes: &[Change]) -> Html {
    if changes.is_empty() {
        return html! { <p class="soft">{ w.nothing_changed() }</p> };
    }
    html! {
        <ul class="changes">
            { for changes.iter().map(|change| {
                let place = match change.place.as_str() {
                    "headline" => w.headline(),
                    "summary" => w.summary(),
                    "byline" => w.byline(),
                    "sources" => w.sources(),
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
    let failed = use_state(|| None::<Trouble>);
    let mounted = use_mut_ref(|| None::<browser::Preview>);
    use_effect_with((props.json.clone(), props.signed.clone()), {
        let (node, mounted, failed) = (node.clone(), mounted.clone(), failed.clone());
        let (ctx, investigation) = (props.ctx.clone(), props.investigation.clone());
        move |(release, signed): &(String, Vec<String>)| {
            let outlets: Value = investigation
                .outlets
                .iter()
                .map(|outlet| {
                    let signed = signed.contains(&outlet.id);
                    json!({ "id": outlet.id, "name": outlet.name, "domain": outlet.domain, "signed": signed })
                })
                .collect();
            let release = release.clone();
            spawn(async move {
                let (Some(press), Some(host)) = (browser::press().await, node.cast::<Element>()) else {
                    failed.set(Some(page_trouble("press-missing")));
                    return;
                };
                if let Some(old) = mounted.borrow_mut().take() {
                    old.destroy();
                }
                let place = browser::shadow_in(&host, &press.preview_look());
                let preview =
                    browser::preview_in(&press, &place, &release, &outlets.to_string(), &investigation.my_outlet);
                let Ok(preview) = preview else {
                    failed.set(Some(page_trouble("release-unreadable")));
                    return;
                };
                let files = preview.files();
                *mounted.borrow_mut() = Some(preview);
                // Each when it comes: one that does not holds up no other.
                for file in files {
                    let mounted = mounted.clone();
                    let asked = ctx.engine.ask(Ask::GetFile { file: file.clone() });
                    spawn(async move {
                        if let Ok(Answer::File { media, bytes, .. }) = asked.await
                            && let Some(preview) = mounted.borrow().as_ref()
                        {
                            preview.picture(&file, &browser::blob_address(&media, &bytes));
                        }
                    });
                }
            });
        }
    });
    use_effect_with((), move |()| {
        move || {
            if let Some(old) = mounted.borrow_mut().take() {
                old.destroy();
            }
        }
    });
    html! {
        <>
            { trouble(props.ctx.words(), &failed) }
            <div class="preview" ref={node} data-test="preview" />
        </>
    }
}
