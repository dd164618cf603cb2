/**
 * Komuz: what a page includes once to show stories that can be checked.
 *
 *     <script type="module" src="/komuz/komuz.js"></script>
 *
 * It defines `<komuz-story>` and `<komuz-desk>` and upgrades `<div data-komuz-story>`. It sets no cookie, stores nothing
 * and asks nobody but the mirrors that the page names. The article inside the element stays what readers see until the
 * reader (WebAssembly, fetched from where this file lies) has checked a release of it.
 */
const here = new URL('.', import.meta.url).href;
const handles = new Map();
/** Set on an element that is started, by whichever copy of this file: a page may include two. */
const started = Symbol.for('komuz-started');
let module;

/** The reader, fetched once, when the first story is on the page. */
const reader = () =>
  (module ??= import(here + 'komuz_reader.js').then(async (reader) => {
    await reader.default();
    return reader;
  }));

const words = {
  en: ['Not checked in this browser.', 'Read a copy that can be checked', 'Open the desk'],
  ru: ['Не проверено в этом браузере.', 'Открыть копию, которую можно проверить', 'Открыть редакцию'],
  ky: ['Бул браузерде текшерилген жок.', 'Текшерсе боло турган көчүрмөнү окуу', 'Редакцияны ачуу'],
};
const languageOf = (host) => (host.closest('[lang]')?.lang || navigator.language || 'en').slice(0, 2).toLowerCase();
const wordsFor = (host) => words[languageOf(host)] ?? words.en;

/** An element with text and attributes, made without markup so that Trusted Types have nothing to say. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children);
  return element;
}

/** A shadow root with the package's sheet. */
function root(host) {
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  shadow.replaceChildren(make('link', { rel: 'stylesheet', href: here + 'komuz-reader.css' }));
  return shadow;
}

/** Where a reader finds the story when this browser cannot check it: the page's word, or the edition's folder. */
function copyOf(host) {
  const said = host.getAttribute('copy') ?? host.dataset.komuzCopy ?? host.querySelector('.komuz-copy a')?.href;
  const source = host.getAttribute('src') ?? host.dataset.komuzStory;
  return said ?? new URL(`${source.replace(/\/+$/, '')}/${host.lang || languageOf(host)}/`, document.baseURI).href;
}

/** The reader cannot run here: the article stays, and says that it was not checked. */
function unchecked(host) {
  const [sentence, link] = wordsFor(host);
  const notice = make('div', { class: 'komuz notice', part: 'notice', role: 'note' }, sentence + ' ');
  notice.dataset.theme = host.getAttribute('theme') ?? host.dataset.komuzTheme ?? 'light';
  try {
    notice.append(make('a', { href: copyOf(host) }, link));
  } catch {
    // A snippet without an address: the sentence stands alone.
  }
  root(host).append(notice, make('slot'));
}

/** Starts an element once; moving it in the page changes nothing. */
async function start(host) {
  if (host[started]) return;
  host[started] = true;
  try {
    handles.set(host, (await reader()).mount(host, here));
  } catch {
    unchecked(host);
  }
}

class KomuzStory extends HTMLElement {
  static observedAttributes = ['src', 'mirrors', 'fingerprint', 'number', 'outlet', 'lang', 'theme', 'copy'];
  connectedCallback() {
    start(this);
  }
  attributeChangedCallback() {
    handles.get(this)?.update();
  }
}

/**
 * The desk of an outlet. A frame when it is same-site with the page (a cross-site frame gets no lasting storage, so
 * words would be lost), otherwise a link that opens it.
 */
class KomuzDesk extends HTMLElement {
  static observedAttributes = ['src'];
  attributeChangedCallback() {
    this.show();
  }
  connectedCallback() {
    this.show();
  }
  show() {
    const source = this.getAttribute('src');
    if (!source || !this.isConnected) return;
    const desk = new URL(source, document.baseURI);
    if (!desk.searchParams.has('language')) desk.searchParams.set('language', languageOf(this));
    if (!/^https?:$/.test(desk.protocol) || this.shown === desk.href) return;
    this.shown = desk.href;
    const site = location.hostname.replace(/^www\./, '');
    const same = desk.protocol === location.protocol && `.${desk.hostname}`.endsWith(`.${site}`);
    const label = wordsFor(this)[2];
    const link = make('a', { href: desk.href, target: '_blank', rel: 'noopener', part: 'link', class: 'desk-link' }, label);
    const frame = () => make('iframe', { src: desk.href, title: label, part: 'frame', class: 'desk', allow: 'clipboard-write' });
    root(this).append(make('div', { class: 'komuz' }, ...(same ? [frame(), link] : [link])));
  }
}

const define = (name, element) => customElements.get(name) ?? customElements.define(name, element);
define('komuz-story', KomuzStory);
define('komuz-desk', KomuzDesk);

const divs = 'div[data-komuz-story]';
const upgrade = (node) => {
  if (node.matches?.(divs)) start(node);
  node.querySelectorAll?.(divs).forEach(start);
};
upgrade(document);
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(upgrade))).observe(document, {
  childList: true,
  subtree: true,
});
