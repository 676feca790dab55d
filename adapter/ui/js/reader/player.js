// Hears a recording, as far as this browser has it, and knows where one is in it in any case.

import { get, put } from "../store.js";

const STEP_SECONDS = 0.03; // that a word begins earlier, so that its first sound is heard
const ROUNDING_SECONDS = 0.01; // of where the browser says that it is

export class Player extends EventTarget {
  #audio = new Audio();
  #url = null;
  #frame = 0;
  at = 0; // seconds
  state = "missing"; // or "ready", "unplayable"

  constructor(key) {
    super();
    this.key = key;
    this.#audio.preload = "auto";
    this.#audio.addEventListener("play", () => this.#follow());
    this.#audio.addEventListener("pause", () => this.#tell("change"));
    this.#audio.addEventListener("error", () => this.#become("unplayable"));
  }

  /** Take the recording that was kept, if one was. */
  async load() {
    this.#use(await get("files", this.key));
  }

  /** Take one that the reader has chosen, and keep it. */
  async choose(file) {
    await put("files", this.key, file);
    this.#use(file);
  }

  /** Which moment's word is the one that is heard, in seconds. */
  get heard() {
    return this.at + STEP_SECONDS + ROUNDING_SECONDS;
  }

  get isPlaying() {
    return !this.#audio.paused;
  }

  get speed() {
    return this.#audio.playbackRate;
  }

  set speed(rate) {
    this.#audio.playbackRate = this.#audio.defaultPlaybackRate = rate;
  }

  /** Go somewhere. */
  seek(seconds) {
    this.at = Math.max(0, seconds);
    if (this.state === "ready") this.#audio.currentTime = Math.max(0, this.at - STEP_SECONDS);
    this.#tell("time");
  }

  /** Hear it from somewhere on. */
  play(seconds = this.at) {
    this.seek(seconds);
    if (this.state === "ready") this.#audio.play().catch(() => this.#tell("change"));
  }

  /** Begin or stop. */
  toggle() {
    if (this.isPlaying) this.#audio.pause();
    else this.play();
  }

  /** It is needed no more. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  #use(file) {
    if (!file) return;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(file);
    this.#audio.src = this.#url;
    this.file = file;
    this.#become("ready");
  }

  #become(state) {
    this.state = state;
    this.#tell("change");
  }

  #follow() {
    this.#tell("change");
    const look = () => {
      if (this.#audio.paused) return;
      this.at = this.#audio.currentTime;
      this.#tell("time");
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
