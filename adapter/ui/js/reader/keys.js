// The reader's keys, and the list of them.

import { ask, h } from "../dom.js";
import { t } from "../texts.js";

const SHOWN = [
  ["␣, K", "keyPlay"],
  ["←, →", "keySeek"],
  [", .", "keyWord"],
  ["↑, ↓", "keyParagraph"],
  ["E", "keyCorrect"],
  ["S", "keySpeaker"],
  ["/", "keySearch"],
  ["N, P", "keyMatch"],
  ["Z, Y", "keyUndo"],
  ["D", "keyDownload"],
  ["?", "keyHelp"],
];

/**
 * Listen for them.
 *
 * @param {Object<string, (event: KeyboardEvent) => void>} actions - by the event's `key`.
 * @returns {() => void} ends it.
 */
export function listen(actions) {
  const controller = new AbortController();
  addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if ((event.ctrlKey || event.metaKey || event.altKey) && !isUndo) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const name = isUndo ? (event.shiftKey ? "y" : "z") : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[name];
    if (!action) return;
    event.preventDefault();
    action(event);
  }, { signal: controller.signal });
  return () => controller.abort();
}

/** Show the list. */
export function showKeys() {
  return ask(t("keys"), (close) => [
    h("dl", { class: "keys" },
      SHOWN.flatMap(([keys, name]) => [
        h("dt", {}, keys.split(/(?<=[^ ]), /).flatMap((key) => key.split(" ")).map((key) => h("kbd", {}, key))),
        h("dd", {}, t(name)),
      ])),
    h("div", { class: "row end" }, h("button", { type: "button", class: "primary", onclick: () => close(null) }, t("close"))),
  ]);
}
