// Rows on disk: IndexedDB with strict durability. Rows of the table `secret` are wrapped with an AES-GCM key that
// WebCrypto holds and does not give out, so that a copied profile folder does not hold them in the clear.

const DATABASE = "komuz";
const ROWS = "rows";
const KEYS = "keys";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const complete = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });

/** Opens the store. `report.stored(batch)` follows a durable commit, `report.failed(batch, name)` anything else. */
export async function openStore(report) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(ROWS);
    opening.result.createObjectStore(KEYS);
  };
  const database = await done(opening);
  // Another tab leaves this device: let go at once, or its deletion waits for ever.
  database.onversionchange = () => database.close();
  // Asks the browser not to evict drafts when the disk gets full; refused silently where there is no such thing.
  navigator.storage?.persist?.().catch(() => {});
  return new Store(database, await wrappingKey(database), report);
}

async function wrappingKey(database) {
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const transaction = database.transaction(KEYS, "readwrite", { durability: "strict" });
  const keys = transaction.objectStore(KEYS);
  // In one transaction, so that two tabs that start together agree.
  const key = await done(keys.get("wrap")).then((had) => {
    if (had) return had;
    keys.put(fresh, "wrap");
    return fresh;
  });
  await complete(transaction);
  return key;
}

class Store {
  #database;
  #key;
  #report;
  #queue = [];
  #writing = false;

  constructor(database, key, report) {
    this.#database = database;
    this.#key = key;
    this.#report = report;
  }

  /** All rows of a table whose keys start with `prefix`, as [table, key, bytes or null when unreadable]. */
  async load(table, prefix) {
    try {
      const rows = this.#database.transaction(ROWS).objectStore(ROWS);
      const range = IDBKeyRange.bound([table, prefix], [table, prefix + "\uffff"]);
      const [keys, values] = await Promise.all([done(rows.getAllKeys(range)), done(rows.getAll(range))]);
      return await Promise.all(
        keys.map(async ([, key], n) => [table, key, await this.#unwrapped(table, key, values[n]).catch(() => null)]),
      );
    } catch {
      return [[table, prefix, null]];
    }
  }

  /** Queues a batch; batches that wait share the next transaction. */
  write(batch, rows) {
    this.#queue.push({ batch, rows });
    if (!this.#writing) this.#drain();
  }

  async #drain() {
    this.#writing = true;
    while (this.#queue.length) {
      const batches = this.#queue.splice(0);
      let failure = null;
      try {
        const wrapped = [];
        for (const { rows } of batches) {
          for (const [table, key, value] of rows) wrapped.push([table, key, value && (await this.#wrapped(table, key, value))]);
        }
        const transaction = this.#database.transaction(ROWS, "readwrite", { durability: "strict" });
        const store = transaction.objectStore(ROWS);
        for (const [table, key, value] of wrapped) {
          if (value) store.put(value, [table, key]);
          else store.delete([table, key]);
        }
        await complete(transaction);
      } catch (error) {
        failure = error?.name ?? "UnknownError";
      }
      for (const { batch } of batches) {
        if (failure) this.#report.failed(batch, failure);
        else this.#report.stored(batch);
      }
    }
    this.#writing = false;
  }

  /** Deletes everything; sentences for what remains. */
  async erase() {
    this.#database.close();
    try {
      const deleting = indexedDB.deleteDatabase(DATABASE);
      await Promise.race([
        done(deleting),
        new Promise((_, reject) => (deleting.onblocked = () => reject(new Error("another tab has the desk open")))),
      ]);
      return [];
    } catch (error) {
      return [`The drafts on this device could not be deleted: ${error?.message ?? error}. Close the desk's other tabs and try again.`];
    }
  }

  async #wrapped(table, key, value) {
    if (table !== "secret") return value;
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt(this.#how(nonce, key), this.#key, value);
    const bytes = new Uint8Array(nonce.length + sealed.byteLength);
    bytes.set(nonce);
    bytes.set(new Uint8Array(sealed), nonce.length);
    return bytes;
  }

  async #unwrapped(table, key, value) {
    if (table !== "secret") return value;
    const plain = await crypto.subtle.decrypt(this.#how(value.subarray(0, 12), key), this.#key, value.subarray(12));
    return new Uint8Array(plain);
  }

  #how(nonce, key) {
    return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(key) };
  }
}
