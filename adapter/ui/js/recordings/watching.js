// Follows the jobs at the service: two by their events, the others by the list.

import { follow, read } from "../api.js";
import { get, put } from "../store.js";
import { hasEnded, items } from "./items.js";

const FOLLOWED = 2; // browsers have six connections for a host, and uploads need some
const LOOK_MS = 4000; // while there is something to come, and somebody looks
const IDLE_MS = 20_000;
const LISTED = 100; // jobs, the newest

const followed = new Map(); // key → AbortController
let timer = null;

/** Begin, and go on for as long as the page is there. */
export function watch() {
  items.addEventListener("change", followSome);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();
}

async function look() {
  clearTimeout(timer);
  try {
    const asked = Date.now();
    const page = await read(`v2/transcript?limit=${LISTED}`);
    await compare(page.transcripts, asked, page.page_details.prev_url === null);
  } catch {
    // The service is away, or there is no key: what is known stays as it is.
  }
  const isBusy = items.list().some((item) => !hasEnded(item) && !item.lost && !item.error);
  timer = setTimeout(look, isBusy && !document.hidden ? LOOK_MS : IDLE_MS);
}

async function compare(told, asked, isWhole) {
  const mine = new Map(items.list().filter((item) => item.job).map((item) => [item.job, item]));
  // One of these may be just becoming a job, whose id is not here yet.
  const isSending = items.list().some((item) => item.phase === "upload" && item.sent);
  for (const { id, status, error, created } of told) {
    const item = mine.get(id);
    mine.delete(id);
    if (!item && !isSending) await items.adopt(id, Date.parse(`${created}Z`), status, error);
    else if (item && item.status !== status && !followed.has(item.key)) {
      await ended(item.key, status, error);
    }
  }
  if (!isWhole) return;
  for (const { key, left } of mine.values()) {
    if (!(left > asked)) await vanished(key);
  }
}

/** The service has forgotten a job; what was read here of it stays. */
async function vanished(key) {
  if (await get("transcripts", key)) return;
  if (items.get(key)?.size) await items.update(key, { status: "gone" });
  else await items.remove(key); // another browser's
}

function followSome() {
  for (const [key, controller] of followed) {
    if (!items.get(key)) controller.abort();
  }
  for (const item of items.list().reverse()) {
    if (followed.size >= FOLLOWED) return;
    if (item.phase === "job" && !hasEnded(item) && !followed.has(item.key)) followOne(item);
  }
}

async function followOne({ key, job }) {
  const controller = new AbortController();
  followed.set(key, controller);
  try {
    const tell = (event, data) => {
      const { status, error, ...progress } = data;
      if (event === "end" && status === "deleted") vanished(key);
      else if (event === "end") ended(key, status, error);
      else items.update(key, { status, progress });
    };
    await follow(`v2/transcript/${job}/events`, tell, controller.signal);
  } catch (error) {
    if (error.status === 404) await vanished(key);
    // Otherwise the list says how it is, and somebody follows it again.
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } finally {
    followed.delete(key);
    followSome();
  }
}

async function ended(key, status, error) {
  await items.update(key, { status, error: error ?? undefined, progress: undefined });
  if (status === "completed") await transcript(key).catch(() => {});
}

/**
 * What a job has brought, from this browser if it was read here before.
 *
 * @param {string} key - of the item.
 * @returns {Promise<object>} as `GET /v2/transcript/{id}` has it.
 */
export async function transcript(key) {
  const kept = await get("transcripts", key);
  if (kept) return kept;
  const { job } = items.get(key);
  const fetched = await read(`v2/transcript/${job}`);
  if (fetched.status !== "completed") return fetched;
  await put("transcripts", key, fetched);
  if (fetched.file_name && !items.get(key)?.name) await items.update(key, { name: fetched.file_name });
  return fetched;
}
