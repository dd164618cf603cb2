// Opens the desk without a network: keeps the desk's own files, by the list that the build writes (files.json), and nothing
// else. Stories, keys and releases never pass through here.
//
// A page gets all its files from one version, for as long as it is open: which one, is noted for each page and each worker. A new
// version is fetched whole beside the old ones, checked against the list's hashes, and taken at the next start; a version goes
// when no page uses it any more.

const PREFIX = "komuz-desk-"
const MARK = "komuz-desk"
const HERE = new URL("./", self.location.href)
const NEWEST = new URL("newest", HERE).href
const CLIENTS = new URL("clients/", HERE).href

self.addEventListener("install", (event) => event.waitUntil(refresh().then(() => self.skipWaiting())))
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())))

const get = (file) => fetch(new Request(new URL(file, HERE), { cache: "no-cache", credentials: "omit" }))

async function hex(answer) {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Fetches the version that the server has, whole, if it is not here yet; and the page's headers where they have changed. */
async function refresh() {
  const list = await fetch(new URL("files.json", HERE), { cache: "no-store", credentials: "omit" })
  if (!list.ok) throw new Error("no files.json")
  const { version, files } = await list.json()
  const name = PREFIX + version
  const cache = await caches.open(name)
  if ((await newest()) === name) {
    // The policy is not part of the files: an operator may change it alone.
    const [kept, page] = [await cache.match(HERE), await get("")]
    const policy = (answer) => answer?.headers.get("Content-Security-Policy")
    if (page.ok && policy(kept) !== policy(page) && (await hex(page.clone())) === files["index.html"]) await cache.put(HERE, page)
    return
  }
  const one = async ([file, hash]) => {
    const path = file === "index.html" ? "" : file
    const answer = await get(path)
    if (!answer.ok || (await hex(answer.clone())) !== hash) throw new Error(`${file} is not the one of this version`)
    await cache.put(new URL(path, HERE), answer)
  }
  try {
    await Promise.all(Object.entries(files).map(one))
  } catch (error) {
    await caches.delete(name)
    throw error
  }
  // The mark is put when the version is whole, so half of one is never taken.
  await (await caches.open(MARK)).put(NEWEST, new Response(name))
}

async function newest() {
  const mark = await caches.open(MARK)
  return (await mark.match(NEWEST))?.text()
}

/** The version that a page or a worker has, if it is known. */
async function versionOf(client) {
  const mark = await caches.open(MARK)
  return client ? (await mark.match(CLIENTS + client))?.text() : undefined
}

async function note(client, version) {
  if (client && version) await (await caches.open(MARK)).put(CLIENTS + client, new Response(version))
}

/** Lets the notes of pages go that are closed, and the versions that neither a page nor the next start needs. */
async function tidy() {
  const mark = await caches.open(MARK)
  const used = new Set([await newest()])
  for (const { url } of await mark.keys()) {
    if (!url.startsWith(CLIENTS)) continue
    if (await self.clients.get(url.slice(CLIENTS.length))) used.add(await (await mark.match(url)).text())
    else await mark.delete(url)
  }
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && !used.has(name)) await caches.delete(name)
}

self.addEventListener("fetch", (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== HERE.origin || !url.pathname.startsWith(HERE.pathname)) return
  if (request.mode === "navigate") {
    event.respondWith(start(event.resultingClientId))
    // Behind the page: the next start gets what is new.
    event.waitUntil(tidy().then(refresh).catch(() => {}))
  } else {
    event.respondWith(kept(event))
  }
})

/** The page: from the newest whole version, from the network where there is none. */
async function start(client) {
  const name = await newest()
  const page = name && (await (await caches.open(name)).match(HERE))
  if (!page) return fetch(HERE, { credentials: "omit" })
  // Without room for the note the page opens all the same.
  await note(client, name).catch(() => {})
  return page
}

/**
 * A file of the version that the page has; a worker gets that of its page. Chromium does not say whose a request of a worker is
 * that is older than this service worker.
 */
async function kept({ request, clientId, resultingClientId }) {
  const name = (await versionOf(clientId)) || (await newest())
  if (request.destination === "worker") await note(resultingClientId, name).catch(() => {})
  const had = name && (await (await caches.open(name)).match(request, { ignoreSearch: true, ignoreVary: true }))
  return had || fetch(request)
}
