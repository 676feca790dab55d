// Records from the microphone, which browsers give to pages with HTTPS, or of this machine, only.

import { h, icon, say } from "../dom.js";
import { clock, t } from "../texts.js";

const BARS = 24; // of the level that is shown
const LOOK_MS = 100;

/**
 * A button that records; while it does, the time and how loud it is.
 *
 * @param {(file: File) => void} take - is given what was recorded.
 */
export function recorder(take) {
  const note = h("p", { class: "hint", role: "status" });
  const label = h("span", {}, t("record"));
  const meter = h("span", { class: "meter", "aria-hidden": "true", hidden: true },
    Array.from({ length: BARS }, () => h("span")));
  const button = h("button", { type: "button", class: "record" }, icon("mic"), label, meter);
  let recording = null;
  button.addEventListener("click", async () => {
    if (recording) {
      recording.stop();
      return;
    }
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
      say(note, t("recordInsecure", { origin: location.origin }));
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      recording = record(stream, show, (blob) => {
        recording = null;
        button.classList.remove("is-on");
        meter.hidden = true;
        say(label, t("record"));
        if (blob.size) take(named(blob));
      });
      button.classList.add("is-on");
      meter.hidden = false;
      say(note, "");
    } catch (error) {
      say(note, t("recordRefused", { reason: error.message }));
    }
  });

  function show(seconds, level) {
    say(label, t("recordStop", { time: clock(seconds) }));
    const bars = [...meter.children];
    bars.forEach((bar, index) => {
      const height = index + 1 < BARS ? bars[index + 1].style.getPropertyValue("--level") : level;
      bar.style.setProperty("--level", height || 0);
    });
  }
  return h("div", { class: "recorder" }, button, note);
}

function record(stream, show, done) {
  const recording = new MediaRecorder(stream);
  const parts = [];
  const begun = Date.now();
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    show((Date.now() - begun) / 1000, Math.min(1, Math.sqrt(loudest)));
  }, LOOK_MS);
  recording.ondataavailable = (event) => parts.push(event.data);
  recording.onstop = () => {
    clearInterval(timer);
    context.close();
    stream.getTracks().forEach((track) => track.stop());
    done(new Blob(parts, { type: recording.mimeType }));
  };
  recording.start(1000);
  return recording;
}

function named(blob) {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(".");
  const ending = blob.type.includes("mp4") ? "m4a" : blob.type.includes("ogg") ? "ogg" : "webm";
  return new File([blob], `${t("recordName")} ${day} ${time}.${ending}`, { type: blob.type });
}
