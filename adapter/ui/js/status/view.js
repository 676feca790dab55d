// What the service is doing: from /health and /metrics, as long as somebody looks.

import { call } from "../api.js";
import { h, say } from "../dom.js";
import { clock, moment, number, t } from "../texts.js";
import { between, by, samples, sum } from "./metrics.js";

const LOOK_MS = 2000;
const SHOWN = 20; // of what has ended

/** Show it. */
export function show(root) {
  const state = h("p", { class: "state", role: "status" });
  const facts = h("dl", { class: "facts" });
  const numbers = h("dl", { class: "numbers" });
  const stages = h("div", { class: "stages" });
  const recent = h("tbody");
  const none = h("p", { class: "hint" }, t("recentNone"));
  const table = h("div", { class: "scrolled", tabindex: 0, role: "region", "aria-label": t("recent"), hidden: true },
    h("table", {},
      h("thead", {}, h("tr", {},
        ["time", "recordingsCount", "audioLength", "took", "stages"].map((name) => h("th", { scope: "col" }, t(name))))),
      recent));
  const trouble = h("p", { class: "wrong", role: "alert", hidden: true });
  root.append(
    h("h1", {}, t("status")),
    state,
    trouble,
    facts,
    section("now", numbers),
    section("stagesTitle", h("p", { class: "hint" }, t("stagesHint")), stages),
    section("recent", none, table));

  let before = null;
  let timer = null;
  let isGone = false;
  const look = async () => {
    try {
      if (document.hidden) return;
      const [health, metrics] = await Promise.all([
        call("health", { accept: [503] }).then((answer) => answer.json()),
        call("metrics").then((answer) => answer.text()),
      ]);
      if (isGone) return;
      const now = samples(metrics);
      trouble.hidden = true;
      drawHealth(state, facts, health);
      drawNumbers(numbers, now);
      drawStages(stages, by(now, "asr_stage_seconds_sum", "stage"));
      const ended = before && between(before, now);
      if (ended) {
        recent.prepend(row(ended));
        while (recent.children.length > SHOWN) recent.lastChild.remove();
      }
      none.hidden = recent.children.length > 0;
      table.hidden = !none.hidden;
      before = now;
    } catch (error) {
      trouble.hidden = false;
      say(trouble, error.message || t("unreachable"));
    } finally {
      if (!isGone) timer = setTimeout(look, LOOK_MS);
    }
  };
  look();
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}

function section(title, ...children) {
  return h("section", { "aria-labelledby": title }, h("h2", { id: title }, t(title)), ...children);
}

function drawHealth(state, facts, health) {
  const isHealthy = health.status === "healthy";
  state.className = isHealthy ? "state good" : "state bad";
  say(state, isHealthy ? t("healthy") : t("unhealthy", { detail: health.detail ?? "" }));
  replace(facts, [
    [t("loaded"), (health.loaded_models ?? []).join(", ") || "–"],
    [t("model"), health.default_model ?? "–"],
    [t("device"), health.device ?? "–"],
    [t("version"), health.version ?? "–"],
  ]);
}

function drawNumbers(list, now) {
  const value = (name) => number(sum(now, name));
  const most = value("asr_recordings_most");
  replace(list, [
    [t("inWork"), t("ofMost", { n: value("asr_recordings_in_flight"), most })],
    [t("waiting"), value("asr_recordings_waiting")],
    [t("uploading"), value("asr_uploads_in_flight")],
    [t("answered"), number(by(now, "asr_transcriptions_total", "outcome").answered ?? 0)],
    [t("heard"), clock(sum(now, "asr_audio_seconds_total"))],
    [t("deaths"), value("asr_process_deaths_total")],
  ]);
}

function replace(list, pairs) {
  const told = JSON.stringify(pairs);
  if (list.dataset.told === told) return;
  list.dataset.told = told;
  list.replaceChildren(...pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function drawStages(element, seconds) {
  const whole = Math.max(...Object.values(seconds), 0.001);
  element.replaceChildren(...Object.entries(seconds).map(([stage, sum]) =>
    h("div", { class: "stage" },
      h("span", { class: "stage-name" }, t(`stage_${stage}`)),
      h("span", { class: "stage-bar", style: { "--part": sum / whole } }),
      h("span", { class: "stage-seconds" }, t("seconds", { n: number(sum) })))));
}

function row({ recordings, audio, seconds, stages }) {
  const told = Object.entries(stages)
    .filter(([, spent]) => spent >= 0.05)
    .map(([stage, spent]) => `${t(`stage_${stage}`)} ${t("seconds", { n: number(spent) })}`);
  return h("tr", {},
    h("td", {}, moment(Date.now())),
    h("td", {}, number(recordings)),
    h("td", {}, clock(audio)),
    h("td", {}, t("seconds", { n: number(seconds) })),
    h("td", {}, told.join(" · ")));
}
