// The page: its head, and one of its views below it.

import { h, iconButton, set } from "./dom.js";
import { items } from "./recordings/items.js";
import { show as showRecordings } from "./recordings/view.js";
import { pump } from "./recordings/uploads.js";
import { watch } from "./recordings/watching.js";
import { show as showReader } from "./reader/view.js";
import { show as showStatus } from "./status/view.js";
import { language, t } from "./texts.js";

const THEMES = ["auto", "light", "dark"];

const main = h("main", { id: "main", tabindex: -1 });
const links = {
  recordings: h("a", { href: "#/" }, t("recordings")),
  status: h("a", { href: "#/status" }, t("status")),
};
let leave = () => {};

document.documentElement.lang = language;
document.body.replaceChildren(
  h("a", { href: "#main", class: "skip", onclick: skip }, t("skip")),
  h("header", { class: "head" },
    h("a", { href: "#/", class: "brand" }, "triton-asr"),
    h("nav", { "aria-label": t("pages") }, links.recordings, links.status, h("a", { href: "docs" }, t("api"))),
    themeButton()),
  main,
);

await items.load();
addEventListener("hashchange", () => route(true));
route(false);
watch();
pump();

/** Show what the address says. */
function route(isMove) {
  leave();
  main.replaceChildren();
  main.className = "";
  const [, place, key] = location.hash.split("/");
  if (place === "recording") leave = showReader(main, key);
  else if (place === "status") leave = showStatus(main);
  else leave = showRecordings(main);
  set(links.recordings, "aria-current", place === "status" ? null : "page");
  set(links.status, "aria-current", place === "status" ? "page" : null);
  document.title = place === "status" ? `${t("status")} – triton-asr` : "triton-asr";
  if (!isMove) return;
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

function skip(event) {
  event.preventDefault();
  main.focus();
}

function themeButton() {
  const root = document.documentElement;
  const label = (theme) => t("theme", { name: t(`theme_${theme}`) });
  const button = iconButton("theme", label(root.dataset.theme ?? "auto"), () => {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    localStorage.setItem("theme", theme);
    set(button, "aria-label", label(theme));
    set(button, "title", label(theme));
    dispatchEvent(new Event("resize")); // what is drawn by hand is drawn anew
  });
  return button;
}
