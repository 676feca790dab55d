// A transcript to read, hear and correct.

import { menu } from "../downloads/menu.js";
import { h, icon, iconButton, say } from "../dom.js";
import { items } from "../recordings/items.js";
import { titleOf } from "../recordings/view.js";
import { transcript as read } from "../recordings/watching.js";
import { get, put } from "../store.js";
import { clock, moment, t } from "../texts.js";
import { Corrected } from "./corrections.js";
import { listen, showKeys } from "./keys.js";
import { playerBar } from "./bar.js";
import { Player } from "./player.js";
import { searchField } from "./searching.js";
import { correctSpeaker, speakerLine } from "./speakers.js";
import { Text } from "./text.js";
import { fromService, paragraphOf, paragraphs, wordAt } from "./transcript.js";

const SEEK_SECONDS = 5;

/** Show the transcript of an item. */
export function show(root, key) {
  const ends = [];
  let isGone = false;
  root.append(h("p", { class: "empty", role: "status" }, t("loading")));
  load(key)
    .then((told) => {
      if (isGone) return;
      root.replaceChildren();
      ends.push(...fill(root, items.get(key), told));
    })
    .catch((error) => root.replaceChildren(missing(error)));
  return () => {
    isGone = true;
    ends.forEach((end) => end());
  };
}

async function load(key) {
  if (!items.get(key)) throw new Error(t("unknown"));
  const told = await read(key);
  if (told.status !== "completed") throw new Error(told.error ?? t("notYet"));
  const kept = await get("documents", key);
  return { told, transcript: kept ?? fromService(told) };
}

function missing(error) {
  return h("section", { class: "empty" },
    h("h1", {}, t("recording")),
    h("p", { role: "alert" }, error.message || t("unreachable")),
    h("p", {}, h("a", { href: "#/" }, t("back"))));
}

function fill(root, item, { told, transcript }) {
  const corrected = new Corrected(transcript);
  const player = new Player(item.key);
  let searching = null;
  const text = new Text(corrected, {
    hear: (word) => player.play(corrected.now.words[word].start),
    speaker: (index) => correctSpeaker(corrected, paragraphs(corrected.now)[index].speaker, index),
  });
  const speakers = speakerLine(corrected);
  const bar = playerBar(player, corrected);
  searching = searchField(corrected, text, (word) => player.seek(corrected.now.words[word].start));
  const title = titleOf(item);
  const downloads = menu(() => ({ transcript: corrected.now, title }));
  const undo = iconButton("undo", t("undo"), () => corrected.undo());
  const redo = iconButton("undo", t("redo"), () => corrected.redo(), { class: "icon-button mirrored" });
  const help = iconButton("help", t("keys"), showKeys);
  const news = h("p", { class: "hidden", role: "status" });

  root.append(
    h("header", { class: "reader-head" },
      h("a", { href: "#/", class: "back" }, t("back")),
      h("h1", {}, title),
      h("p", { class: "about" }, about(item, told, transcript)),
      speakers.element,
      h("div", { class: "tools" }, searching.element, undo, redo, help, downloads.element)),
    transcript.words.length ? text.element : h("p", { class: "empty" }, t("silence")),
    bar.element,
    news);

  const draw = () => {
    speakers.draw();
    bar.draw();
    undo.disabled = !corrected.canUndo;
    redo.disabled = !corrected.canRedo;
  };
  corrected.addEventListener("change", () => {
    text.draw();
    draw();
    searching.again();
    say(news, t("corrected"));
    put("documents", item.key, corrected.now);
  });
  draw();
  text.begin();
  player.load();
  const follow = follows(player, corrected, text);
  const unlisten = listen(actions({ player, corrected, text, searching, downloads }));
  return [follow, unlisten, () => text.stop(), () => bar.stop(), () => player.stop()];
}

function about(item, told, transcript) {
  const named = transcript.language && new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(transcript.language);
  const parts = [moment(item.created), clock(transcript.duration), named, told.speech_model_used];
  return parts.filter(Boolean).join(" · ");
}

/** Light the word that is heard, and keep it in view. */
function follows(player, corrected, text) {
  let lit = -1;
  let scrolled = 0;
  const look = () => {
    const word = wordAt(corrected.now, player.heard);
    if (word === lit) return;
    lit = word;
    text.mark("heard", new Set(word < 0 ? [] : [word]));
    if (word >= 0 && !text.isEditing && Date.now() - scrolled > 3000) text.reveal(word);
  };
  const controller = new AbortController();
  const reader = () => (scrolled = Date.now()); // who scrolls is not to be pulled back
  addEventListener("wheel", reader, { signal: controller.signal, passive: true });
  addEventListener("touchmove", reader, { signal: controller.signal, passive: true });
  player.addEventListener("time", look);
  return () => controller.abort();
}

function actions({ player, corrected, text, searching, downloads }) {
  const word = () => Math.max(wordAt(corrected.now, player.heard), 0);
  const go = (index) => {
    const found = corrected.now.words[Math.min(Math.max(index, 0), corrected.now.words.length - 1)];
    if (found) player.seek(found.start);
  };
  const paragraph = () => paragraphOf(paragraphs(corrected.now), word());
  const jump = (step) => go(paragraphs(corrected.now)[paragraph() + step]?.first ?? word());
  return {
    " ": () => player.toggle(),
    k: () => player.toggle(),
    ArrowLeft: () => player.seek(player.at - SEEK_SECONDS),
    ArrowRight: () => player.seek(player.at + SEEK_SECONDS),
    ",": () => go(word() - 1),
    ".": () => go(word() + 1),
    ArrowUp: () => jump(-1),
    ArrowDown: () => jump(1),
    e: () => text.edit(word()),
    s: () => correctSpeaker(corrected, corrected.now.words[word()]?.speaker ?? null, paragraph()),
    "/": () => searching.focus(),
    n: () => searching.step(1),
    p: () => searching.step(-1),
    z: () => corrected.undo(),
    y: () => corrected.redo(),
    d: () => downloads.open(),
    "?": showKeys,
  };
}
