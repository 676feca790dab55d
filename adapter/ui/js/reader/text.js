// The transcript's paragraphs on the page: words to click, and a field to correct them in.

import { h, icon, iconButton } from "../dom.js";
import { clock, t } from "../texts.js";
import { rewrite } from "./corrections.js";
import { colourOf, nameOf, paragraphOf, paragraphs, textOf } from "./transcript.js";
import { Windowed } from "./window.js";

const DOUBTFUL = 0.5; // the score below which a word is marked
const [LINE, LETTER, FRAME] = [29, 8.6, 62]; // pixels, for the height of what is not there yet

export class Text {
  #corrected;
  #on;
  #list;
  #windowed;
  #editing = null; // { paragraph: number, finish: (keep: boolean) => void }
  #marks = new Map(); // class → set of words

  /**
   * @param {import("./corrections.js").Corrected} corrected
   * @param {{hear: (word: number) => void, speaker: (paragraph: number) => void}} on
   */
  constructor(corrected, on) {
    this.#corrected = corrected;
    this.#on = on;
    this.#list = h("ol", { class: "text", "aria-label": t("transcript") });
    this.#list.addEventListener("click", (event) => {
      const word = event.target.closest("[data-word]");
      if (word) on.hear(Number(word.dataset.word));
    });
    this.element = this.#list;
  }

  /** To be called once the element is on the page. */
  begin() {
    // Who scrolls away from a correction has made it.
    const leaves = (index) => {
      if (this.#editing?.paragraph === index) setTimeout(() => this.#editing?.finish(true));
    };
    this.#windowed = new Windowed(this.#list, (i) => this.#paragraph(i), (i) => this.#estimate(i), leaves);
    this.draw();
  }

  stop() {
    this.#editing?.finish(true);
    this.#windowed.stop();
  }

  /** Show it as it is now. */
  draw() {
    this.#editing?.finish(true);
    const { activeElement: focused } = document;
    const place = [...this.#windowed.shown].find(([, element]) => element.contains(focused));
    this.#windowed.reset(paragraphs(this.#corrected.now).length);
    if (!place) return;
    const anew = this.#windowed.shown.get(place[0])?.querySelector(`.${focused.classList[0]}`);
    anew?.focus({ preventScroll: true });
  }

  /** Whether a text is being corrected. */
  get isEditing() {
    return this.#editing !== null;
  }

  /** Mark words, and no others, with a class. */
  mark(name, words) {
    const before = this.#marks.get(name) ?? new Set();
    this.#marks.set(name, words);
    for (const word of before) if (!words.has(word)) this.#span(word)?.classList.remove(name);
    for (const word of words) if (!before.has(word)) this.#span(word)?.classList.add(name);
  }

  /** Bring a word into view. */
  reveal(word) {
    this.#windowed.reveal(paragraphOf(paragraphs(this.#corrected.now), word));
  }

  /** Correct the paragraph that a word is in. */
  edit(word) {
    this.reveal(word);
    this.#edit(paragraphOf(paragraphs(this.#corrected.now), word));
  }

  #span(word) {
    return this.#list.querySelector(`[data-word="${word}"]`);
  }

  #estimate(index) {
    const { first, end } = paragraphs(this.#corrected.now)[index];
    const letters = (end - first) * 5.5;
    return FRAME + LINE * Math.ceil((letters * LETTER) / Math.max(this.#list.clientWidth - 20, 200));
  }

  #paragraph(index) {
    const now = this.#corrected.now;
    const all = paragraphs(now);
    const { first, end, speaker } = all[index];
    const name = nameOf(now, speaker);
    const at = now.words[first].start;
    const goesOn = index > 0 && all[index - 1].speaker === speaker;
    const said = h("p", { lang: now.language, dir: "auto" });
    for (let word = first; word < end; word += 1) {
      if (now.words[word].spaced && word > first) said.append(" ");
      said.append(this.#word(word));
    }
    return h("li",
      { class: `paragraph s${colourOf(now, speaker)}${goesOn ? " goes-on" : ""}`, "aria-posinset": index + 1, "aria-setsize": all.length },
      h("div", { class: "who" },
        now.speakers.length > 0 && this.#speaker(index, name),
        h("button", { type: "button", class: "time", onclick: () => this.#on.hear(first), "aria-label": t("hearFrom", { time: clock(at) }) },
          clock(at)),
        iconButton("edit", t("correctAt", { time: clock(at) }), () => this.#edit(index))),
      said);
  }

  #speaker(index, name) {
    const label = t("speakerOf", { name });
    const onclick = () => this.#on.speaker(index);
    return h("button", { type: "button", class: "speaker", onclick, "aria-label": label }, name);
  }

  #word(index) {
    const word = this.#corrected.now.words[index];
    const names = [...this.#marks].filter(([, words]) => words.has(index)).map(([name]) => name);
    if (word.score < DOUBTFUL) names.push("doubtful");
    const properties = { "data-word": index, class: names.join(" ") || null };
    if (word.score < DOUBTFUL) properties.title = t("doubtful", { n: Math.round(100 * word.score) });
    return h("span", properties, word.text);
  }

  #edit(index) {
    this.#editing?.finish(true);
    const element = this.#windowed.shown.get(index);
    const found = paragraphs(this.#corrected.now)[index];
    if (!element) return;
    const said = element.querySelector("p");
    const field = h("textarea", { "aria-label": t("correct"), lang: this.#corrected.now.language, dir: "auto" });
    field.value = textOf(this.#corrected.now.words.slice(found.first, found.end));
    const finish = (keep) => {
      if (this.#editing?.paragraph !== index) return;
      this.#editing = null;
      buttons.remove();
      field.replaceWith(said);
      if (keep) this.#corrected.correct(rewrite, found.first, found.end, field.value);
      this.#windowed.shown.get(index)?.querySelector(".icon-button")?.focus({ preventScroll: true });
    };
    const buttons = h("div", { class: "row" },
      h("button", { type: "button", class: "primary", onclick: () => finish(true) }, icon("check"), t("keepCorrection")),
      h("button", { type: "button", onclick: () => finish(false) }, t("discard")));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") finish(false);
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        finish(true);
      }
    });
    this.#editing = { paragraph: index, finish };
    said.replaceWith(field);
    field.after(buttons);
    field.style.setProperty("height", `${field.scrollHeight + 4}px`);
    field.focus({ preventScroll: true });
  }
}
