// Who speaks: a name and a colour for each, and whose words are really another's.

import { ask, h } from "../dom.js";
import { number, t } from "../texts.js";
import { attribute, colour, merge, rename } from "./corrections.js";
import { COLOURS, nameOf, paragraphs } from "./transcript.js";

/**
 * The speakers in a line; each opens a window to correct it.
 *
 * @param {import("./corrections.js").Corrected} corrected
 */
export function speakerLine(corrected) {
  const element = h("ul", { class: "speakers", "aria-label": t("speakers") });
  const draw = () => {
    const { speakers, words } = corrected.now;
    const seconds = new Map();
    for (const { speaker, start, end } of words) {
      seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
    }
    const whole = [...seconds.values()].reduce((a, b) => a + b, 0) || 1;
    const focused = [...element.children].findIndex((chip) => chip.contains(document.activeElement));
    element.replaceChildren(...speakers.map(({ id, colour: n }) => {
      const share = `${number(Math.round((100 * (seconds.get(id) ?? 0)) / whole))} %`;
      const open = () => correctSpeaker(corrected, id);
      return h("li", {}, h("button", { type: "button", class: `chip s${n}`, onclick: open },
        h("span", { class: "dot" }), nameOf(corrected.now, id), h("span", { class: "share" }, share)));
    }));
    element.hidden = speakers.length === 0;
    element.children[focused]?.firstChild.focus({ preventScroll: true });
  };
  return { element, draw };
}

/**
 * A window to name, colour or merge a speaker.
 *
 * @param {import("./corrections.js").Corrected} corrected
 * @param {string|null} id
 * @param {number} [paragraph] - from which it was opened; it can be given to somebody else.
 */
export async function correctSpeaker(corrected, id, paragraph) {
  const now = corrected.now;
  const speaker = now.speakers.find((one) => one.id === id);
  const others = now.speakers.filter((one) => one.id !== id);
  const chosen = await ask(speaker ? nameOf(now, id) : t("nobody"), (close) => {
    const name = h("input", { id: "speaker-name", maxlength: 100, autocomplete: "off" });
    name.value = speaker?.name ?? "";
    name.placeholder = nameOf(now, id);
    const swatches = Array.from({ length: COLOURS }, (_, n) => {
      const radio = h("input", { type: "radio", name: "colour", value: n, "aria-label": t("colourNumber", { n: n + 1 }) });
      radio.checked = n === speaker?.colour;
      return h("label", { class: `swatch s${n}` }, radio);
    });
    const into = choice("speaker-merge", t("mergeNot"), now, others);
    const given = choice("speaker-given", t("givenNot"), now, others);
    const submit = (event) => {
      event.preventDefault();
      const picked = swatches.findIndex((swatch) => swatch.firstChild.checked);
      close({ name: name.value, colour: picked, into: into.value, given: given.value });
    };
    return [h("form", { onsubmit: submit },
      ...(speaker ? [
        h("label", { for: "speaker-name" }, t("name")), name,
        h("fieldset", { class: "swatches" }, h("legend", {}, t("colour")), swatches),
      ] : []),
      ...(speaker && others.length ? [h("label", { for: "speaker-merge" }, t("merge")), into] : []),
      ...(paragraph !== undefined && others.length
        ? [h("label", { for: "speaker-given" }, t("given")), given] : []),
      h("div", { class: "row end" },
        h("button", { type: "button", onclick: () => close(null) }, t("discard")),
        h("button", { class: "primary" }, t("keepCorrection"))))];
  });
  if (!chosen) return;
  if (chosen.given) {
    const { first, end } = paragraphs(now)[paragraph];
    corrected.correct(attribute, first, end, chosen.given);
  } else if (chosen.into) corrected.correct(merge, id, chosen.into);
  else if (speaker) {
    corrected.correct((transcript) => {
      const named = rename(transcript, id, chosen.name);
      return chosen.colour < 0 ? named : colour(named, id, chosen.colour);
    });
  }
}

function choice(id, none, transcript, others) {
  return h("select", { id },
    h("option", { value: "" }, none),
    others.map((one) => h("option", { value: one.id }, nameOf(transcript, one.id))));
}
