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
  const begun = () => {
    faces()
    keepOffline()
  }
  worker.addEventListener("message", begun, { once: true })
  // Before the desk's own listener, which comes later: what is the panel's never goes through the desk's Wasm.
  worker.addEventListener("message", (event) => tab?.takes(event.data) && event.stopImmediatePropagation())
  return worker
}

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
      const keep = ({ data }) => said.push(data)
      early.addEventListener("message", keep)
      // One that could not be loaded is tried again, and then the desk hears of it.
      let first = early
      early.addEventListener("error", () => (first = null))
      await init()
      await styled
      place.replaceChildren()
      this.#desk = start(place, entry, () => {
        const worker = first ?? engine()
        first = null
        return worker
      })
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

addEventListener("hashchange", () => {
  const later = takeEntry()
  if (later) document.querySelector("komuz-desk")?.enter(later)
})
