// Where the release keys' seeds lie: a database of their own, apart from the engine's. Each row is wrapped with a key that the
// worker has (engine/keys.js) and that WebCrypto gives to no script. A page of this origin that runs foreign code could use it,
// which is why there is none.
//
// When the device's keys change, each row lies here under the old and the new one until the worker's database has changed
// (`prepare`, `settle`): whatever stops a browser in between, one of the two opens it.

import { open as unseal, seal } from "./engine/keys.js"

const DATABASE = "komuz-release-keys"
const ROWS = "rows"
/** In the first form the key lay here, in a store of its own. */
const WRAP = "wrap"

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    // Of a file that is damaged Firefox tells the transaction alone.
    const { transaction } = request
    transaction?.addEventListener("abort", () => reject(transaction.error ?? new DOMException("aborted", "AbortError")))
  })

const complete = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"))
  })

let give = null
let key = new Promise((resolve) => (give = resolve))
let opened = null

/** Texts by their names, where nothing is written to this device. */
let inMemory = null

/** The key of the rows, as soon as it is known; none where nothing is to be written. */
export function use(wrap) {
  inMemory = wrap ? null : new Map()
  give(wrap)
  key = Promise.resolve(wrap)
}

const database = () => {
  opened ??= begin()
  opened.catch(() => (opened = null))
  return opened
}

async function begin() {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(ROWS)
    opening.result.createObjectStore(WRAP)
  }
  const database = await done(opening)
  // Another tab leaves this device: let go, or its deletion waits for ever.
  database.onversionchange = () => {
    database.close()
    opened = null
  }
  database.onclose = () => (opened = null)
  return database
}

const bytes = (text) => new TextEncoder().encode(text)

async function rows() {
  const transaction = (await database()).transaction([ROWS, WRAP])
  const store = transaction.objectStore(ROWS)
  const [names, values, first] = await Promise.all([
    done(store.getAllKeys()),
    done(store.getAll()),
    done(transaction.objectStore(WRAP).get(WRAP)),
  ])
  return { rows: names.map((name, at) => [name, values[at]]), first }
}

async function write(rows, forget) {
  const transaction = (await database()).transaction([ROWS, WRAP], "readwrite", { durability: "strict" })
  for (const [name, value] of rows) transaction.objectStore(ROWS).put(value, name)
  if (forget) transaction.objectStore(WRAP).delete(WRAP)
  await complete(transaction)
}

/** What a row holds, under any of these keys. */
async function read(name, { next, ...row }, keys) {
  for (const key of keys.filter(Boolean)) {
    for (const wrapped of [row, next].filter(Boolean)) {
      try {
        return await unseal(key, name, wrapped)
      } catch {
        // The other one, or none: the browser's storage was damaged, and the recovery key is for that.
      }
    }
  }
  return null
}

/** Keeps a text under a name; resolves when it is on disk. */
export async function put(name, text) {
  if (inMemory) return void inMemory.set(name, text)
  await write([[name, await seal(await key, name, bytes(text))]])
}

/** All texts, in the order of their names. A row that cannot be opened is left out. */
export async function all() {
  const wrap = await key
  if (inMemory) return [...inMemory.values()]
  const { rows: kept } = await rows()
  const texts = await Promise.all(kept.map(([name, value]) => read(name, value, [wrap])))
  return texts.filter(Boolean).map((text) => new TextDecoder().decode(text))
}

/** The device's keys are about to change: puts each row under the new one beside what is there. */
export async function prepare(from, to) {
  const { rows: kept, first } = await rows()
  const both = []
  for (const [name, value] of kept) {
    const text = await read(name, value, [from, first])
    if (text) both.push([name, { ...(await under(value, [from, first], name)), next: await seal(to, name, text) }])
  }
  await write(both)
}

/** The wrapping of a row that one of these keys opens. */
async function under({ next, ...row }, keys, name) {
  return (await read(name, row, keys)) ? row : next
}

/** The device's keys have changed: nothing stays here that the old ones open. */
export async function settle(to) {
  const { rows: kept, first } = await rows()
  const settled = []
  for (const [name, { next, ...row }] of kept) {
    if (!next) continue
    settled.push([name, (await read(name, next, [to])) ? next : row])
  }
  if (settled.length || first) await write(settled, true)
}

/** Deletes the database; false when another tab held on to it. */
export async function erase() {
  if (inMemory) {
    inMemory.clear()
    return true
  }
  const held = await database().catch(() => null)
  held?.close()
  opened = null
  const deleting = indexedDB.deleteDatabase(DATABASE)
  return new Promise((resolve) => {
    deleting.onsuccess = () => resolve(true)
    deleting.onerror = () => resolve(false)
    deleting.onblocked = () => resolve(false)
  })
}
