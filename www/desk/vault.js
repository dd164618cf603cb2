// Where the release keys' seeds lie: a database of their own, apart from the engine's, each row wrapped with an AES-GCM key
// that WebCrypto gives to no script. It is no lock on the profile: the browser keeps that key's bytes in the same folder, and
// whoever copies all of it can open them; a page of this origin that runs foreign code could use them, which is why there is none.

const DATABASE = "komuz-release-keys"
const ROWS = "rows"
const WRAP = "wrap"

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const complete = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"))
  })

let opened = null

async function open() {
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
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
  const transaction = database.transaction(WRAP, "readwrite", { durability: "strict" })
  const store = transaction.objectStore(WRAP)
  const key = await done(store.get(WRAP)).then((had) => {
    if (!had) store.put(fresh, WRAP)
    return had ?? fresh
  })
  await complete(transaction)
  return { database, key }
}

const vault = () => (opened ??= open())

/** Keeps a text under a name; resolves when it is on disk. */
export async function put(name, text) {
  const { database, key } = await vault()
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const additionalData = new TextEncoder().encode(name)
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, new TextEncoder().encode(text))
  const transaction = database.transaction(ROWS, "readwrite", { durability: "strict" })
  transaction.objectStore(ROWS).put({ iv, sealed }, name)
  await complete(transaction)
}

/** All texts, in the order of their names. A row that cannot be opened is left out. */
export async function all() {
  const { database, key } = await vault()
  const transaction = database.transaction(ROWS)
  const store = transaction.objectStore(ROWS)
  const [names, rows] = await Promise.all([done(store.getAllKeys()), done(store.getAll())])
  const texts = []
  for (const [index, { iv, sealed }] of rows.entries()) {
    const additionalData = new TextEncoder().encode(names[index])
    try {
      texts.push(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed)))
    } catch {
      // Wrapped with a key that is gone: the browser's storage was damaged, and the recovery key is for that.
    }
  }
  return texts
}

/** Deletes the database; false when another tab held on to it. */
export async function erase() {
  const held = await vault()
  held.database.close()
  opened = null
  const deleting = indexedDB.deleteDatabase(DATABASE)
  return new Promise((resolve) => {
    deleting.onsuccess = () => resolve(true)
    deleting.onerror = () => resolve(false)
    deleting.onblocked = () => resolve(false)
  })
}
