// Calls of the service, as its documentation has them.

import { askForKey, key } from "./key.js";

const BASE = new URL(".", document.baseURI); // the page is at ui, beside the rest

/** The service has answered with an error, or not at all (status 0). */
export class CallError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {number|null} retryAfter - seconds, where the service says so.
   */
  constructor(status, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether it may be otherwise in a moment. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

function headers(given) {
  // The first has the service send no challenge, so no window of the browser's own appears.
  return { "X-Requested-With": "fetch", ...(given && { Authorization: `Bearer ${given}` }) };
}

function failure(status, body, retryAfter) {
  let message = "";
  try {
    const said = JSON.parse(body);
    message = said.error?.message ?? said.error ?? said.detail ?? "";
  } catch {
    message = body.slice(0, 300); // a proxy's
  }
  return new CallError(status, String(message), Number(retryAfter) || null);
}

/**
 * @param {string} path - relative to the service.
 * @param {{method?: string, json?: object, signal?: AbortSignal, accept?: number[]}} request -
 *   `accept` are statuses that are no error beside 2xx.
 * @returns {Promise<Response>}
 * @throws {CallError}
 */
export async function call(path, { json, accept = [], ...request } = {}) {
  for (;;) {
    const given = key();
    const sent = { ...request, headers: headers(given), cache: "no-store" };
    if (json) {
      sent.body = JSON.stringify(json);
      sent.headers["Content-Type"] = "application/json";
    }
    let response;
    try {
      response = await fetch(new URL(path, BASE), sent);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new CallError(0, "");
    }
    if (response.ok || accept.includes(response.status)) return response;
    if (response.status === 401 && (await askForKey(given))) continue;
    throw failure(response.status, await response.text(), response.headers.get("Retry-After"));
  }
}

/** A call's JSON. */
export async function read(path, request) {
  return (await call(path, request)).json();
}

/**
 * Server-sent events, until their end or until the signal.
 *
 * @param {string} path
 * @param {(event: string, data: object) => void} tell
 * @param {AbortSignal} signal
 */
export async function follow(path, tell, signal) {
  const response = await call(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split("\n").map((line) => [line.split(":", 1)[0], line.replace(/^\w*: ?/, "")]),
      );
      if (fields.data) tell(fields.event, JSON.parse(fields.data));
    }
  }
}

/**
 * Send a recording.
 *
 * @param {Blob} file
 * @param {(sent: number) => void} tell - bytes so far.
 * @param {AbortSignal} signal
 * @returns {Promise<string>} where the service has it.
 * @throws {CallError}
 */
export async function upload(file, tell, signal) {
  for (;;) {
    const given = key();
    const { status, body, retryAfter } = await send(file, given, tell, signal);
    if (status === 200) return JSON.parse(body).upload_url;
    if (status === 401 && (await askForKey(given))) continue;
    throw failure(status, body, retryAfter);
  }
}

function send(file, given, tell, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has gone
    request.open("POST", new URL("v2/upload", BASE));
    for (const [name, value] of Object.entries(headers(given))) {
      request.setRequestHeader(name, value);
    }
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () => {
      const retryAfter = request.getResponseHeader("Retry-After");
      resolve({ status: request.status, body: request.responseText, retryAfter });
    };
    request.onerror = () => reject(new CallError(0, ""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
