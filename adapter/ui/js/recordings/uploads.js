// Sends recordings, two at a time, and leaves a job for each; goes on after a reload.

import { call, read, upload } from "../api.js";
import { get, put } from "../store.js";
import { t } from "../texts.js";
import { items } from "./items.js";

const AT_ONCE = 2;
const RETRY_SECONDS = 5; // where the service does not say when to come again

const MOST_BREAKS = 3; // of the connection, by a service that is there

const active = new Map(); // key → AbortController

/** Send what is waiting, as far as there is room. */
export function pump() {
  const waiting = items.list().reverse();
  for (const item of waiting) {
    if (active.size >= AT_ONCE) return;
    if (item.phase !== "upload" || item.lost || item.error || active.has(item.key)) continue;
    const controller = new AbortController();
    active.set(item.key, controller);
    alone(item.key, () => bring(item.key, controller.signal)).finally(() => {
      active.delete(item.key);
      pump();
    });
  }
}

/** Stop sending a recording. */
export function stop(key) {
  active.get(key)?.abort();
}

/** Send one again that has failed, or whose file had been lost. */
export async function again(key, file) {
  if (file) await put("files", key, file);
  const size = file ? { size: file.size } : {};
  await items.update(key, { phase: "upload", error: undefined, lost: false, sent: 0, ...size });
  pump();
}

// Another window with this page may send it already; browsers tell pages with HTTPS only.
async function alone(key, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`upload-${key}`, { ifAvailable: true }, (lock) =>
    lock ? work() : new Promise((resolve) => setTimeout(resolve, RETRY_SECONDS * 1000)),
  );
}

async function bring(key, signal) {
  const file = await get("files", key);
  if (!file) {
    await items.update(key, { lost: true });
    return;
  }
  let breaks = 0;
  while (!signal.aborted) {
    try {
      const url = await upload(file, (sent) => items.update(key, { sent, waiting: "" }), signal);
      await leave(key, url, signal);
      return;
    } catch (error) {
      if (error.name === "AbortError") return;
      // A service that closes the connection in the middle may not be understood otherwise.
      if (error.status === 0 && (await isThere())) breaks += 1;
      if (breaks === MOST_BREAKS) {
        await items.update(key, { error: t("broken") });
        return;
      }
      if (!error.isPassing) {
        await items.update(key, { error: error.message || t("failed") });
        return;
      }
      const seconds = error.retryAfter ?? RETRY_SECONDS;
      items.update(key, { sent: 0, waiting: error.message || t("unreachable") });
      await pause(seconds * 1000, signal);
    }
  }
}

async function isThere() {
  return call("health", { accept: [503] }).then(() => true, () => false);
}

async function leave(key, url, signal) {
  const { name, options } = items.get(key);
  const json = { audio_url: url, file_name: name, ...options };
  const job = await read("v2/transcript", { method: "POST", json, signal });
  const left = { phase: "job", job: job.id, status: job.status, left: Date.now() };
  await items.update(key, left);
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
