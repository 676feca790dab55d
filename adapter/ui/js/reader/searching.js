// The field to search in, and what is found.

import { h, iconButton, say } from "../dom.js";
import { t } from "../texts.js";
import { find } from "./search.js";

/**
 * @param {import("./corrections.js").Corrected} corrected
 * @param {import("./text.js").Text} text
 * @param {(word: number) => void} go
 */
export function searchField(corrected, text, go) {
  const input = h("input", { type: "search", id: "search", placeholder: t("search"), "aria-label": t("search"), autocomplete: "off" });
  const count = h("span", { class: "count", role: "status" });
  const previous = iconButton("previous", t("matchBefore"), () => step(-1));
  const next = iconButton("next", t("matchAfter"), () => step(1));
  const element = h("div", { class: "search", role: "search" }, input, count, previous, next);
  let [found, at] = [[], -1];

  const range = ({ first, end }) => Array.from({ length: end - first }, (_, index) => first + index);
  const draw = () => {
    text.mark("found", new Set(found.flatMap(range)));
    text.mark("current", new Set(found[at] ? range(found[at]) : []));
    const told = found.length ? t("matchOf", { at: at + 1, all: found.length }) : t("matchNone");
    say(count, input.value.trim() ? told : "");
    previous.disabled = next.disabled = found.length === 0;
  };
  const again = () => {
    found = find(corrected.now, input.value);
    at = found.length ? Math.min(Math.max(at, 0), found.length - 1) : -1;
    draw();
  };
  const step = (by) => {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    draw();
    text.reveal(found[at].first);
    go(found[at].first);
  };
  input.addEventListener("input", () => {
    at = -1;
    again();
    if (found.length) text.reveal(found[0].first);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      input.value = "";
      again();
      input.blur();
    }
  });
  draw();
  return { element, again, step, focus: () => input.focus() };
}
