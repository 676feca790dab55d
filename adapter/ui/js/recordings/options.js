// What may be asked for beside the recording.  Everything has a default that is sensible.

import { read } from "../api.js";
import { h } from "../dom.js";
import { LANGUAGES } from "../languages.js";
import { language, t } from "../texts.js";

const MOST_SPEAKERS = 50;

/**
 * The options, to be shown under a heading that opens.
 *
 * @returns {{element: HTMLElement, read: () => object}} `read` gives fields of
 *   `POST /v2/transcript`, as they are set now.
 */
export function options() {
  const spoken = h("select", { id: "language" }, h("option", { value: "" }, t("detected")),
    named().map(([code, name]) => h("option", { value: code }, name)));
  const model = h("select", { id: "model" }, h("option", { value: "" }, t("modelDefault")));
  const apart = h("input", { type: "checkbox", id: "apart", checked: true });
  const least = speakers("least");
  const most = speakers("most");
  const expected = h("input", { id: "expected", autocomplete: "off", maxlength: 2000 });
  const prompt = h("textarea", { id: "prompt", rows: 2, maxlength: 2000 });
  const translate = h("input", { type: "checkbox", id: "translate" });
  apart.addEventListener("change", () => {
    least.disabled = most.disabled = !apart.checked;
  });
  offerModels(model);

  const element = h("details", { class: "options" },
    h("summary", {}, t("options")),
    h("div", { class: "fields" },
      field("language", t("language"), spoken),
      field("model", t("model"), model),
      h("fieldset", {},
        h("legend", {}, t("speakers")),
        check(apart, t("apart")),
        h("div", { class: "row" },
          field("least", t("least"), least),
          field("most", t("most"), most))),
      field("expected", t("expected"), expected, t("expectedHint")),
      field("prompt", t("prompt"), prompt, t("promptHint")),
      check(translate, t("translate"))));

  const fields = () => {
    const asked = {};
    if (spoken.value) asked.language_code = spoken.value;
    if (model.value) asked.speech_model = model.value;
    if (apart.checked) Object.assign(asked, { speaker_labels: true, ...bounds(least, most) });
    const words = expected.value.split(/[,;\n]/).map((word) => word.trim()).filter(Boolean);
    if (words.length) asked.keyterms_prompt = words;
    if (prompt.value.trim()) asked.prompt = prompt.value.trim();
    if (translate.checked) asked.task = "translate";
    return asked;
  };
  return { element, read: fields };
}

function named() {
  const names = new Intl.DisplayNames(language, { type: "language" });
  return LANGUAGES.map((code) => [code, names.of(code === "jw" ? "jv" : code)]).sort((a, b) =>
    a[1].localeCompare(b[1], language),
  );
}

function speakers(id) {
  return h("input", { type: "number", id, min: 1, max: MOST_SPEAKERS, placeholder: t("any") });
}

/** Exactly as many, or from one number to another; what makes no sense is put in order. */
function bounds(least, most) {
  const [low, high] = [least, most]
    .map((input) => Math.round(Number(input.value)))
    .map((count) => (count >= 1 ? Math.min(count, MOST_SPEAKERS) : null));
  if (!low && !high) return {};
  if (low && high && low === high) return { speakers_expected: low };
  const [from, to] = low && high ? [Math.min(low, high), Math.max(low, high)] : [low, high];
  return {
    speaker_options: {
      ...(from && { min_speakers_expected: from }),
      ...(to && { max_speakers_expected: to }),
    },
  };
}

function field(id, label, input, hint) {
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" },
    h("label", { for: id }, label),
    input,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

function check(input, label) {
  return h("label", { class: "check" }, input, h("span", {}, label));
}

async function offerModels(select) {
  try {
    const { data } = await read("v1/models");
    select.options[0].textContent = t("modelDefaultIs", { name: data[0].id });
    const others = data.slice(1).map(({ id }) => h("option", { value: id }, id));
    select.append(...others);
  } catch {
    // The default will do.
  }
}
