// What the page does for the desk's Rust where the browser's own API is a few lines of JavaScript.

/** The engine's worker: `post(json)`; everything that it says comes to `on(json)`. */
export class Link {
  constructor(make, on, failed) {
    this.worker = make()
    this.worker.onmessage = ({ data }) => on(data)
    this.worker.onerror = (event) => failed(event.message || "")
  }
  post(json) {
    this.worker.postMessage(json)
  }
}

/** What this browser or this address lacks for the desk, by name; empty when nothing. */
export function missing() {
  const lacks = []
  if (!globalThis.isSecureContext) lacks.push("https")
  if (!globalThis.crypto?.subtle) lacks.push("WebCrypto")
  if (!navigator.locks) lacks.push("Web Locks")
  if (!globalThis.indexedDB) lacks.push("IndexedDB")
  if (!navigator.serviceWorker) lacks.push("Service Worker")
  return lacks
}

/** The file of a language's words, as text. */
export async function wordsFile(tag) {
  const answer = await fetch(new URL(`words/${tag}.json`, import.meta.url))
  if (!answer.ok) throw new Error(`words/${tag}.json: ${answer.status}`)
  return answer.text()
}

/** Says which language the page is in now: to assistive technology, and in its title. */
export function speak(tag, title) {
  document.documentElement.lang = tag
  document.title = title
}

const small = matchMedia("(max-width: 62rem)")

/** Whether rail and side column lie over the page, by the same width as in the style sheet. */
export const narrow = () => small.matches

/** `hidden` hears that the page goes out of sight and may not come back, `wide` that everything is side by side again. */
export function watch(hidden, wide) {
  document.addEventListener("visibilitychange", () => document.hidden && hidden())
  addEventListener("pagehide", hidden)
  small.addEventListener("change", wide)
}

let held = false
addEventListener("beforeunload", (event) => held && event.preventDefault())

/** While words are not on the disk, the browser asks before the page is closed. */
export const hold = (unsaved) => (held = unsaved)

/** Loads the page anew, with a new engine. */
export function reload() {
  held = false
  location.reload()
}

/** Focuses the first control of the sheet that lies over the page. */
export const focusInSheet = (main) => main?.parentElement.querySelector(".rail-sheet .rail button, .side-sheet .side button")?.focus()

/**
 * A setting of the interface (language, theme), never anything of a story: as the person chose it, else as the address says,
 * in which a page that frames the desk puts its own language.
 */
export function setting(name) {
  const said = new URLSearchParams(location.search).get(name) ?? ""
  try {
    return localStorage.getItem(`komuz-${name}`) ?? said
  } catch {
    return said
  }
}

/** Keeps a setting, or forgets it when it is empty. */
export function keepSetting(name, value) {
  try {
    if (value) localStorage.setItem(`komuz-${name}`, value)
    else localStorage.removeItem(`komuz-${name}`)
  } catch {
    // Storage is refused: the setting lasts as long as the page.
  }
}

/** `count` random bytes. */
export function random(count) {
  return crypto.getRandomValues(new Uint8Array(count))
}

const before = new WeakMap()

/** Opens a dialog so that the rest of the page waits. The first field gets the focus, or the dialog's first button. */
export function showModal(dialog) {
  if (dialog.open) return
  before.set(dialog, focused())
  dialog.showModal()
  dialog.querySelector("form :is(input, textarea, select):not([readonly])")?.focus()
}

/** Closes a dialog; the focus goes back to where it was. */
export function hideModal(dialog) {
  if (dialog.open) dialog.close()
  const back = before.get(dialog)
  if (back?.isConnected) back.focus()
}

/** Where the focus is, through shadow roots. */
export function focused() {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
}

/** Focuses what lost the focus because it was moved in the page, as Chromium has it. */
export const refocus = (element) => document.activeElement === document.body && element?.focus()

/** Focuses a tab of the list of tabs that has the focus. */
export function focusTab(index) {
  focused()?.closest("[role=tablist]")?.querySelectorAll("[role=tab]")[index]?.focus()
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let text = ""
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

/** Base64 of a text's UTF-8. */
export const toBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

/** The bytes of base64, with or without its URL letters. */
export const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0))

/** The largest document that is read, in bytes; the importer's own limit. */
const MAX_DOCUMENT = 16 << 20

/**
 * A chosen file's text. Rejects with the code of a trouble: `import-too-large` before anything is read, `not-utf8` for what
 * `file.text()` would turn into replacement characters without a word.
 */
export async function fileText(file) {
  if (file.size > MAX_DOCUMENT) throw "import-too-large"
  let bytes
  try {
    bytes = await file.arrayBuffer()
  } catch {
    throw "file-unreadable"
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw "not-utf8"
  }
}

/** A chosen file's bytes in base64. */
export const fileBase64 = (file) => base64(file)

/**
 * A chosen picture as it may be published: drawn anew, so that no camera, place or name stays in it, at most 1600 pixels
 * wide. Resolves to [media type, base64].
 */
export async function picture(file) {
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, 1600 / bitmap.width)
  const canvas = document.createElement("canvas")
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  const encode = (type) => new Promise((resolve) => canvas.toBlob(resolve, type, 0.85))
  let blob = await encode("image/webp")
  if (blob?.type !== "image/webp") blob = await encode("image/jpeg")
  return [blob.type, await base64(blob)]
}

/** An address of bytes in this page. */
export function blobAddress(media, bytes) {
  return URL.createObjectURL(new Blob([fromBase64(bytes)], { type: media }))
}

/** Saves bytes as a file of the person. */
export function saveFile(name, media, bytes) {
  const address = blobAddress(media, bytes)
  const link = document.createElement("a")
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** Puts a text on the clipboard; false when the browser refuses. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/**
 * Writes a file to a server, with the operator's ticket where one is given. Resolves to [status, what the server said]; the
 * status is 0 when the server was not reached.
 */
export async function putFile(address, media, bytes, ticket) {
  const headers = { "Content-Type": media }
  if (ticket) headers.Authorization = `Komuz ${ticket}`
  try {
    const answer = await fetch(address, { method: "PUT", headers, body: fromBase64(bytes), credentials: "omit", redirect: "error" })
    return [answer.status, (await answer.text()).slice(0, 500)]
  } catch {
    return [0, ""]
  }
}

/** The key with which a server says that a release is still the newest; empty when it does not say. */
export async function freshnessOf(server) {
  try {
    const about = await (await fetch(server + "/.well-known/komuz.json", { credentials: "omit" })).json()
    return String(about.freshness ?? "")
  } catch {
    return ""
  }
}

const vault = () => import(new URL("vault.js", import.meta.url).href)

/** The vault of the release keys (www/desk/vault.js), fetched when it is wanted. */
export const vaultPut = async (name, text) => (await vault()).put(name, text)
export const vaultAll = async () => (await vault()).all()
export const vaultErase = async () => (await vault()).erase()

let pressed = null

/** The Wasm for release keys, reviews and snippets (crates/press), loaded when it is first wanted. */
export function press() {
  pressed ??= import(new URL("press/komuz_press.js", import.meta.url).href).then(async (module) => {
    await module.default()
    return module
  })
  pressed.catch(() => (pressed = null))
  return pressed
}

/** Mounts a preview of a release. */
export const previewIn = (module, place, release, outlets, outlet) => new module.Preview(place, release, outlets, outlet)

/** A domain as a masthead writes it, from whatever was typed: an address, capitals, letters beyond ASCII. */
export function domainOf(typed) {
  try {
    return new URL(typed.includes("://") ? typed : `https://${typed}`).hostname
  } catch {
    return typed
  }
}

/** A shadow root of its own look in an element, and in it the element to mount in. */
export function shadowIn(host, css) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  const place = document.createElement("div")
  root.replaceChildren(place)
  return place
}

/** What a form's fields hold, as JSON by their names. */
export const fields = (form) => JSON.stringify(Object.fromEntries(Array.from(new FormData(form)).filter(([, value]) => typeof value === "string")))

/** Gives a form's fields their first values (`data-value`); what is typed later is left alone. */
export function fill(form) {
  for (const field of form.querySelectorAll("[data-value]")) field.value = field.dataset.value
}

/** Resolves after so many milliseconds. */
export const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Makes a text field as high as its text, where style sheets cannot. */
export function fit(field) {
  if (CSS.supports("field-sizing", "content")) return
  field.style.height = "auto"
  field.style.height = `${field.scrollHeight}px`
}

let composed = null
addEventListener("compositionstart", (event) => (composed = event.composedPath()[0]), true)
addEventListener("compositionend", () => (composed = null), true)

/** Whether something is being composed in a field (IME): another text would break it off. */
export const composing = (field) => composed === field

/** Gives a text field another text; a cursor in it stays with the words that it stood at. */
export function setText(field, text) {
  const old = field.value
  if (old === text) return
  const { selectionStart: start, selectionEnd: end } = field
  let same = 0
  while (same < old.length && same < text.length && old[same] === text[same]) same++
  const shift = text.length - old.length
  const moved = (at) => (at <= same ? at : Math.max(same, at + shift))
  const active = field.getRootNode().activeElement === field
  field.value = text
  if (active) field.setSelectionRange(moved(start), moved(end))
  fit(field)
}

/** Prints the page; the style sheet decides what of it. */
export const printPage = () => globalThis.print()
