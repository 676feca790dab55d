// The recordings and how far each is.

import { call } from "../api.js";
import { ask, h, icon, iconButton, say, set } from "../dom.js";
import { clock, moment, size, t } from "../texts.js";
import { intake } from "./intake.js";
import { hasEnded, items } from "./items.js";
import { again, stop } from "./uploads.js";

const SHOWN = 50; // at first, and with each «more»

/** Show the list below what takes recordings. */
export function show(root) {
  const taking = intake();
  const list = h("ul", { class: "recordings" });
  const empty = h("p", { class: "empty" }, t("empty"));
  const more = h("button", { type: "button", hidden: true }, t("more"));
  const news = h("p", { class: "hidden", role: "status" });
  const rows = new Map();
  let most = SHOWN;

  const draw = () => {
    const listed = items.list();
    const shown = listed.slice(0, most);
    empty.hidden = listed.length > 0;
    more.hidden = listed.length <= most;
    for (const [key, row] of rows) {
      if (shown.some((item) => item.key === key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    shown.forEach((item, index) => {
      if (!rows.has(item.key)) rows.set(item.key, makeRow(item.key));
      const row = rows.get(item.key);
      if (row.draw(item)) say(news, t(item.error ? "newsFailed" : "newsDone", { name: titleOf(item) }));
      if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index]);
    });
  };
  more.addEventListener("click", () => {
    most += SHOWN;
    draw();
  });

  root.append(
    h("h1", { class: "hidden" }, t("recordings")),
    taking.element,
    h("section", { "aria-labelledby": "list-title" },
      h("h2", { id: "list-title" }, t("recordings")), empty, list, more),
    news);
  items.addEventListener("change", draw);
  draw();
  return () => {
    items.removeEventListener("change", draw);
    taking.stop();
  };
}

function makeRow(key) {
  const name = h("a", { class: "name", href: `#/recording/${key}` });
  const about = h("p", { class: "about" });
  const bar = h("progress", { max: 1 });
  const buttons = h("div", { class: "row" });
  const element = h("li", { class: "recording" },
    h("div", { class: "what" }, name, about, bar), buttons);
  let offered = "";

  const draw = (item) => {
    const title = titleOf(item);
    say(name, title);
    set(name, "href", item.status === "completed" ? `#/recording/${key}` : null);
    say(about, describe(item));
    set(about, "class", item.error ? "about wrong" : "about");
    const done = part(item);
    bar.hidden = hasEnded(item) || Boolean(item.error) || Boolean(item.lost);
    set(bar, "aria-label", t("progressOf", { name: title }));
    if (done === null) bar.removeAttribute("value");
    else bar.value = done;
    const offer = offers(item);
    if (offer === offered) return false;
    const isNews = offered === "running";
    offered = offer;
    buttons.replaceChildren(...actions(item, offer, title));
    return isNews && hasEnded(item);
  };
  return { element, draw };
}

/** What an item is called. */
export function titleOf(item) {
  return item.name || t("unnamed", { time: moment(item.created) });
}

/** Which buttons an item has. */
function offers(item) {
  if (item.lost) return "lost";
  if (item.error && item.phase === "upload") return "failed";
  return hasEnded(item) ? "ended" : "running";
}

function actions(item, offer, title) {
  const { key } = item;
  if (offer === "running") {
    return [iconButton("close", t("cancelOf", { name: title }), () => cancel(key))];
  }
  const remove = iconButton("close", t("removeOf", { name: title }), () => removeAfterAsking(key, title));
  if (offer === "ended") return [remove];
  if (offer === "failed") {
    return [h("button", { type: "button", onclick: () => again(key) }, t("tryAgain")), remove];
  }
  const chooser = h("input", { type: "file", hidden: true, "aria-label": t("chooseAgain") });
  chooser.addEventListener("change", () => chooser.files[0] && again(key, chooser.files[0]));
  const choose = h("button", { type: "button", onclick: () => chooser.click() }, icon("file"), t("chooseAgain"));
  return [choose, chooser, remove];
}

/** How far an item is, from 0 to 1; null where nobody knows. */
function part(item) {
  if (item.phase === "upload") return item.size ? (item.sent ?? 0) / item.size : null;
  const { seconds, seconds_done: done } = item.progress ?? {};
  return seconds ? done / seconds : null;
}

function describe(item) {
  if (item.error) return item.error;
  if (item.lost) return t("lost");
  if (item.phase === "upload") {
    if (item.waiting) return t("waitingToSend", { reason: item.waiting });
    if (!item.sent) return t("toBeSent");
    if (item.sent >= item.size) return t("arriving");
    return t("sending", { sent: size(item.sent), size: size(item.size) });
  }
  const when = moment(item.created);
  if (item.status === "completed") return item.size ? `${when} · ${size(item.size)}` : when;
  if (item.status === "error") return t("failed");
  if (item.status === "gone") return t("gone");
  return following(item.progress ?? {});
}

function following({ stage, jobs_before: before, seconds, seconds_done: done, estimated_end: end }) {
  if (!stage || stage === "queued") return before ? t("queuedBehind", { n: before }) : t("queued");
  const told = [t(`stage_${stage}`)];
  if (seconds && done) told.push(t("reached", { done: clock(done), whole: clock(seconds) }));
  if (end) told.push(t("endsAt", { time: moment(Date.parse(end)) }));
  return told.join(" · ");
}

async function cancel(key) {
  const { job } = items.get(key);
  stop(key);
  await items.remove(key);
  if (job) await call(`v2/transcript/${job}`, { method: "DELETE", accept: [404] }).catch(() => {});
}

async function removeAfterAsking(key, title) {
  const agreed = await ask(t("removeTitle"), (close) => [
    h("p", {}, t("removeWhat", { name: title })),
    h("div", { class: "row end" },
      h("button", { type: "button", onclick: () => close(false) }, t("keep")),
      h("button", { type: "button", class: "danger", onclick: () => close(true) }, t("remove"))),
  ]);
  if (agreed) await cancel(key);
}
