// Below the text: to hear the recording, and to see all of it.

import { h, icon, iconButton, say, set } from "../dom.js";
import { clock, number, t } from "../texts.js";
import { Waveform } from "./waveform.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

/**
 * @param {import("./player.js").Player} player
 * @param {import("./corrections.js").Corrected} corrected
 */
export function playerBar(player, corrected) {
  const waveform = new Waveform((seconds) => player.seek(seconds));
  const play = iconButton("play", t("play"), () => player.toggle(), { class: "icon-button play" });
  const time = h("span", { class: "time" });
  const speed = h("select", { "aria-label": t("speed"), class: "speed" },
    SPEEDS.map((rate) => h("option", { value: rate, selected: rate === 1 }, `${number(rate)}×`)));
  speed.addEventListener("change", () => (player.speed = Number(speed.value)));
  const chooser = h("input", { type: "file", hidden: true, "aria-label": t("chooseToHear") });
  chooser.addEventListener("change", () => chooser.files[0] && player.choose(chooser.files[0]));
  const choose = h("button", { type: "button", onclick: () => chooser.click() }, icon("file"), t("chooseToHear"));
  const note = h("span", { class: "note", role: "status" });
  const element = h("section", { class: "bar", "aria-label": t("player") },
    h("div", { class: "controls" }, play, waveform.element, time, speed, choose, chooser, note));

  let heard = null;
  const change = () => {
    const isReady = player.state === "ready";
    play.hidden = speed.hidden = !isReady;
    choose.hidden = isReady;
    say(note, player.state === "unplayable" ? t("unplayable") : "");
    play.replaceChildren(icon(player.isPlaying ? "pause" : "play"));
    const label = player.isPlaying ? t("pause") : t("play");
    set(play, "aria-label", label);
    set(play, "title", label);
    if (player.file && player.file !== heard) waveform.listen(player.key, (heard = player.file));
  };
  const move = () => {
    say(time, `${clock(player.at)} / ${clock(corrected.now.duration)}`);
    waveform.move(player.at);
  };
  player.addEventListener("change", change);
  player.addEventListener("time", move);
  change();
  const draw = () => {
    waveform.show(corrected.now);
    move();
  };
  return { element, draw, stop: () => waveform.stop() };
}
