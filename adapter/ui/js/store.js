// What this browser keeps, in IndexedDB: the list of recordings, the recordings themselves,
// transcripts and their corrections.  Nothing of it is sent anywhere.

const STORES = ["items", "files", "transcripts", "documents", "peaks"];

let opened = null;
const memory = Object.fromEntries(STORES.map((name) => [name, new Map()]));

function open() {
  opened ??= new Promise((resolve) => {
    const request = indexedDB.open("triton-asr", 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null); // kept until the page is closed, then
  });
  return opened;
}

async function run(store, mode, work) {
  const database = await open();
  if (!database) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode);
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** What a store has for a key, or undefined. */
export async function get(store, key) {
  if (memory[store].has(key)) return memory[store].get(key);
  return run(store, "readonly", (kept) => kept.get(key));
}

/** All that a store has. */
export async function all(store) {
  return (await run(store, "readonly", (kept) => kept.getAll())) ?? [...memory[store].values()];
}

/**
 * Keep a value.
 *
 * @returns {Promise<boolean>} whether it is kept beyond this page: there may be no room.
 */
export async function put(store, key, value) {
  try {
    if ((await run(store, "readwrite", (kept) => kept.put(value, key))) !== undefined) {
      memory[store].delete(key);
      return true;
    }
  } catch {
    // No room.
  }
  memory[store].set(key, value);
  return false;
}

/** Forget all that the stores have for a key. */
export async function forget(key) {
  for (const store of STORES) {
    memory[store].delete(key);
    await run(store, "readwrite", (kept) => kept.delete(key));
  }
}

/** A new key. Not crypto.randomUUID, which pages without HTTPS do not have. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
