// What a transcript can be taken home as, with all corrections.

import { h, icon } from "../dom.js";
import { t } from "../texts.js";
import { asDocx } from "./docx.js";
import { asSrt, asVtt } from "./subtitles.js";
import { asJson, asMarkdown, asTsv, asTxt } from "./text.js";

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** By their endings: what it is, its media type, and what writes it. */
export const FORMATS = {
  txt: ["formatTxt", "text/plain", asTxt],
  docx: ["formatDocx", DOCX, asDocx],
  md: ["formatMd", "text/markdown", asMarkdown],
  srt: ["formatSrt", "application/x-subrip", asSrt],
  vtt: ["formatVtt", "text/vtt", asVtt],
  tsv: ["formatTsv", "text/tab-separated-values", asTsv],
  json: ["formatJson", "application/json", asJson],
};

/**
 * @param {() => {transcript: import("../reader/transcript.js").Transcript, title: string}} shown
 */
export function menu(shown) {
  const list = h("ul", {}, Object.entries(FORMATS).map(([ending, [name, type, write]]) => {
    const take = () => {
      const { transcript, title } = shown();
      save(new Blob([write(transcript, title)], { type }), fileName(title, ending));
      element.open = false;
      summary.focus();
    };
    return h("li", {}, h("button", { type: "button", onclick: take }, h("span", {}, t(name)), h("span", { class: "ending" }, `.${ending}`)));
  }));
  const summary = h("summary", { class: "primary" }, icon("download"), t("download"));
  const element = h("details", { class: "menu" }, summary, list);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    element.open = false;
    summary.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) element.open = false;
  });
  const open = () => {
    element.open = true;
    list.querySelector("button").focus();
  };
  return { element, open };
}

/** The title without the recording's ending and without what file systems do not take. */
export function fileName(title, ending) {
  const stem = title.replace(/\.[a-z0-9]{2,4}$/i, "").replace(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, "_");
  return `${stem.replace(/^[. ]+/, "").slice(0, 100) || "transcript"}.${ending}`;
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
