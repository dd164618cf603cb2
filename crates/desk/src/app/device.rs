//! This device: back up, restore, leave.

use komuz_messages::{Answer, Ask};
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

use super::bits::{Form, act, page_trouble};
use super::{App, Click, Msg};
use crate::browser;
use crate::release_keys;
use crate::state::{Context, Device};

impl App {
    pub(super) fn device_place(&self) -> Html {
        let w = self.ctx.words();
        let open = self.views.investigation.as_ref().map(|view| view.id.as_str());
        let listed = self.views.device.iter().flat_map(|device| &device.investigations);
        let others = listed.filter(|listed| Some(listed.id.as_str()) != open);
        let unsent = self.views.state.unsent + others.map(|listed| listed.unsent).sum::<u32>();
        html! {
            <section class="sheet plainly">
                <h2>{ w.this_device() }</h2>
                <h3>{ w.other_investigations() }</h3>
                <p>{ w.other_what() }</p>
                <p>
                    <button type="button" data-test="other-investigations" onclick={self.ctx.click(Click::Leave)}>
                        { w.other_investigations() }
                    </button>
                </p>
                // www/desk/lock.js fills it: words and form of the passphrase.
                <komuz-lock lang={self.ctx.tongue.tag()} />
                <h3>{ w.backup() }</h3>
                <p>{ w.backup_what() }</p>
                { backup(&self.ctx) }
                <h3>{ w.restore_title() }</h3>
                { restore(&self.ctx) }
                <h3>{ w.leave() }</h3>
                <p>{ w.leave_what() }</p>
                if unsent > 0 {
                    <p class="warning" data-test="unsent">
                        { w.leave_unsent().fill(&[&w.count(unsent, w.waiting_changes())]) }
                    </p>
                }
                { leave(&self.ctx) }
            </section>
        }
    }
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

fn backup(ctx: &Context) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            let ctx = ctx.clone();
            async move {
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
                }
                Ok(())
            }
        })
    };
    html! {
        <Form ctx={ctx.clone()} send={w.backup_do()} {act} test="backup" done={w.backup_saved()}>
            { passphrase(w.passphrase(), "passphrase", w.passphrase_hint()) }
            { passphrase(w.passphrase_again(), "again", "") }
        </Form>
    }
}

/// Brings a backup back.
pub fn restore(ctx: &Context) -> Html {
    let w = ctx.words();
    let file = NodeRef::default();
    let act = {
        let (ctx, file) = (ctx.clone(), file.clone());
        act(move |fields| {
            let (ctx, file) = (ctx.clone(), file.clone());
            async move {
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
            }
        })
    };
    html! {
        <Form ctx={ctx.clone()} send={w.restore_do()} {act} test="restore">
            <label class="field">
                <span>{ w.backup_file() }</span>
                <input ref={file} type="file" required=true data-test="file" />
            </label>
            { passphrase(w.passphrase(), "passphrase", "") }
        </Form>
    }
}

fn leave(ctx: &Context) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |_| {
            let ctx = ctx.clone();
            async move {
                let mut remains: Vec<String> = match ctx.engine.ask(Ask::Leave).await? {
                    Answer::Left { remains } => remains.iter().map(|what| w.trouble(what)).collect(),
                    _ => Vec::new(),
                };
                if !release_keys::erase().await {
                    remains.push(w.keys_remain().to_owned());
                }
                // What leaving cannot take back.
                remains.extend([w.remains_elsewhere().to_owned(), w.remains_member().to_owned()]);
                ctx.send(Msg::Left(remains));
                Ok(())
            }
        })
    };
    html! {
        <Form ctx={ctx.clone()} send={w.leave()} {act} test="leave" class="bad" button="leave-do">
            <label class="check">
                <input type="checkbox" required=true data-test="leave-sure" />
                <span>{ w.leave_sure() }</span>
            </label>
        </Form>
    }
}
