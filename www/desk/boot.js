// The desk's page, before anything else runs: what stands behind `#` (a founding ticket, an invitation) is taken out of the
// address bar and the history, and handed to the desk alone. Then the service worker, then the element.
//
// No import stands at the top: an imported module would run before the address is clean.

function takeEntry() {
  const { hash, pathname, search } = location
  if (hash) history.replaceState(null, "", pathname + search)
  return hash.slice(1)
}

const entry = takeEntry()

// The only two scripts that this page makes a worker of.
const workers = { engine: new URL("engine/worker.js", import.meta.url).href, offline: new URL("sw.js", import.meta.url).href }
const policy = globalThis.trustedTypes?.createPolicy("komuz-worker", {
  createScriptURL(url) {
    if (Object.values(workers).includes(url)) return url
    throw new TypeError("not a worker of this page")
  },
})
const script = (url) => (policy ? policy.createScriptURL(url) : url)

/**
 * Opens the desk without a network; where that is missing the desk says so. It fetches all files, so it begins when the desk is
 * at work: a first visit on a slow line gets each file once, and what the browser has kept is not fetched again.
 */
const keepOffline = () =>
  // While the desk is worked on (`cargo xtask dev`) each load is to show what was just built.
  !new URLSearchParams(location.search).has("dev") &&
  navigator.serviceWorker?.register(script(workers.offline), { scope: "./" }).catch(() => {})

/** The faces are 140 KB: on a slow line they come when there is something to write in, from the device's own copy at once. */
let hasFaces = false
function faces() {
  if (hasFaces) return
  hasFaces = true
  const sheet = document.createElement("link")
  sheet.rel = "stylesheet"
  sheet.href = new URL("faces.css", import.meta.url).href
  document.head.append(sheet)
}

let worker = null
/** The tab with the checks, once it is loaded. */
let tab = null

function engine() {
  worker = new Worker(script(workers.engine), { type: "module" })
  let begun = false
  // Before the desk's own listener, which comes later: what is the panel's or the lock's never goes through the desk's Wasm.
  worker.addEventListener("message", (event) => {
    if (typeof event.data !== "string") {
      heard(event.data)
      event.stopImmediatePropagation()
    } else if (tab?.takes(event.data)) event.stopImmediatePropagation()
    else overheard(event.data)
    if (begun || (typeof event.data !== "string" && !event.data.locked)) return
    begun = true
    faces()
    keepOffline()
  })
  return worker
}

/** Answers by which this device has become a member of something. */
const ENTERED = /^\{"kind":"answer","id":\d+,"result":\{"Ok":\{"answer":"(?:entered|joining|restored)"/
/** Whether the disk takes what is written. */
const STATE = /^\{"kind":"event","event":\{"event":"state","saved":(?:true|false),"save_trouble":(?:null|\{"code":"(disk-)?)/

function overheard(said) {
  if (ENTERED.test(said)) {
    has(true)
    // From now on there is something to lose: asks the browser not to evict it when the disk gets full.
    navigator.storage?.persist?.().catch(() => {})
  }
  const full = STATE.exec(said)
  if (full && device.full !== Boolean(full[1])) {
    device.full = !device.full
    for (const element of shown) element.draw()
  }
}

/** Whether this device has something, so that it is noticed when the browser has thrown it away. */
const HAS = "komuz-has"
function has(set) {
  try {
    if (set === true) localStorage.setItem(HAS, "1")
    if (set === false) localStorage.removeItem(HAS)
    return localStorage.getItem(HAS) !== null
  } catch {
    return false // Storage is refused.
  }
}

/**
 * Whether this device is locked (none until the worker says), whether it has a passphrase, whether its disk takes nothing; why its store
 * does not open (`broken`, `newer`), or that it is empty and was not (`lost`), and what the browser says.
 */
const device = { locked: null, passphrase: false, full: false, broken: "", why: "" }
/** What is shown of the lock, and drawn anew when it changes. */
const shown = new Set()
const lock = () => import("./lock.js")
let waiting = null

function heard({ locked, passphrase, vault, fresh, broken, left, leave: wanted, wants, refused, why }) {
  if (vault !== undefined) import("./vault.js").then(({ use }) => use(vault))
  if (left) has(false)
  if (fresh === false) has(true)
  if (locked !== undefined) {
    Object.assign(device, { locked, passphrase: passphrase ?? locked, broken: broken ?? (fresh && has() ? "lost" : ""), why })
    if (device.passphrase && !locked) lock().then(({ watch }) => watch(device))
    for (const element of shown) element.draw()
  }
  if (wanted) device.leave().catch(() => {})
  if (wants && wants === waiting?.wants) {
    if (refused) waiting.reject(Object.assign(new Error(why), { code: refused }))
    else waiting.resolve()
    waiting = null
  }
}

/** Wants something of the worker's lock: resolves when it is done, rejects with its `code`. */
device.ask = (wants, said = {}) =>
  new Promise((resolve, reject) => {
    waiting = { wants, resolve, reject }
    worker.postMessage({ wants, ...said })
  })

/** How long a worker may take to write what was typed, in milliseconds. */
const PATIENCE = 15_000
let leaving = null
let gone = false

/**
 * Everything that was typed is written, then the page begins anew: nothing of it is left in this one, and a locked device shows its
 * form. Rejects, and the page goes on, when it cannot be written.
 */
device.leave = () => {
  leaving ??= (async () => {
    const desk = document.querySelector("komuz-desk")
    let field = document.activeElement
    while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement
    // A field that is saved when it is left is left; what is being composed is taken as it is.
    field?.blur()
    desk.inert = true
    await new Promise((resolve) => setTimeout(resolve, 100))
    try {
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error("the worker does not answer")), PATIENCE))
      await Promise.race([device.ask("leave"), late])
    } catch (error) {
      desk.inert = false
      throw error
    } finally {
      leaving = null
    }
    gone = true
    worker.terminate()
    location.reload()
  })()
  return leaving
}

// All is written: nothing that the desk knows of it may hold the page. Before the desk's own listener.
addEventListener("beforeunload", (event) => gone && event.stopImmediatePropagation())

/** What the tabs of this device say of the lock: that somebody is active, that all are to leave. */
device.tabs = globalThis.BroadcastChannel ? new BroadcastChannel("komuz-lock") : null
device.tabs?.addEventListener("message", ({ data }) => data === "leave" && device.leave().catch(() => {}))

if (navigator.serviceWorker?.controller) faces()

/** Where nothing has loaded there are no words either. */
const FAILED = {
  en: "The desk could not be loaded. Check the connection and load the page again.",
  ru: "Стол не загрузился. Проверьте связь и загрузите страницу ещё раз.",
  ky: "Стол жүктөлгөн жок. Байланышты текшерип, баракты кайра жүктөңүз.",
}

const UNCHECKED = {
  en: "The checks could not be loaded. Connect and choose this tab again.",
  ru: "Проверки не загрузились. Подключитесь к сети и выберите эту вкладку ещё раз.",
  ky: "Текшерүү жүктөлгөн жок. Тармакка кошулуп, бул өтмөктү кайра тандаңыз.",
}

function failed(kept = "", said = FAILED) {
  try {
    kept ||= localStorage.getItem("komuz-language") ?? ""
  } catch {
    // Storage is refused: the browser's own language it is.
  }
  const tag = (kept || navigator.language || "").slice(0, 2).toLowerCase()
  return said[tag] ? [tag, said[tag]] : ["en", said.en]
}

class KomuzDesk extends HTMLElement {
  #desk = null

  // Moved in the page, it stays the desk that it is: an app that was destroyed would leave its listeners behind.
  async connectedCallback() {
    if (this.shadowRoot) return
    const root = this.attachShadow({ mode: "open" })
    const look = document.createElement("link")
    look.rel = "stylesheet"
    look.href = new URL("desk.css", import.meta.url).href
    const styled = new Promise((resolve) => (look.onload = look.onerror = resolve))
    const place = document.createElement("div")
    root.append(look, place)
    // A first visit on a bad line takes a while: say that it goes on.
    const waiting = document.createElement("p")
    waiting.className = "loading"
    waiting.setAttribute("role", "status")
    waiting.textContent = "Komuz…"
    place.append(waiting)
    try {
      const { default: init, start } = await import("./komuz_desk.js")
      // Its files are asked for while the desk's Wasm is still on its way: on a slow line the gaps between add up to seconds.
      const early = engine()
      const said = []
      const keep = ({ data }) => early.onmessage || said.push(data)
      early.addEventListener("message", keep)
      // One that could not be loaded is tried again, and then the desk hears of it.
      let first = early
      const known = new Promise((resolve) => {
        for (const sign of ["message", "error"]) worker.addEventListener(sign, resolve, { once: true })
        shown.add({ draw: resolve })
      })
      early.addEventListener("error", () => (first = null))
      const loaded = init()
      loaded.catch(() => {}) // Awaited below.
      await Promise.all([styled, known])
      if (device.locked) {
        await (await lock()).ask(place, device, shown)
        place.replaceChildren(waiting)
      }
      if (device.broken) {
        await (await lock()).broken(place, device)
        has(false)
        place.replaceChildren(waiting)
      }
      await loaded
      place.replaceChildren()
      this.#desk = start(place, entry, () => {
        const worker = first ?? engine()
        first = null
        return worker
      })
      // The desk listens a moment after it was started.
      await new Promise((resolve) => setTimeout(resolve))
      early.removeEventListener("message", keep)
      for (const data of said) early.dispatchEvent(new MessageEvent("message", { data }))
    } catch (error) {
      const [tag, sentence] = failed()
      waiting.lang = tag
      waiting.textContent = `${sentence} (${error?.message ?? error})`
      waiting.setAttribute("role", "alert")
      place.replaceChildren(waiting)
    }
  }

  /** Hands over a link that was opened while the desk was running. */
  enter(text) {
    this.#desk?.enter(text)
  }
}

customElements.define("komuz-desk", KomuzDesk)

let checks = null

const idle = globalThis.requestIdleCallback ?? ((call) => setTimeout(call, 2000))

/**
 * The tab with the checks, and (`brief`) what must be mended in the review. What shows it (checks.js and its Wasm) is fetched when it
 * is opened for the first time; where the desk's files are on the device already, when the page has nothing else to do: then the
 * tab says how much there is to mend before anybody opens it.
 */
class KomuzChecks extends HTMLElement {
  static observedAttributes = ["hidden", "lang", "story", "edition", "reason"]
  #told = false
  #idle = false

  attributeChangedCallback() {
    this.#tell()
  }
  connectedCallback() {
    this.#tell()
  }
  disconnectedCallback() {
    this.#tell()
  }

  // Attributes come one by one: once for all of them.
  async #tell() {
    if (this.#told) return
    this.#told = true
    await null
    this.#told = false
    if (!this.isConnected && !checks) return
    if (!checks && this.hidden && !this.#idle) {
      if (navigator.serviceWorker?.controller) idle(() => ((this.#idle = true), this.#tell()))
      return
    }
    try {
      checks ??= import("./checks.js").then(({ open }) => open(worker))
      tab = await checks
      tab.follow(this)
    } catch (error) {
      checks = null
      const [tag, sentence] = failed(this.lang, UNCHECKED)
      const said = document.createElement("p")
      said.className = "trouble"
      said.lang = tag
      said.setAttribute("role", "alert")
      said.textContent = `${sentence} (${error?.message ?? error})`
      this.replaceChildren(said)
    }
  }
}

customElements.define("komuz-checks", KomuzChecks)

/**
 * The passphrase of this device, in its place among the settings of the device; in the header (`now`) the way to lock it at once,
 * and to a backup file while the disk takes nothing.
 * What fills it (lock.js) is fetched when there is something to show.
 */
class KomuzLock extends HTMLElement {
  static observedAttributes = ["lang"]

  attributeChangedCallback() {
    this.draw()
  }
  connectedCallback() {
    shown.add(this)
    this.draw()
  }
  disconnectedCallback() {
    shown.delete(this)
  }

  draw() {
    if (!this.isConnected) return
    const now = this.hasAttribute("now")
    if (now && !device.passphrase && !device.full) this.replaceChildren()
    else lock().then((lock) => (now ? lock.now : lock.settings)(this, device))
  }
}

customElements.define("komuz-lock", KomuzLock)

/**
 * A link (`link`) as a code for a telephone's camera, named in `lang`. What draws it is the panel's Wasm: it is fetched when there is
 * something to draw. Without it the link stands beside it.
 */
class KomuzCode extends HTMLElement {
  static observedAttributes = ["link", "lang"]

  attributeChangedCallback() {
    this.#draw()
  }
  connectedCallback() {
    this.#draw()
  }

  async #draw() {
    const link = this.getAttribute("link")
    if (!this.isConnected || !link) return
    const { code } = await import("./checks.js")
    await code(this, link, this.lang)
  }
}

customElements.define("komuz-code", KomuzCode)

addEventListener("hashchange", () => {
  const later = takeEntry()
  if (later) document.querySelector("komuz-desk")?.enter(later)
})
