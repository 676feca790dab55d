// A transcript as it is read and corrected: speakers and words.  Never changed, only replaced.

import { UNSPACED } from "../languages.js";
import { t } from "../texts.js";

export const COLOURS = 10; // css/reader.css has them
const PAUSE = 2; // seconds of silence after which a paragraph begins
const ENOUGH = 60; // words, after which a paragraph ends with its sentence
const MOST = 120; // words
const SENTENCE_END = /[.?!…。？！؟।]["'»”’)]?$/;

/**
 * @typedef {object} Word
 * @property {string} text
 * @property {number} start - seconds.
 * @property {number} end - seconds.
 * @property {number} score - from 0 to 1; 1 where it was corrected.
 * @property {string|null} speaker - its id.
 * @property {boolean} spaced - whether a space is before it.
 *
 * @typedef {object} Transcript
 * @property {string|null} language
 * @property {number} duration - seconds.
 * @property {string} model
 * @property {{id: string, name: string, colour: number}[]} speakers
 * @property {Word[]} words
 *
 * @typedef {object} Paragraph - words of one speaker, up to a pause or for as long as one reads.
 * @property {number} first - of its words.
 * @property {number} end - the word after its last.
 * @property {string|null} speaker
 */

/** What `GET /v2/transcript/{id}` has, as a {@link Transcript}. */
export function fromService(told) {
  const isSpaced = !UNSPACED.has(told.task === "translate" ? "en" : told.language_code);
  let reached = 0;
  const words = (told.words ?? []).map((word, index) => {
    const at = told.text.indexOf(word.text, reached);
    const spaced = at < 0 ? isSpaced : at > reached;
    if (at >= 0) reached = at + word.text.length;
    return {
      text: word.text,
      start: word.start / 1000,
      end: word.end / 1000,
      score: word.confidence,
      speaker: word.speaker,
      spaced: spaced && index > 0,
    };
  });
  const ids = [...new Set(words.map((word) => word.speaker).filter((id) => id !== null))];
  return {
    language: told.language_code ?? null,
    duration: Math.max(told.audio_duration ?? 0, words.at(-1)?.end ?? 0),
    model: told.speech_model_used ?? "",
    speakers: ids.map((id, index) => ({ id, name: "", colour: index % COLOURS })),
    words,
  };
}

const cut = new WeakMap();

/**
 * The paragraphs of a transcript; the same array for the same words.
 *
 * @returns {Paragraph[]}
 */
export function paragraphs({ words }) {
  if (!cut.has(words)) cut.set(words, [...cutInto(words)]);
  return cut.get(words);
}

function* cutInto(words) {
  let first = 0;
  for (let end = 1; end <= words.length; end += 1) {
    const [before, after] = [words[end - 1], words[end]];
    const length = end - first;
    if (
      after &&
      after.speaker === before.speaker &&
      after.start - before.end <= PAUSE &&
      length < MOST &&
      !(length >= ENOUGH && SENTENCE_END.test(before.text))
    ) {
      continue;
    }
    yield { first, end, speaker: before.speaker };
    first = end;
  }
}

/** Which of the paragraphs a word is in. */
export function paragraphOf(found, word) {
  return partition(found.length, (index) => found[index].first <= word) - 1;
}

/** The word that is heard at a time, or the last one before it; -1 before the first. */
export function wordAt({ words }, seconds) {
  return partition(words.length, (index) => words[index].start <= seconds) - 1;
}

/** How many of the first numbers below `count` a condition holds for. */
export function partition(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Words as text. */
export function textOf(words) {
  return words.map((word, index) => (word.spaced && index ? " " : "") + word.text).join("");
}

/** What a speaker is called. */
export function nameOf(transcript, id) {
  if (id === null) return t("nobody");
  return transcript.speakers.find((speaker) => speaker.id === id)?.name || t("speaker", { id });
}

/** A speaker's colour, by its number. */
export function colourOf(transcript, id) {
  return transcript.speakers.find((speaker) => speaker.id === id)?.colour ?? 0;
}
