// Rows on disk: IndexedDB with strict durability. All rows but those of the table `log`, which are sealed or say nothing, are
// wrapped with an AES-GCM key that WebCrypto gives to no script. That keeps names, drafts and keys out of a database that is
// looked into and out of the reach of code that reads it. It is no lock on the profile: the browser keeps the key's bytes in the
// same folder, and whoever copies all of it can open them.

const DATABASE = "komuz";
const ROWS = "rows";
const KEYS = "keys";
const OPEN = new Set(["log", "journal", "strike"]);

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
  const store = new Store(report);
  await store.open();
  // Asks the browser not to evict drafts when the disk gets full; refused silently where there is no such thing.
  navigator.storage?.persist?.().catch(() => {});
  return store;
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
  #opened = null;
  #report;
  #queue = [];
  #writing = false;

  constructor(report) {
    this.#report = report;
  }

  /** The database and the key of its rows; opened anew when the browser has closed it. */
  open() {
    this.#opened ??= this.#open();
    this.#opened.catch(() => (this.#opened = null));
    return this.#opened;
  }

  async #open() {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(ROWS);
      opening.result.createObjectStore(KEYS);
    };
    const database = await done(opening);
    // Another tab leaves this device: let go at once, or its deletion waits for ever. Nothing is written any more.
    database.onversionchange = () => database.close();
    // The browser has closed it (storage was cleared, a disk failed): the next batch opens it again.
    database.onclose = () => (this.#opened = null);
    return { database, key: await wrappingKey(database) };
  }

  /** All rows of a table whose keys start with `prefix`, as [table, key, bytes or null when unreadable]. */
  async load(table, prefix) {
    try {
      const { database, key: wrap } = await this.open();
      const rows = database.transaction(ROWS).objectStore(ROWS);
      const range = IDBKeyRange.bound([table, prefix], [table, prefix + "\uffff"]);
      const [keys, values] = await Promise.all([done(rows.getAllKeys(range)), done(rows.getAll(range))]);
      return await Promise.all(
        keys.map(async ([, key], n) => [table, key, await unwrapped(wrap, table, key, values[n]).catch(() => null)]),
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
        const { database, key: wrap } = await this.open();
        const ready = [];
        for (const { rows } of batches) {
          for (const [table, key, value] of rows) ready.push([table, key, value && (await wrapped(wrap, table, key, value))]);
        }
        const transaction = database.transaction(ROWS, "readwrite", { durability: "strict" });
        const store = transaction.objectStore(ROWS);
        for (const [table, key, value] of ready) {
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

  /** Deletes everything; why something remains, when it does. What other tabs still hold goes when they close. */
  async erase() {
    const held = await this.open().catch(() => null);
    held?.database.close();
    this.#opened = null;
    try {
      const deleting = indexedDB.deleteDatabase(DATABASE);
      await Promise.race([
        done(deleting),
        new Promise((_, reject) => (deleting.onblocked = () => reject(new Error("another tab has the desk open")))),
      ]);
      return [];
    } catch (error) {
      return [String(error?.message ?? error)];
    }
  }
}

/** What a row's wrapping binds: its table and key, so that no row can stand in for another. */
const how = (iv, table, key) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${table}/${key}`) });

async function wrapped(wrap, table, key, value) {
  if (OPEN.has(table)) return value;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, sealed: await crypto.subtle.encrypt(how(iv, table, key), wrap, value) };
}

async function unwrapped(wrap, table, key, value) {
  if (OPEN.has(table)) return value;
  return new Uint8Array(await crypto.subtle.decrypt(how(value.iv, table, key), wrap, value.sealed));
}
