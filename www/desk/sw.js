// Opens the desk without a network: keeps the desk's own files, by the list that the build writes (files.json), and nothing
// else. Stories, keys and releases never pass through here.
//
// A page gets all its files from one version: a new version is fetched whole beside the old one and taken at the next start.

const PREFIX = "komuz-desk-"
const MARK = "komuz-desk"
const HERE = new URL("./", self.location.href)
const NEWEST = new URL("newest", HERE).href
const CURRENT = new URL("current", HERE).href

self.addEventListener("install", (event) => event.waitUntil(refresh().then(() => self.skipWaiting())))
self.addEventListener("activate", (event) => event.waitUntil(take().then(() => self.clients.claim())))

/** Fetches the version that the server has, whole, if it is not here yet. */
async function refresh() {
  const answer = await fetch(new URL("files.json", HERE), { cache: "no-store", credentials: "omit" })
  if (!answer.ok) throw new Error("no files.json")
  const { version, files } = await answer.json()
  const name = PREFIX + version
  const mark = await caches.open(MARK)
  if ((await (await mark.match(NEWEST))?.text()) === name) return
  const cache = await caches.open(name)
  const all = ["", ...files.filter((file) => file !== "index.html")]
  await cache.addAll(all.map((file) => new Request(new URL(file, HERE), { cache: "no-cache", credentials: "omit" })))
  // The mark is put when the version is whole, so half of one is never taken.
  await mark.put(NEWEST, new Response(name))
}

/** Takes the newest whole version and lets the others go. */
async function take() {
  const mark = await caches.open(MARK)
  const newest = await mark.match(NEWEST)
  if (!newest) return null
  const name = await newest.text()
  await mark.put(CURRENT, new Response(name))
  for (const other of await caches.keys()) if (other.startsWith(PREFIX) && other !== name) await caches.delete(other)
  return name
}

async function current() {
  const mark = await caches.open(MARK)
  return (await mark.match(CURRENT))?.text()
}

self.addEventListener("fetch", (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== HERE.origin || !url.pathname.startsWith(HERE.pathname)) return
  if (request.mode === "navigate") {
    event.respondWith(start())
    // Behind the page: the next start gets what is new.
    event.waitUntil(refresh().catch(() => {}))
  } else {
    event.respondWith(kept(request))
  }
})

/** The page: from the newest whole version, from the network where there is none. */
async function start() {
  const name = await take()
  const page = name && (await (await caches.open(name)).match(HERE))
  return page ?? fetch(HERE, { credentials: "omit" })
}

async function kept(request) {
  const name = await current()
  const had = name && (await (await caches.open(name)).match(request, { ignoreSearch: true, ignoreVary: true }))
  return had ?? fetch(request)
}
