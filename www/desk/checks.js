// The tab with the checks: the panel (crates/panel), and its way to the engine and to the text. Fetched when the tab is opened for
// the first time. What the engine answers to the panel never comes to the desk's own Wasm: the panel's asks have ids that
// the desk does not use, and boot.js offers each message of the worker here first.

import { Surface } from "./surface.js"

/** The panel's asks are numbered from here; the desk's own stay below. */
const FIRST = 2 ** 31

const ANSWER = /^\{"kind":"answer","id":(\d+),/
const DOSSIER = '{"kind":"event","event":{"event":"dossier",'

const SVG = "http://www.w3.org/2000/svg"
const DRAWN = ["svg", "title", "desc", "g", "path", "circle", "rect", "line", "text", "tspan"]
const ESCAPED = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" }

const plain = (text) => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ESCAPED[name])

/** Fills an element with a drawing of the dossier's own, part by part: this page takes no markup (Trusted Types). */
function draw(place, svg) {
  const open = [document.createDocumentFragment()]
  for (const [, end, name, attributes, empty, text] of svg.matchAll(/<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g)) {
    const here = open[open.length - 1]
    if (text) here.append(plain(text))
    else if (end) open.pop()
    else if (!DRAWN.includes(name)) return
    else {
      const element = document.createElementNS(SVG, name)
      for (const [, key, value] of attributes.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        if (!key.startsWith("on") && !key.startsWith("xmlns")) element.setAttribute(key, plain(value))
      }
      here.append(element)
      if (!empty) open.push(element)
    }
  }
  place.replaceChildren(open[0])
}

const same = (one, other) => one?.story === other?.story && one?.lang === other?.lang

/** Loads the panel, once for the page's life: it goes with the element that is in the page. */
export async function open(worker) {
  const place = document.createElement("div")
  const look = document.createElement("link")
  look.rel = "stylesheet"
  look.href = new URL("panel/panel.css", import.meta.url).href
  const inside = document.createElement("div")
  place.append(look, inside)
  // Its events end here: what Escape does around it, on a phone, it does in it too.
  place.addEventListener("keydown", ({ key }) => key === "Escape" && place.closest(".side")?.querySelector(".sheet-close")?.click())

  let last = FIRST - 1
  const waiting = new Map()
  /** The edition whose dossier is wanted, and the one that is shown. */
  let watched = null
  let shown = null

  const { default: init, mount } = await import(new URL("panel/komuz_panel.js", import.meta.url).href)
  await init()

  function ask(json) {
    last += 1
    worker.postMessage(`{"id":${last},"ask":${json}}`)
    return new Promise((resolve) => waiting.set(last, resolve))
  }

  const panel = mount(inside, "en", {
    ask,
    draw,
    selection() {
      if (!Surface.open) return null
      const [from, to, seq, taken] = Surface.open.range()
      return { from, to, seq, taken, edition: watched }
    },
    reveal(id, start, end) {
      // On a phone the side column lies over the text.
      place.closest(".side")?.querySelector(".sheet-close")?.click()
      setTimeout(() => Surface.open?.reveal(id, start, end) && Surface.open.focus())
    },
  })
  Surface.heard = (anchors) => panel.at([...anchors].find((id) => id.startsWith("k-")) ?? "")

  function fail(code, message) {
    panel.fail(JSON.stringify({ Err: { code, message } }))
    return true
  }

  const watch = (edition, on) => ask(JSON.stringify({ ask: "watch-dossier", edition, on }))

  /** Only what is looked at is computed and sent. */
  async function wants(edition) {
    if (same(edition, watched)) return
    if (watched) watch(watched, false)
    watched = edition
    if (!edition) return
    if (!same(edition, shown)) panel.clear()
    const result = await watch(edition, true)
    if (same(edition, watched) && JSON.parse(result).Err) {
      watched = null
      panel.fail(result)
    }
  }

  // What is being typed when the page goes away is saved as if the field had been left.
  document.addEventListener("visibilitychange", () => {
    const field = document.hidden && place.getRootNode().activeElement
    if (field && place.contains(field)) field.dispatchEvent(new Event("change", { bubbles: true }))
  })

  let holder = null
  return {
    /** Takes a message of the worker that is the panel's; whether it was. */
    takes(data) {
      if (typeof data !== "string") return false
      const id = Number(ANSWER.exec(data)?.[1] ?? 0)
      if (id >= FIRST) {
        waiting.get(id)?.(JSON.stringify(JSON.parse(data).result))
        waiting.delete(id)
        return true
      }
      if (!data.startsWith(DOSSIER)) return false
      const json = JSON.parse(data).event.shown
      const { edition, failed } = JSON.parse(json)
      if (!same(edition, watched)) return true
      if (failed) return fail("checks", failed)
      shown = edition
      try {
        panel.show(json)
      } catch (error) {
        fail("message", String(error))
      }
      return true
    },

    /** Shows what an element of the page is to show: `story` and `edition` in `lang`, unless it is hidden or gone. */
    follow(element) {
      const open = element.isConnected && !element.hidden
      // The claims are drawn in the text as long as this is looked at.
      element.closest(".frame")?.toggleAttribute("data-claims", open)
      if (!open && holder !== element) return
      holder = element
      if (open && place.parentNode !== element) element.replaceChildren(place)
      panel.setLang(element.lang)
      wants(open ? { story: element.getAttribute("story"), lang: element.getAttribute("edition") } : null)
    },
  }
}
