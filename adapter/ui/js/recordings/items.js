// The recordings that this browser knows, each an item; whoever shows them hears of changes.

import { all, forget, newKey, put } from "../store.js";

/**
 * @typedef {object} Item
 * @property {string} key
 * @property {string} name
 * @property {number} size - bytes; 0 for one that another browser has sent.
 * @property {number} created - milliseconds of Unix time.
 * @property {object} options - fields of `POST /v2/transcript`.
 * @property {"upload"|"job"} phase - whether it is on its way, or the service has it.
 * @property {number} [sent] - bytes of it that have gone.
 * @property {boolean} [lost] - it was not sent, and this browser does not have it any more.
 * @property {string} [waiting] - what it waits for before it is sent again.
 * @property {string} [job] - its id at the service.
 * @property {"queued"|"processing"|"completed"|"error"} [status]
 * @property {object} [progress] - as the service tells it.
 * @property {number} [left] - milliseconds of Unix time at which it became a job, if that was
 *   since the page was loaded.
 * @property {string} [error]
 */

const KEPT = new Set("key name size created options phase lost job status error".split(" "));

class Items extends EventTarget {
  #items = new Map();
  #removed = new Set(); // jobs that are on their way out

  /** Take up what was there before the page was loaded. */
  async load() {
    for (const item of await all("items")) this.#items.set(item.key, item);
    this.#tell();
  }

  /** All of them, the newest first. */
  list() {
    return [...this.#items.values()].sort((a, b) => b.created - a.created);
  }

  /** @returns {Item|undefined} */
  get(key) {
    return this.#items.get(key);
  }

  /** The item of one of the service's jobs. */
  ofJob(job) {
    return this.list().find((item) => item.job === job);
  }

  /** A recording to be sent. */
  async add(file, options) {
    const item = { key: newKey(), name: file.name, size: file.size, created: Date.now() };
    await put("files", item.key, file);
    this.#items.set(item.key, { ...item, options, phase: "upload" });
    await this.#keep(item.key);
    return item.key;
  }

  /** A job that the service has, and this browser has not sent. */
  async adopt(job, created, status, error) {
    if (this.#removed.has(job)) return;
    const item = { key: job, name: "", size: 0, created, options: {}, phase: "job" };
    this.#items.set(job, { ...item, job, status, error });
    await this.#keep(job);
  }

  /** Change what is known of one; one that was removed meanwhile stays away. */
  async update(key, changes) {
    const item = this.#items.get(key);
    if (!item) return;
    this.#items.set(key, { ...item, ...changes });
    if (Object.keys(changes).some((name) => KEPT.has(name))) await this.#keep(key);
    else this.#tell();
  }

  /** Forget one, with its recording, transcript and corrections. */
  async remove(key) {
    this.#removed.add(this.#items.get(key)?.job);
    this.#items.delete(key);
    this.#tell();
    await forget(key);
  }

  async #keep(key) {
    const entries = Object.entries(this.#items.get(key)).filter(([name]) => KEPT.has(name));
    this.#tell();
    await put("items", key, Object.fromEntries(entries));
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

export const items = new Items();

/** Whether there is nothing more to come for an item. */
export function hasEnded(item) {
  return item.phase === "job" && ["completed", "error", "gone"].includes(item.status);
}
