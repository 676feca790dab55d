// The service's key: asked for once, kept until the browser's window is closed.

import { ask, h } from "./dom.js";
import { t } from "./texts.js";

const KEPT = "key";
let asking = null;

/** The key, if one was given. */
export function key() {
  return sessionStorage.getItem(KEPT);
}

/**
 * Ask for a key, however many calls need one at once.
 *
 * @param {string|null} refused - the one that a call was made with.
 * @returns {Promise<boolean>} whether there is another one now.
 */
export async function askForKey(refused) {
  if (key() !== refused) return true; // given since that call was made
  asking ??= askOnce(refused).finally(() => {
    asking = null;
  });
  return asking;
}

async function askOnce(refused) {
  const given = await ask(t("keyTitle"), (close) => {
    const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true });
    const submit = (event) => {
      event.preventDefault();
      close(input.value.trim());
    };
    return [
      h("form", { onsubmit: submit },
        h("p", {}, refused ? t("keyWrong") : t("keyWhy")),
        h("label", { for: "key" }, t("key")),
        input,
        h("div", { class: "row end" }, h("button", { class: "primary" }, t("keyUse")))),
    ];
  });
  if (!given) return false;
  sessionStorage.setItem(KEPT, given);
  return true;
}
