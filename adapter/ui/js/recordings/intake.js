// How recordings come in: dropped, chosen, or recorded here.

import { h, icon } from "../dom.js";
import { t } from "../texts.js";
import { items } from "./items.js";
import { options } from "./options.js";
import { recorder } from "./recorder.js";
import { pump } from "./uploads.js";

// In folders; whatever is chosen by itself is sent as it is.
const MEDIA = /\.(3gp|aac|aif|aiff|amr|avi|caf|flac|m4a|m4b|m4v|mka|mkv|mov|mp2|mp3|mp4|mpeg|mpg|oga|ogg|opus|ts|wav|webm|wma|wmv)$/i;

/** The part of the page that takes recordings. */
export function intake() {
  const asked = options();
  const take = async (files) => {
    for (const file of files) await items.add(file, asked.read());
    pump();
  };

  const chooser = input({ multiple: true, accept: "audio/*,video/*", "aria-label": t("chooseFiles") });
  const folder = input({ webkitdirectory: true, "aria-label": t("chooseFolder") });
  chooser.addEventListener("change", () => take([...chooser.files]).then(() => (chooser.value = "")));
  folder.addEventListener("change", () => {
    take([...folder.files].filter((file) => MEDIA.test(file.name))).then(() => (folder.value = ""));
  });

  const zone = h("section", { class: "drop", "aria-labelledby": "drop-title" },
    h("h2", { id: "drop-title" }, t("dropTitle")),
    h("p", { class: "hint" }, t("dropHint")),
    h("div", { class: "row centre" },
      button("primary", "file", t("chooseFiles"), () => chooser.click()),
      button("", "folder", t("chooseFolder"), () => folder.click()),
      recorder((file) => take([file]))),
    chooser,
    folder);

  const stop = acceptDrops(zone, take);
  return { element: h("div", {}, zone, asked.element), stop };
}

function input(properties) {
  return h("input", { type: "file", class: "hidden", tabindex: -1, hidden: true, ...properties });
}

function button(kind, drawing, label, onclick) {
  return h("button", { type: "button", class: kind, onclick }, icon(drawing), label);
}

// The whole window takes them: who misses the zone would otherwise leave the page.
function acceptDrops(zone, take) {
  const controller = new AbortController();
  const listen = (name, listener) => addEventListener(name, listener, { signal: controller.signal });
  listen("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  listen("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  listen("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(await dropped(event.dataTransfer));
  });
  return () => controller.abort();
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry) {
  if (!entry) return [];
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break; // it gives a hundred at a time
    found.push(...some);
  }
  const files = (await Promise.all(found.map(filesOf))).flat();
  return files.filter((file) => MEDIA.test(file.name));
}
