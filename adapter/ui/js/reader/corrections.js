// What a reader corrects, and takes back.

import { UNSPACED } from "../languages.js";

const LETTER_SECONDS = 0.08; // of words that stand for none that were heard
const REMEMBERED = 200; // corrections that can be taken back

/** A transcript with its past; tells of each change. */
export class Corrected extends EventTarget {
  #past = [];
  #future = [];

  constructor(transcript) {
    super();
    this.now = transcript;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Correct it: with one of the functions below, and what that needs. */
  correct(change, ...needed) {
    const next = change(this.now, ...needed);
    if (next === this.now) return;
    this.#past.push(this.now);
    this.#past.splice(0, this.#past.length - REMEMBERED);
    this.#future = [];
    this.#become(next);
  }

  /** Take the last correction back. */
  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.now);
    this.#become(this.#past.pop());
  }

  /** Make the one that was taken back last once more. */
  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.now);
    this.#become(this.#future.pop());
  }

  #become(transcript) {
    this.now = transcript;
    this.dispatchEvent(new Event("change"));
  }
}

/** A speaker has a name. */
export function rename(transcript, id, name) {
  return withSpeaker(transcript, id, { name: name.trim().replace(/\s+/g, " ") });
}

/** A speaker has another colour. */
export function colour(transcript, id, number) {
  return withSpeaker(transcript, id, { colour: number });
}

function withSpeaker(transcript, id, changes) {
  const speakers = transcript.speakers.map((speaker) =>
    speaker.id === id ? { ...speaker, ...changes } : speaker,
  );
  const same = speakers.every((speaker, index) =>
    Object.entries(speaker).every(([name, value]) => transcript.speakers[index][name] === value),
  );
  return same ? transcript : { ...transcript, speakers };
}

/** All that a speaker says is another's. */
export function merge(transcript, id, other) {
  return {
    ...transcript,
    speakers: transcript.speakers.filter((speaker) => speaker.id !== id),
    words: transcript.words.map((word) => (word.speaker === id ? { ...word, speaker: other } : word)),
  };
}

/** Some words are another speaker's. */
export function attribute(transcript, first, end, speaker) {
  const words = transcript.words.map((word, index) =>
    index >= first && index < end ? { ...word, speaker } : word,
  );
  return { ...transcript, words };
}

/**
 * Some words are to be read otherwise.  Those that stay keep their times; the others share the
 * time of what they stand for.
 */
export function rewrite(transcript, first, end, text) {
  const old = transcript.words.slice(first, end);
  const pieces = tokens(text, transcript.language);
  const kept = common(old.map((word) => word.text), pieces.map((piece) => piece.text));
  if (kept.length === old.length && kept.length === pieces.length) return transcript;
  const before = transcript.words[first - 1]?.end ?? 0;
  const after = transcript.words[end]?.start ?? transcript.duration;
  const written = [];
  let [i, j] = [0, 0];
  for (const [m, n] of [...kept, [old.length, pieces.length]]) {
    const from = m > i ? old[i].start : (old[i - 1]?.end ?? before);
    const until = m > i ? old[m - 1].end : (old[m]?.start ?? after);
    // What is added before the first word is near it: between may lie a long silence.
    const late = i === 0 && m === 0 && m < old.length;
    written.push(...timed(old.slice(i, m), pieces.slice(j, n), from, until, old[0], late));
    if (m < old.length) written.push({ ...old[m], spaced: pieces[n].spaced || old[m].spaced });
    [i, j] = [m + 1, n + 1];
  }
  if (written.length && first === 0) written[0].spaced = false;
  const words = transcript.words.slice(0, first).concat(written, transcript.words.slice(end));
  return { ...transcript, words };
}

function timed(old, pieces, from, until, like, late) {
  const base = { score: 1, speaker: like?.speaker ?? null };
  if (old.length === pieces.length) {
    return pieces.map((piece, index) => {
      const { start, end } = old[index];
      return { ...base, ...piece, start, end };
    });
  }
  const whole = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  const silence = Math.min(until - from, LETTER_SECONDS * whole);
  const length = Math.max(old.length ? until - from : silence, 0);
  const begin = late ? until - length : from;
  let reached = 0;
  return pieces.map((piece) => {
    const at = (letters) => begin + (length * letters) / whole;
    const start = at(reached);
    reached += piece.text.length;
    return { ...base, ...piece, start, end: at(reached) };
  });
}

function tokens(text, language) {
  const parts = text.split(/\s+/).filter(Boolean);
  if (!UNSPACED.has(language)) return parts.map((part) => ({ text: part, spaced: true }));
  const segmenter = new Intl.Segmenter(language, { granularity: "word" });
  return parts.flatMap((part, index) =>
    Array.from(segmenter.segment(part), ({ segment }, at) => ({
      text: segment,
      spaced: at === 0 && index > 0,
    })),
  );
}

/** The pairs of indices of a longest common subsequence. */
function common(a, b) {
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i][j] =
        a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (longest[i + 1][j] >= longest[i][j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}
