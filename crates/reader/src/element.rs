//! What the loader calls: a story's element gets a shadow root with an [`Embed`] in it.

use js_sys::{Array, Reflect};
use komuz_release::folder::Edition;
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode};
use yew::{AppHandle, Renderer};

use crate::check::Asked;
use crate::embed::{Embed, EmbedProps, Settings};
use crate::fetch::{mirror_address, other_fingerprint};
use crate::story::Theme;

/// A story that is on the page. It lives as long as the page: Yew never drops the listeners of an app that it destroys, and
/// pages move elements about.
#[wasm_bindgen]
pub struct Reader {
    app: AppHandle<Embed>,
    host: HtmlElement,
}

/// Starts a story in its element. `base` is the address of the folder where the loader lies, with a slash at the end.
///
/// # Errors
/// What the browser threw: the element cannot have a shadow root.
#[wasm_bindgen]
pub fn mount(host: HtmlElement, base: &str) -> Result<Reader, JsValue> {
    let document = host.owner_document().ok_or("no document")?;
    let shadow = match host.shadow_root() {
        Some(shadow) => shadow,
        None => host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open))?,
    };
    let root = document.create_element("div")?;
    root.set_class_name("mount");
    let nodes = Array::of1(&root);
    if !adopt(&shadow) {
        let link = document.create_element("link")?;
        link.set_attribute("rel", "stylesheet")?;
        link.set_attribute("href", &format!("{base}komuz-reader.css"))?;
        nodes.unshift(&link);
    }
    shadow.replace_children_with_node(&nodes);
    let props = EmbedProps {
        host: host.clone(),
        settings: settings(&host),
    };
    let app = Renderer::<Embed>::with_root_and_props(root, props).render();
    Ok(Reader { app, host })
}

#[wasm_bindgen]
impl Reader {
    /// Reads the element's attributes again.
    pub fn update(&mut self) {
        let settings = settings(&self.host);
        self.app.update(EmbedProps {
            host: self.host.clone(),
            settings,
        });
    }
}

/// Gives a shadow root the look as a constructed sheet, which no `style-src` forbids. Safari before 16.4 has none.
fn adopt(shadow: &ShadowRoot) -> bool {
    let name = JsValue::from_str("adoptedStyleSheets");
    if !Reflect::has(shadow, &name).unwrap_or(false) {
        return false;
    }
    let Ok(sheet) = CssStyleSheet::new() else {
        return false;
    };
    sheet.replace_sync(crate::CSS).is_ok() && Reflect::set(shadow, &name, &Array::of1(&sheet)).unwrap_or(false)
}

/// What the page says: attributes of `<komuz-story>`, or of a `<div data-komuz-story>` with `data-komuz-` in front
/// ([`komuz_release::snippet`] writes both).
fn settings(host: &HtmlElement) -> Settings {
    let page = host.base_uri().ok().flatten().unwrap_or_default();
    let read = |name: &str| {
        let text = host
            .get_attribute(name)
            .or_else(|| host.get_attribute(&format!("data-komuz-{name}")));
        text.map(|text| text.trim().to_owned())
    };
    let source = host
        .get_attribute("src")
        .or_else(|| host.get_attribute("data-komuz-story"))
        .unwrap_or_default();
    let fingerprint = read("fingerprint").unwrap_or_default();
    let story = source
        .trim()
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let lang = host.get_attribute("lang").filter(|lang| !lang.is_empty()).or_else(|| {
        host.closest("[lang]")
            .ok()
            .flatten()
            .and_then(|parent| parent.get_attribute("lang"))
    });
    let edition = Edition {
        fingerprint,
        story,
        lang: lang.unwrap_or_else(|| "en".to_owned()),
    };
    let mirrors = read("mirrors").unwrap_or_default();
    let mut addresses: Vec<String> = Vec::new();
    for written in std::iter::once(source.trim()).chain(mirrors.split_whitespace()) {
        if let Some(mirror) = mirror_address(written, &edition, &page).filter(|mirror| !addresses.contains(mirror)) {
            addresses.push(mirror);
        }
    }
    // The snippet's own link to the permanent copy; else the folder of the edition.
    let link = host
        .query_selector(".komuz-copy a[href]")
        .ok()
        .flatten()
        .and_then(|link| link.get_attribute("href"));
    let folder = || format!("{}/r/{edition}/", addresses.first().map_or("", String::as_str));
    Settings {
        copy: read("copy").or(link).unwrap_or_else(folder),
        outlet: read("outlet"),
        theme: Theme::of(&read("theme").unwrap_or_default()),
        asked: Asked {
            other: other_fingerprint(&source, &edition),
            floor: read("number").and_then(|number| number.parse().ok()).unwrap_or(0),
            edition,
            mirrors: addresses,
        },
    }
}
