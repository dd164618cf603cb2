// The tab with the checks: the panel (crates/panel), and its way to the engine and to the text; and what it draws for the desk. Fetched
// when the tab is opened or a link is made for the first time, or when the desk's files are on the device anyway. What the engine answers to the panel never comes to the
// desk's own Wasm: the panel's asks have ids that the desk does not use, and boot.js offers each message of the worker here first.

import { Surface, blobAddress, saveFile } from "./surface.js"

/** The panel's asks are numbered from here; the desk's own stay below. */
const FIRST = 2 ** 31

const ANSWER = /^\{"kind":"answer","id":(\d+),/
const DOSSIER = '{"kind":"event","event":{"event":"dossier",'
/** What says that somebody has written. */
const WRITTEN = /^\{"kind":"(answer|event","event":\{"event":"(batch|edition|investigation))"/
/** How long nobody must have written before the checks run for the number at the tab alone, in milliseconds. */
const REST = 3000

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

/** The colours of a drawing outside this page: ink on paper, as in print. */
const PRINTED = {
  "--komuz-string-1": "#a9432b",
  "--komuz-string-2": "#2c5a86",
  "--komuz-string-3": "#56713a",
  "--komuz-line": "#8c8579",
  "--komuz-soft": "#625c53",
  "--komuz-paper": "#ffffff",
}

/** A drawing with its colours in it, as other programs take it. */
const printed = (svg) =>
  svg.replace(/var\((--[\w-]+),\s*([^)]*)\)/g, (_, name, other) => PRINTED[name] ?? other).replace("<svg ", '<svg color="#1c1a17" ')

/** A drawing as PNG, twice as fine as it is large, on paper: its base64. */
async function painted(svg) {
  const address = URL.createObjectURL(new Blob([printed(svg)], { type: "image/svg+xml" }))
  try {
    const picture = new Image()
    picture.src = address
    await picture.decode()
    const canvas = document.createElement("canvas")
    canvas.width = picture.width * 2
    canvas.height = picture.height * 2
    const context = canvas.getContext("2d")
    context.fillStyle = PRINTED["--komuz-paper"]
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(picture, 0, 0, canvas.width, canvas.height)
    return canvas.toDataURL("image/png").split(",")[1]
  } finally {
    URL.revokeObjectURL(address)
  }
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

const same = (one, other) => one?.story === other?.story && one?.lang === other?.lang

const tabOf = (element) => element.getRootNode().querySelector?.(".side > .tabs > :last-child")

let loading = null

/** The panel's Wasm. One that could not be fetched is fetched again when it is wanted next. */
function loaded() {
  loading ??= import(new URL("panel/komuz_panel.js", import.meta.url).href).then(async (panel) => {
    await panel.default()
    return panel
  })
  loading.catch(() => (loading = null))
  return loading
}

/** Draws a link as a code for a camera into an element. */
export async function code(place, link, lang) {
  const svg = (await loaded()).code(link, lang)
  if (svg) draw(place, svg)
}

/** Loads the panel, once for the page's life: it goes with the elements that are in the page. */
export async function open(worker) {
  const { mount } = await loaded()

  let last = FIRST - 1
  const waiting = new Map()
  /** The edition whose dossier is asked for. */
  let watched = null
  /** What came last, and of which edition it is. */
  let newest = { edition: null, json: "" }
  /** The edition of the side column, whose number stands at the tab also while another tab is looked at. */
  let counted = null
  let resting = 0

  function ask(json) {
    last += 1
    worker.postMessage(`{"id":${last},"ask":${json}}`)
    return new Promise((resolve) => waiting.set(last, resolve))
  }

  /** What lies over the text goes: the side column on a telephone, the review. */
  function leave(place) {
    place.closest("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }))
    place.closest(".side")?.querySelector(".sheet-close")?.click()
  }

  /** A panel: beside the text, or (`brief`) in the review. */
  function made(brief) {
    const place = document.createElement("div")
    const look = document.createElement("link")
    look.rel = "stylesheet"
    look.href = new URL("panel/panel.css", import.meta.url).href
    const inside = document.createElement("div")
    place.append(look, inside)
    // Its events end here; what Escape does around it, it does in it too.
    place.addEventListener("keydown", ({ key }) => key === "Escape" && !brief && leave(place))
    const panel = mount(inside, "en", brief, {
      ask,
      draw,
      selection() {
        if (!Surface.open) return null
        const [from, to, seq, taken] = Surface.open.range()
        return { from, to, seq, taken, edition: column.edition }
      },
      reveal(id, start, end) {
        leave(place)
        setTimeout(() => Surface.open?.reveal(id, start, end) && Surface.open.focus())
      },
      open(id) {
        const tab = tabOf(place)
        leave(place)
        setTimeout(() => {
          tab?.click()
          setTimeout(() => column.panel.open(id))
        })
      },
      save: (name, svg) => saveFile(name, "image/svg+xml", base64(printed(svg))),
      async insert(svg, alt) {
        let bytes
        try {
          bytes = await painted(svg)
        } catch (error) {
          return JSON.stringify({ Err: { code: "picture", message: String(error) } })
        }
        const media = "image/png"
        const result = await ask(JSON.stringify({ ask: "add-file", media, bytes }))
        const file = JSON.parse(result).Ok?.id
        if (file && Surface.open) {
          leave(place)
          Surface.open.picture(file, blobAddress(media, bytes))
          Surface.open.insertFigure(JSON.stringify({ file, media, alt, credit: "" }))
        }
        return result
      },
    })
    return { place, panel, holder: null, edition: null, shown: null }
  }

  const column = made(false)
  let brief = null
  const panels = () => [column, brief].filter(Boolean)
  Surface.heard = (anchors) => column.panel.at([...anchors].find((id) => id.startsWith("k-")) ?? "")

  function fail(code, message) {
    for (const { panel, edition } of panels()) if (edition) panel.fail(JSON.stringify({ Err: { code, message } }))
    return true
  }

  const watch = (edition, on) => ask(JSON.stringify({ ask: "watch-dossier", edition, on }))

  /** The edition that somebody looks at. */
  const looked = () => panels().find(({ edition }) => edition)?.edition ?? null

  function show(one) {
    try {
      one.panel.show(newest.json)
      one.shown = newest.edition
    } catch (error) {
      fail("message", String(error))
    }
  }

  /** What is looked at is checked at every change. */
  async function wants(edition) {
    if (same(edition, watched)) return
    if (watched) watch(watched, false)
    watched = edition
    if (!edition) return
    const result = await watch(edition, true)
    if (same(edition, watched) && JSON.parse(result).Err) {
      watched = null
      for (const { panel, edition } of panels()) if (edition) panel.fail(result)
    }
  }

  /** What is not looked at is checked for its number alone, when the writing rests. */
  function rest() {
    clearTimeout(resting)
    if (counted && !looked()) resting = setTimeout(() => looked() || wants(counted), REST)
  }

  let errors = 0

  /** The number at the tab, in its accessible name with what it counts. */
  function say() {
    const tab = column.holder && tabOf(column.holder)
    if (!tab) return
    if (errors > 0) {
      tab.dataset.count = errors
      tab.setAttribute("aria-label", `${tab.textContent} ${errors}, ${column.panel.counted(errors)}`)
    } else {
      delete tab.dataset.count
      tab.removeAttribute("aria-label")
    }
  }

  // What is being typed when the page goes away is saved as if the field had been left.
  document.addEventListener("visibilitychange", () => {
    const field = document.hidden && column.place.getRootNode().activeElement
    if (field && column.place.contains(field)) field.dispatchEvent(new Event("change", { bubbles: true }))
  })

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
      if (!data.startsWith(DOSSIER)) {
        if (WRITTEN.test(data)) rest()
        return false
      }
      const json = JSON.parse(data).event.shown
      const { edition, findings, failed } = JSON.parse(json)
      if (!same(edition, watched)) return true
      if (!looked()) wants(null)
      if (failed) return fail("checks", failed)
      if (same(edition, counted)) {
        errors = findings.filter(({ severity }) => severity === "error").length
        say()
      }
      newest = { edition, json }
      for (const one of panels()) if (same(edition, one.edition)) show(one)
      return true
    },

    /** Shows what an element of the page is to show: `story` and `edition` in `lang`, unless it is hidden or gone. */
    follow(element) {
      const inReview = element.hasAttribute("brief")
      if (inReview) brief ??= made(true)
      const one = inReview ? brief : column
      const here = element.isConnected
      const open = here && !element.hidden
      // The claims are drawn in the text as long as this is looked at.
      if (!inReview) element.closest(".frame")?.toggleAttribute("data-claims", open)
      if (!here && one.holder !== element) return
      one.holder = here ? element : null
      if (open && one.place.parentNode !== element) element.replaceChildren(one.place)
      one.panel.setLang(element.lang)
      one.panel.reason(element.getAttribute("reason") ?? "")
      const edition = { story: element.getAttribute("story"), lang: element.getAttribute("edition") }
      const opened = open && !one.edition
      one.edition = open ? edition : null
      if (open && same(edition, newest.edition)) opened && show(one)
      else if (open && !same(edition, one.shown)) one.panel.clear()
      if (!inReview && !same(here ? edition : null, counted)) {
        counted = here ? edition : null
        errors = 0
      }
      say()
      wants(looked())
      rest()
    },
  }
}
