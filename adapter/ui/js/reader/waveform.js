// The whole recording as a line of bars, in the colours of who speaks; a slider to move in it.

import { h, set } from "../dom.js";
import { get, put } from "../store.js";
import { clock, t } from "../texts.js";
import { colourOf, paragraphs } from "./transcript.js";

const PEAKS = 1200;
const DECODED_HZ = 8000; // enough to see where it is loud
const MOST_BYTES = 300e6; // of a file: decoding needs its whole sound in memory
const MOST_SECONDS = 3 * 3600;
const STEP_SECONDS = 5;
const [BAR, GAP] = [2, 1]; // pixels
const TURNS_HEIGHT = 5; // pixels

export class Waveform {
  #canvas = h("canvas", { tabindex: 0, role: "slider", "aria-valuemin": 0 });
  #probes = h("span", { hidden: true });
  #colours = new Map();
  #peaks = null;
  #transcript = null;
  #at = 0;
  #resized = new ResizeObserver(() => this.draw());

  /** @param {(seconds: number) => void} seek */
  constructor(seek) {
    set(this.#canvas, "aria-label", t("timeline"));
    this.element = h("div", { class: "waveform" }, this.#canvas, this.#probes);
    const point = (event) => {
      const { left, width } = this.#canvas.getBoundingClientRect();
      seek(Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.#transcript.duration);
    };
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      point(event);
    });
    this.#canvas.addEventListener("pointermove", (event) => event.buttons && point(event));
    this.#canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -6, PageUp: 6 };
      const ends = { Home: 0, End: this.#transcript.duration };
      const step = steps[event.key];
      if (!step && !(event.key in ends)) return;
      event.preventDefault();
      event.stopPropagation();
      seek(step ? this.#at + step * STEP_SECONDS : ends[event.key]);
    });
    this.#resized.observe(this.#canvas);
  }

  /** Show a transcript's turns. */
  show(transcript) {
    this.#transcript = transcript;
    set(this.#canvas, "aria-valuemax", Math.round(transcript.duration));
    this.draw();
  }

  /** Show where one is. */
  move(seconds) {
    this.#at = seconds;
    set(this.#canvas, "aria-valuenow", Math.round(seconds));
    set(this.#canvas, "aria-valuetext", clock(seconds));
    this.draw();
  }

  /** Show how loud it is, once that is known. */
  async listen(key, file) {
    this.#peaks = await get("peaks", key) ?? null;
    if (!this.#peaks && file.size <= MOST_BYTES && this.#transcript.duration <= MOST_SECONDS) {
      this.#peaks = await peaksOf(file).catch(() => null); // a format that this browser lacks
      if (this.#peaks) await put("peaks", key, this.#peaks);
    }
    this.draw();
  }

  /** It is needed no more. */
  stop() {
    this.#resized.disconnect();
  }

  /** Draw it as it is now. */
  draw() {
    if (!this.#transcript) return;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio;
    if (!width) return;
    if (this.#canvas.width !== Math.round(width * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }
    this.#colours.clear(); // the theme may be another since
    const paint = this.#canvas.getContext("2d");
    paint.setTransform(scale, 0, 0, scale, 0, 0);
    paint.clearRect(0, 0, width, height);
    this.#bars(paint, width, height - TURNS_HEIGHT - 3);
    this.#turns(paint, width, height);
    const x = (this.#at / this.#transcript.duration) * width;
    paint.globalAlpha = 1;
    paint.fillStyle = getComputedStyle(this.#canvas).color;
    paint.fillRect(Math.min(x, width - 2), 0, 2, height);
  }

  #bars(paint, width, height) {
    const { duration, words } = this.#transcript;
    const count = Math.floor(width / (BAR + GAP));
    let word = 0;
    for (let bar = 0; bar < count; bar += 1) {
      const from = (bar / count) * duration;
      const until = ((bar + 1) / count) * duration;
      while (word + 1 < words.length && words[word].end < from) word += 1;
      const isSpeech = words.length > 0 && words[word].start < until && words[word].end >= from;
      const loud = this.#peaks ? loudest(this.#peaks, bar / count, (bar + 1) / count) : isSpeech ? 0.35 : 0;
      const tall = Math.max(loud * height, 1.5);
      paint.globalAlpha = until <= this.#at ? 1 : 0.5;
      paint.fillStyle = isSpeech ? this.#colour(words[word].speaker) : this.#colour(undefined);
      paint.fillRect(bar * (BAR + GAP), (height - tall) / 2, BAR, tall);
    }
  }

  #turns(paint, width, height) {
    const { duration, words } = this.#transcript;
    paint.globalAlpha = 1;
    for (const { first, end, speaker } of paragraphs(this.#transcript)) {
      const [from, until] = [words[first].start, words[end - 1].end].map((at) => (at / duration) * width);
      paint.fillStyle = this.#colour(speaker);
      paint.fillRect(from, height - TURNS_HEIGHT, Math.max(until - from, 1), TURNS_HEIGHT);
    }
  }

  /** A speaker's colour as the style sheet has it now; silence is undefined. */
  #colour(speaker) {
    const name = speaker === undefined ? "silence" : `s${colourOf(this.#transcript, speaker)}`;
    if (!this.#colours.has(name)) {
      let probe = this.#probes.querySelector(`.${name}`);
      if (!probe) this.#probes.append((probe = h("span", { class: name })));
      this.#colours.set(name, getComputedStyle(probe).color);
    }
    return this.#colours.get(name);
  }
}

function loudest(peaks, from, until) {
  const [first, end] = [Math.floor(from * peaks.length), Math.ceil(until * peaks.length)];
  let most = 0;
  for (let index = first; index < end; index += 1) most = Math.max(most, peaks[index]);
  return most / 255;
}

/** How loud each part of a recording is, the loudest 255. */
async function peaksOf(file) {
  const context = new OfflineAudioContext(1, 1, DECODED_HZ);
  const sound = await context.decodeAudioData(await file.arrayBuffer());
  const found = new Float32Array(PEAKS);
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    const samples = sound.getChannelData(channel);
    for (let index = 0; index < samples.length; index += 1) {
      const peak = Math.floor((index / samples.length) * PEAKS);
      found[peak] = Math.max(found[peak], Math.abs(samples[index]));
    }
  }
  const whole = found.reduce((a, b) => Math.max(a, b), 1e-6);
  return Uint8Array.from(found, (peak) => Math.round(255 * Math.sqrt(peak / whole)));
}
