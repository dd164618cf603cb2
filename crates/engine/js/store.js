// Rows on disk: IndexedDB with strict durability, wrapped as keys.js says. Every worker of the device holds one Web Lock in common;
// who gives the device other keys (a passphrase is set, changed, taken away; rows of an older form are read) holds it alone.

import { FORM, FirstWrap, Wrap, freshSecret, isLocked, isWrapped, lock, unlock } from "./keys.js";
import { prepare, settle } from "../vault.js";

const DATABASE = "komuz";
/** Of the database: 2 since rows hide their keys. */
const VERSION = 2;
const ROWS = "rows";
const KEYS = "keys";
/** In the store of keys: those of the device; in the first form, the one that wrapped its rows. */
const DEVICE = "device";
const FIRST = "wrap";
/** There, where the browser has thrown away what was in it while a desk was open. */
const LOST = "lost";
const HELD = "komuz/store";
const NOTHING = new Uint8Array();
/** How long other tabs may take to let go of the store, in milliseconds. */
const PATIENCE = 15_000;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    // Of a file that is damaged Firefox tells the transaction alone.
    const { transaction } = request;
    transaction?.addEventListener("abort", () => reject(transaction.error ?? new DOMException("aborted", "AbortError")));
  });

const complete = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });

/** Something that a person is to be told, by its code. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const newer = () => new Refused("engine-too-old", "What is on this device was written by a newer Komuz: load the page again to get it. Nothing was changed.");

/** Takes the lock that all workers hold, or holds it alone. Resolves to what lets go of it. */
const held = (mode, signal) =>
  new Promise((resolve, reject) =>
    navigator.locks.request(HELD, { mode, signal }, () => new Promise((release) => resolve(release))).catch(reject),
  );

/** In the place of a store that does not open, when a person wants to go on all the same: what is in it goes with the worker. */
export class Memory {
  #rows = new Map();
  #report;
  vault = null;

  constructor(report) {
    this.#report = report;
  }

  async hasPassphrase() {
    return false;
  }

  async setPassphrase() {
    throw new Error("nothing is kept here");
  }

  async load(table, prefix, names) {
    let rows = [...this.#rows.values()].filter(([of, key]) => of === table && key.startsWith(prefix));
    if (names) rows = rows.map(([of, key]) => [of, key, NOTHING]);
    return rows.sort(([, one], [, other]) => (one < other ? -1 : 1));
  }

  async write(batch, rows) {
    for (const row of rows) {
      if (row[2]) this.#rows.set(`${row[0]}/${row[1]}`, row);
      else this.#rows.delete(`${row[0]}/${row[1]}`);
    }
    await null;
    this.#report.stored(batch);
  }

  async erase() {
    this.#rows.clear();
    return [];
  }
}

export class Store {
  #report;
  /** Somebody wants this worker to let go of the database. */
  #leave;
  #opened = null;
  #wrap = null;
  /** The keys as they lie on disk. */
  #kept = null;
  #release = null;
  #queue = [];
  /** Why the last table could not be read. */
  #unread = null;
  #writing = null;
  /** While the device gets other keys, nothing is read or written. */
  #free = Promise.resolve();

  /**
   * `report.stored(batch)` follows a durable commit, `report.failed(batch, name)` anything else, and `report.lost()` that the browser has
   * thrown away what was there; `leave()` is called when a newer version of the desk wants the store.
   */
  constructor(report, leave = () => {}) {
    this.#report = report;
    this.#leave = leave;
  }

  /** Opens the store; whether it is locked. Throws a [`Refused`] for what a person is to be told. */
  async begin() {
    this.#release = await held("shared");
    let { device, first, lost } = await this.#keys();
    if (!device && first) {
      await this.#alone(async () => {
        ({ device, first } = await this.#keys());
        if (!device) await this.#change(new FirstWrap(first), await Wrap.of(freshSecret()));
      });
      ({ device } = await this.#keys());
    }
    device ??= await this.#beginAnew();
    if (device.form !== FORM) throw newer();
    if (lost) {
      // It is as good as fresh, and said once.
      this.isFresh = true;
      await done((await this.#database()).transaction(KEYS, "readwrite").objectStore(KEYS).delete(LOST));
    }
    this.#kept = device;
    if (isLocked(device)) return true;
    this.#wrap = new Wrap(device);
    return false;
  }

  /** Whether there was nothing when it was opened. */
  isFresh = false;

  /** Throws where the list of what is here cannot be read: it would look like a device that has nothing. */
  async probe() {
    const [[, key, value] = []] = await this.load("meta", "");
    if (key === "" && !value) throw this.#unread;
  }

  /** Opens a locked store; false when the passphrase is another. `derive` is Argon2id. */
  async unlock(passphrase, derive) {
    const { device } = await this.#keys();
    const secret = await unlock(device, passphrase, derive);
    if (!secret) return false;
    this.#wrap = await Wrap.of(secret);
    secret.fill(0);
    return true;
  }

  /** The key of the release keys. */
  get vault() {
    return this.#wrap?.vault;
  }

  /** Gives the device a passphrase, another one or (empty) none. All that is wrapped gets new keys, so that old ones open nothing of it. */
  async setPassphrase(old, passphrase, cost, derive) {
    await this.#alone(async () => {
      const { device } = await this.#keys();
      if (isLocked(device)) {
        const secret = await unlock(device, old, derive);
        if (!secret) throw new Refused("wrong");
        secret.fill(0);
      }
      const secret = freshSecret();
      const next = await Wrap.of(secret);
      const kept = passphrase ? await lock(secret, passphrase, cost, derive) : next.kept();
      secret.fill(0);
      await this.#change(this.#wrap, next, kept);
      this.#wrap = next;
      this.#kept = kept;
    });
  }

  /** Whether the device has a passphrase. */
  async hasPassphrase() {
    return isLocked((await this.#keys()).device);
  }

  /** Does something while no other worker has the store and nothing is read or written. */
  async #alone(act) {
    let free;
    const [before, writing] = [this.#free, this.#writing];
    this.#free = new Promise((resolve) => (free = resolve));
    try {
      await before;
      await writing;
      this.#release?.();
      let alone = null;
      try {
        alone = await held("exclusive", AbortSignal.timeout(PATIENCE));
        await act();
      } catch (error) {
        if (error?.name === "TimeoutError" || error?.name === "AbortError") throw new Refused("other-tab", "Another tab has the desk open.");
        throw error;
      } finally {
        alone?.();
        this.#release = await held("shared");
      }
    } finally {
      free();
    }
  }

  /** Wraps everything anew, in one transaction. A row that cannot be read stays as it is. */
  async #change(from, to, kept = to.kept()) {
    const database = await this.#database();
    await prepare(from.vault, to.vault);
    const keys = (await done(database.transaction(ROWS).objectStore(ROWS).getAllKeys())).filter(([table, key]) => isWrapped(table, key));
    const gone = [];
    const rows = [];
    // In pieces, so that a large device's rows are not read one by one nor all at once.
    for (let at = 0; at < keys.length; at += 500) {
      const piece = keys.slice(at, at + 500);
      const store = database.transaction(ROWS).objectStore(ROWS);
      const values = await Promise.all(piece.map((key) => done(store.get(key))));
      await Promise.all(
        piece.map(async ([table, name], n) => {
          const row = await from.unwrap(table, name, values[n]).catch(() => null);
          if (!row) return;
          gone.push([table, name]);
          rows.push([table, ...(await to.wrap(table, ...row))]);
        }),
      );
    }
    const transaction = database.transaction([ROWS, KEYS], "readwrite", { durability: "strict" });
    for (const key of gone) transaction.objectStore(ROWS).delete(key);
    for (const [table, name, value] of rows) transaction.objectStore(ROWS).put(value, [table, name]);
    transaction.objectStore(KEYS).put(kept, DEVICE);
    transaction.objectStore(KEYS).delete(FIRST);
    await complete(transaction);
    await settle(to.vault);
  }

  async #keys() {
    const keys = (await this.#database()).transaction(KEYS).objectStore(KEYS);
    const [device, first, lost] = await Promise.all([DEVICE, FIRST, LOST].map((key) => done(keys.get(key))));
    return { device, first, lost };
  }

  async #beginAnew() {
    const fresh = (await Wrap.of(freshSecret())).kept();
    const transaction = (await this.#database()).transaction(KEYS, "readwrite", { durability: "strict" });
    const keys = transaction.objectStore(KEYS);
    // In one transaction, so that two tabs that start together agree.
    const device = await done(keys.get(DEVICE)).then((had) => {
      if (had) return had;
      this.isFresh = true;
      keys.put(fresh, DEVICE);
      return fresh;
    });
    await complete(transaction);
    return device;
  }

  /** The database; opened anew when the browser has closed it. */
  #database() {
    this.#opened ??= this.#open();
    this.#opened.catch(() => (this.#opened = null));
    return this.#opened;
  }

  async #open() {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion > 0) return; // Rows of the first form get their new one behind this (`begin`).
      opening.result.createObjectStore(ROWS);
      const keys = opening.result.createObjectStore(KEYS);
      if (!this.#kept) return;
      // The browser has thrown the database away under this worker (Chromium does so with a damaged one): what is written from now
      // on is to be read at the next start.
      keys.put(this.#kept, DEVICE);
      keys.put(true, LOST);
    };
    const database = await done(opening).catch((error) => {
      throw error?.name === "VersionError" ? newer() : error;
    });
    database.onversionchange = ({ newVersion }) => {
      // Another tab leaves this device: let go at once, or its deletion waits for ever. A newer desk waits until all is written.
      if (newVersion === null) database.close();
      else this.#leave();
    };
    // The browser has closed it (storage was cleared, a disk failed): the next batch opens it again.
    database.onclose = () => (this.#opened = null);
    // Whichever of the tabs has made it anew.
    if (this.#kept && (await done(database.transaction(KEYS).objectStore(KEYS).get(LOST)))) this.#report.lost();
    return database;
  }

  /**
   * All rows of a table whose keys start with `prefix`, as [table, key, bytes or null when unreadable]. `names`: of rows that are not
   * wrapped the keys alone.
   */
  async load(table, prefix, names) {
    await this.#free;
    try {
      const rows = (await this.#database()).transaction(ROWS).objectStore(ROWS);
      const range = IDBKeyRange.bound([table, prefix], [table, prefix + "\uffff"]);
      if (names) return (await done(rows.getAllKeys(range))).map(([, name]) => [table, name, NOTHING]);
      const [keys, values] = await Promise.all([done(rows.getAllKeys(range)), done(rows.getAll(range))]);
      const read = await Promise.all(
        keys.map(async ([, name], n) => {
          const [key, value] = await this.#wrap.unwrap(table, name, values[n]).catch(() => [name, null]);
          return [table, key, value];
        }),
      );
      return read.sort(([, one], [, other]) => (one < other ? -1 : 1));
    } catch (error) {
      this.#unread = error;
      return [[table, prefix, null]];
    }
  }

  /** Queues a batch; batches that wait share the next transaction. */
  write(batch, rows) {
    this.#queue.push({ batch, rows });
    this.#writing ??= this.#drain();
  }

  async #drain() {
    await this.#free;
    while (this.#queue.length) {
      const batches = this.#queue.splice(0);
      const rows = batches.flatMap(({ rows }) => rows);
      let failure = await this.#commit(rows);
      // Behind one for which there was no room Firefox has a transaction that takes deletions alone; the next is one as ever.
      if (failure === "InvalidStateError") failure = await this.#commit(rows);
      for (const { batch } of batches) {
        if (failure) this.#report.failed(batch, failure);
        else this.#report.stored(batch);
      }
    }
    this.#writing = null;
  }

  /** Writes rows in one transaction; why it failed. */
  async #commit(rows) {
    try {
      const database = await this.#database();
      const wrap = ([table, key, value]) => this.#wrap.wrap(table, key, value).then((row) => [table, ...row]);
      const ready = await Promise.all(rows.map(wrap));
      const transaction = database.transaction(ROWS, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(ROWS);
      try {
        for (const [table, name, value] of ready) {
          if (value) store.put(value, [table, name]);
          else store.delete([table, name]);
        }
      } catch (error) {
        transaction.abort(); // All or nothing.
        throw error;
      }
      await complete(transaction);
      return null;
    } catch (error) {
      return error?.name ?? "UnknownError";
    }
  }

  /** Deletes everything; why something remains, when it does. What other tabs still hold goes when they close. */
  async erase() {
    const database = await this.#database().catch(() => null);
    database?.close();
    this.#opened = null;
    this.#release?.();
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
