//! This device: back up, restore, leave.

use komuz_messages::{Answer, Ask};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

use super::bits::{Doing, doing, on_submit, page_trouble, trouble};
use super::{App, Msg};
use crate::browser;
use crate::release_keys;
use crate::state::{Context, Device};
use crate::words::Words;

impl App {
    pub(super) fn device_place(&self) -> Html {
        let w = self.ctx.words();
        html! {
            <section class="sheet plainly">
                <h2>{ w.this_device }</h2>
                <h3>{ w.backup }</h3>
                <p>{ w.backup_what }</p>
                <Backup ctx={self.ctx.clone()} />
                <h3>{ w.restore_title }</h3>
                <Restore ctx={self.ctx.clone()} />
                <h3>{ w.leave }</h3>
                <p>{ w.leave_what }</p>
                <Leave ctx={self.ctx.clone()} />
            </section>
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct DeviceProps {
    pub ctx: Context,
}

fn passphrase(label: &str, name: &'static str, hint: &str) -> Html {
    html! {
        <label class="field">
            <span>{ label }</span>
            <input type="password" {name} required=true autocomplete="new-password" data-test={name} />
            if !hint.is_empty() {
                <small>{ hint }</small>
            }
        </label>
    }
}

/// The fewest characters of a passphrase for a backup.
const PASSPHRASE: usize = 12;

#[component]
fn Backup(props: &DeviceProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let saved = use_state(|| false);
    let submit = {
        let (ctx, state, saved) = (props.ctx.clone(), state.clone(), saved.clone());
        on_submit(move |fields| {
            let (ctx, saved) = (ctx.clone(), saved.clone());
            doing(&state, async move {
                let passphrase = fields.raw("passphrase");
                if passphrase.chars().count() < PASSPHRASE {
                    return Err(page_trouble("passphrase-short"));
                }
                if passphrase != fields.raw("again") {
                    return Err(page_trouble("passphrases-differ"));
                }
                let page = release_keys::pack().await;
                if let Answer::File { name, media, bytes } = ctx.engine.ask(Ask::Backup { passphrase, page }).await? {
                    browser::save_file(&name, &media, &bytes);
                    saved.set(true);
                }
                Ok(())
            });
        })
    };
    html! {
        <form onsubmit={submit} data-test="backup">
            { passphrase(w.passphrase, "passphrase", w.passphrase_hint) }
            { passphrase(w.passphrase_again, "again", "") }
            { trouble(w, &state.trouble) }
            if *saved {
                <p class="good" role="status">{ w.backup_saved }</p>
            }
            <p><button class="main" disabled={state.busy} data-test="submit">{ w.backup_do }</button></p>
        </form>
    }
}

/// Brings a backup back.
#[component]
pub fn Restore(props: &DeviceProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let file = use_node_ref();
    let submit = {
        let (ctx, state, file) = (props.ctx.clone(), state.clone(), file.clone());
        on_submit(move |fields| {
            let (ctx, file) = (ctx.clone(), file.clone());
            doing(&state, async move {
                let chosen = file
                    .cast::<web_sys::HtmlInputElement>()
                    .and_then(|input| input.files()?.get(0));
                let Some(chosen) = chosen else {
                    return Err(page_trouble("file-unreadable"));
                };
                let bytes = JsFuture::from(browser::file_base64(&chosen))
                    .await
                    .ok()
                    .and_then(|bytes| bytes.as_string());
                let bytes = bytes.ok_or_else(|| page_trouble("file-unreadable"))?;
                let ask = Ask::Restore {
                    bytes,
                    passphrase: fields.raw("passphrase"),
                };
                if let Answer::Restored { page, .. } = ctx.engine.ask(ask).await? {
                    release_keys::unpack(&page).await;
                    if let Answer::Device {
                        investigations,
                        joining,
                    } = ctx.engine.ask(Ask::Device).await?
                    {
                        ctx.send(Msg::Device(Device {
                            investigations,
                            joining,
                        }));
                    }
                }
                Ok(())
            });
        })
    };
    html! {
        <form onsubmit={submit} data-test="restore">
            <label class="field">
                <span>{ w.backup_file }</span>
                <input ref={file} type="file" required=true data-test="file" />
            </label>
            { passphrase(w.passphrase, "passphrase", "") }
            { trouble(w, &state.trouble) }
            <p><button class="main" disabled={state.busy} data-test="submit">{ w.restore_do }</button></p>
        </form>
    }
}

#[component]
fn Leave(props: &DeviceProps) -> Html {
    let w = props.ctx.words();
    let state = use_state(Doing::default);
    let sure = use_state(|| false);
    let leave = {
        let (ctx, state) = (props.ctx.clone(), state.clone());
        Callback::from(move |_: MouseEvent| {
            let ctx = ctx.clone();
            doing(&state, async move {
                let mut remains = match ctx.engine.ask(Ask::Leave).await? {
                    Answer::Left { remains } => remains,
                    _ => Vec::new(),
                };
                if !release_keys::erase().await {
                    remains.push(ctx.words().keys_remain.to_owned());
                }
                remains.extend(always_remains(ctx.words()));
                ctx.send(Msg::Left(remains));
                Ok(())
            });
        })
    };
    let toggle = {
        let sure = sure.clone();
        Callback::from(move |event: Event| {
            let checked = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
            sure.set(checked.is_some_and(|input| input.checked()));
        })
    };
    html! {
        <div data-test="leave">
            <label class="check">
                <input type="checkbox" data-test="leave-sure" onchange={toggle} />
                <span>{ w.leave_sure }</span>
            </label>
            { trouble(w, &state.trouble) }
            <p>
                <button type="button" class="bad" disabled={!*sure || state.busy} data-test="leave-do" onclick={leave}>{ w.leave }</button>
            </p>
        </div>
    }
}

/// What leaving cannot take back.
fn always_remains(w: &Words) -> [String; 2] {
    [w.remains_elsewhere.to_owned(), w.remains_member.to_owned()]
}
