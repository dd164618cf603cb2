// What wraps the rows of this device at rest: keys in WebCrypto that no script gets as bytes, made of one secret of 32 bytes.
//
// Without a passphrase the keys lie beside the rows, and the secret is forgotten. With one the secret alone is kept, sealed under
// what Argon2id makes of the passphrase, so that whoever has all files of the browser has nothing to begin with but guessing.
//
// A wrapped row hides its key as well: story ids are made of headlines, and other keys name servers. Of the key as the engine says
// it (`investigation/kind/rest`) the scope stays, so that rows can be read by it; the rest is hidden by an HMAC and lies inside.

/** Version of how keys and rows are kept; none but these are read. */
export const FORM = 2;

const text = new TextEncoder();
const plain = new TextDecoder();

/** Tables of which nothing is wrapped: random names and numbers, and whether an engine died. */
const OPEN = new Set(["journal", "strike"]);
/** Of the table `log` everything is sealed before it comes here, but for these kinds, whose keys name servers. */
const NAMING = new Set(["unsent", "cursors"]);

/** Whether rows of a table with such a key are wrapped. */
export function isWrapped(table, key) {
  if (OPEN.has(table)) return false;
  return table !== "log" || NAMING.has(key.split("/")[1]);
}

/** What a key of the engine shows on disk: the investigation, and of a table that sync names the kind. */
function scope(table, key) {
  let end = key.indexOf("/") + 1;
  if (table === "secret" || table === "log") end = key.indexOf("/", end) + 1 || end;
  return key.slice(0, end);
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The keys of one device: `aes` wraps rows, `mac` hides their names, `vault` wraps the release keys (www/desk/vault.js). */
export class Wrap {
  constructor({ aes, mac, vault }) {
    this.aes = aes;
    this.mac = mac;
    this.vault = vault;
  }

  /** The keys that a secret makes. */
  static async of(secret) {
    const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const derive = (what, kind, uses) =>
      crypto.subtle.deriveKey(
        { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(`komuz/device/${what}`) },
        base,
        kind,
        false,
        uses,
      );
    const aes = { name: "AES-GCM", length: 256 };
    const both = ["encrypt", "decrypt"];
    const mac = { name: "HMAC", hash: "SHA-256", length: 256 };
    const [rows, names, vault] = await Promise.all([
      derive("rows", aes, both),
      derive("names", mac, ["sign"]),
      derive("release-keys", aes, both),
    ]);
    return new Wrap({ aes: rows, mac: names, vault });
  }

  /** As it lies on disk where there is no passphrase. */
  kept() {
    return { form: FORM, aes: this.aes, mac: this.mac, vault: this.vault };
  }

  /** The key under which a row lies on disk. */
  async name(table, key) {
    if (!isWrapped(table, key)) return key;
    const hidden = await crypto.subtle.sign("HMAC", this.mac, text.encode(`${table}/${key}`));
    return scope(table, key) + hex(new Uint8Array(hidden, 0, 16));
  }

  /** A row as it lies on disk: its key there and its value; a value of none is a row that goes. */
  async wrap(table, key, value) {
    const name = await this.name(table, key);
    if (!value || !isWrapped(table, key)) return [name, value ?? null];
    const inside = text.encode(key);
    const all = new Uint8Array(2 + inside.length + value.length);
    new DataView(all.buffer).setUint16(0, inside.length);
    all.set(inside, 2);
    all.set(value, 2 + inside.length);
    return [name, await seal(this.aes, `${table}/${name}`, all)];
  }

  /** A row as the engine knows it, from its key and value on disk. Throws when it was changed or is another device's. */
  async unwrap(table, name, value) {
    if (!isWrapped(table, name)) return [name, value];
    const all = await open(this.aes, `${table}/${name}`, value);
    const end = 2 + new DataView(all.buffer).getUint16(0);
    return [plain.decode(all.subarray(2, end)), all.slice(end)];
  }
}

/** What rows were wrapped with in the first form: their keys lay open. */
export class FirstWrap {
  constructor(key) {
    this.key = key;
  }
  async unwrap(table, name, value) {
    if (OPEN.has(table) || table === "log") return [name, value];
    return [name, await open(this.key, `${table}/${name}`, value)];
  }
}

/** Bytes under a key; `about` is bound to them, so that nothing can stand in for another. */
export async function seal(key, about, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text.encode(about) }, key, bytes) };
}

/** The bytes again; throws when key, bytes or `about` are others. */
export async function open(key, about, { iv, sealed }) {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: text.encode(about) }, key, sealed));
}

/** A new secret. */
export const freshSecret = () => crypto.getRandomValues(new Uint8Array(32));

const LOCK = "komuz/device/lock";

const passphraseKey = async (derive, passphrase, salt, cost) => {
  // Two ways to type one letter (й in one sign or in two) are one passphrase.
  const bytes = derive(passphrase.normalize("NFC"), salt, cost);
  if (!bytes) throw new Error("the work that this passphrase asks for is not allowed");
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  bytes.fill(0);
  return key;
};

/** As a secret lies on disk under a passphrase. `derive(passphrase, salt, cost)` is Argon2id, `cost` what it is to cost. */
export async function lock(secret, passphrase, cost, derive) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await passphraseKey(derive, passphrase, salt, cost);
  return { form: FORM, salt, cost: Array.from(cost), ...(await seal(key, LOCK, secret)) };
}

/** The secret again, or none when the passphrase is another. */
export async function unlock(kept, passphrase, derive) {
  const key = await passphraseKey(derive, passphrase, kept.salt, Uint32Array.from(kept.cost));
  return open(key, LOCK, kept).catch(() => null);
}

/** Whether what lies on disk wants a passphrase. */
export const isLocked = (kept) => Boolean(kept?.sealed);
