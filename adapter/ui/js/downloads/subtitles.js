// A transcript as subtitles: cues of at most two lines, broken where the sentence has a joint.

import { nameOf } from "../reader/transcript.js";

const WIDTH = 42; // columns of a line, as broadcasters have it
const LONGEST = 7; // seconds of a cue
const SHORTEST = 0.8; // seconds, where there is room
const READING_SPEED = 20; // columns a second
const LONGEST_PAUSE = 1; // seconds of silence inside a cue
// What a break costs after a sentence, a clause, a comma, and anywhere else.
const BREAKS = [[/[.?!…。？！।]["'»”’)]?$/, 0], [/[;:；：—–]$/, 1], [/[,、，]$/, 1.5]];
const ANYWHERE = 6;
const CUE_COST = 2.5; // of one cue more
const LINE_COST = 0.5; // of a break between lines, beside one between cues

/** SubRip. */
export function asSrt(transcript) {
  const shown = cues(transcript, true).map(({ start, end, lines, named }, index) => {
    const label = named === null ? "" : `[${named}] `;
    return `${index + 1}\n${stamp(start, ",")} --> ${stamp(end, ",")}\n${label}${lines.join("\n")}\n`;
  });
  return shown.join("\n");
}

/** WebVTT, with the speaker as the voice of each cue. */
export function asVtt(transcript) {
  const shown = cues(transcript, false).map(({ start, end, lines, named }) => {
    const voice = named === null ? "" : `<v ${escaped(named)}>`;
    return `${stamp(start, ".")} --> ${stamp(end, ".")}\n${voice}${lines.map(escaped).join("\n")}\n`;
  });
  return ["WEBVTT\n", ...shown].join("\n");
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function stamp(seconds, decimal) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (size, most, digits) =>
    String(Math.floor(milliseconds / size) % most).padStart(digits, "0");
  const whole = [part(3_600_000, Infinity, 2), part(60_000, 60, 2), part(1000, 60, 2)].join(":");
  return `${whole}${decimal}${part(1, 1000, 3)}`;
}

/** @returns {{start: number, end: number, lines: string[], named: string|null}[]} */
export function cues(transcript, isLabelled) {
  const shown = [];
  for (const run of runs(transcript.words)) {
    const { speaker } = run[0];
    const named = transcript.speakers.length ? nameOf(transcript, speaker) : null;
    const indent = isLabelled && named !== null ? Math.min(named.length + 3, WIDTH / 2) : 0;
    for (const lines of layout(run, indent)) {
      const words = lines.flat();
      shown.push({
        start: words[0].start,
        end: Math.max(...words.map((word) => word.end)),
        lines: lines.map(join),
        named,
      });
    }
  }
  return timed(shown, transcript.duration);
}

/** Words of one speaker without a pause that a cue should end at. */
function* runs(words) {
  let run = [];
  for (const word of words) {
    const before = run.at(-1);
    if (before && (word.speaker !== before.speaker || word.start - before.end > LONGEST_PAUSE)) {
      yield run;
      run = [];
    }
    run.push(word);
  }
  if (run.length) yield run;
}

/** A run in the cues and lines whose breaks cost least. */
function layout(run, indent) {
  const best = [{ cost: 0 }];
  for (let end = 1; end <= run.length; end += 1) {
    best.push({ cost: Infinity });
    for (let start = end - 1; start >= 0; start -= 1) {
      const lines = inLines(run, start, end, indent);
      const isLone = start === end - 1; // a word that is too long for anything is a cue
      if (!isLone && (!lines || run[end - 1].end - run[start].start > LONGEST)) break;
      const cost = best[start].cost + after(run, end) + CUE_COST + (lines?.cost ?? 0);
      if (cost < best[end].cost) best[end] = { cost, start, middle: lines?.middle ?? end };
    }
  }
  const found = [];
  for (let end = run.length; end > 0; end = best[end].start) {
    const { start, middle } = best[end];
    found.unshift([run.slice(start, middle), run.slice(middle, end)].filter((line) => line.length));
  }
  return found;
}

/** Where two lines break, and what that costs; null where the words do not fit into two. */
function inLines(run, start, end, indent) {
  const width = columns(run, start, end);
  if (width <= WIDTH - indent) return { cost: 0, middle: end };
  if (width > 2 * WIDTH) return null;
  let found = null;
  for (let middle = start + 1; middle < end; middle += 1) {
    const [top, bottom] = [columns(run, start, middle) + indent, columns(run, middle, end)];
    if (top > WIDTH) break;
    if (bottom > WIDTH) continue;
    const cost = LINE_COST * (after(run, middle) + (3 * Math.abs(top - bottom)) / WIDTH);
    if (!found || cost < found.cost) found = { cost, middle };
  }
  return found;
}

function after(run, end) {
  if (end === run.length) return 0;
  const pause = Math.max(run[end].start - run[end - 1].end, 0);
  const written = BREAKS.find(([mark]) => mark.test(run[end - 1].text))?.[1] ?? ANYWHERE;
  return Math.max(written - 4 * pause, 0);
}

function join(words) {
  return words.map((word, index) => (word.spaced && index ? " " : "") + word.text).join("");
}

/** How wide words are shown; Chinese and Japanese characters take two columns. */
function columns(run, start, end) {
  let sum = 0;
  for (let index = start; index < end; index += 1) {
    const { text, spaced } = run[index];
    sum += text.length + (text.match(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/g)?.length ?? 0);
    if (spaced && index > start) sum += 1;
  }
  return sum;
}

/** Cues that stay long enough to be read, but not beyond the next one. */
function timed(shown, duration) {
  return shown.map((cue, index) => {
    const toRead = Math.max(SHORTEST, cue.lines.join("").length / READING_SPEED);
    const next = shown[index + 1]?.start ?? Math.max(duration, cue.end);
    const end = Math.min(Math.max(cue.end, cue.start + toRead), cue.start + LONGEST, next);
    return { ...cue, end: Math.max(end, cue.start + 0.1) };
  });
}
