// A transcript as text of several kinds.

import { clock } from "../texts.js";
import { nameOf, paragraphs, textOf } from "../reader/transcript.js";

/** Paragraphs with who says them and when; `named` is null where nobody was told apart. */
export function told(transcript) {
  return paragraphs(transcript).map(({ first, end, speaker }) => {
    const words = transcript.words.slice(first, end);
    const named = transcript.speakers.length ? nameOf(transcript, speaker) : null;
    return { named, words, text: textOf(words), start: words[0].start, end: words.at(-1).end };
  });
}

/** Plain text: a line for each paragraph. */
export function asTxt(transcript) {
  const lines = told(transcript).map(({ named, start, text }) =>
    named === null ? text : `[${clock(start)}] ${named}: ${text}`,
  );
  return lines.map((line) => `${line}\n`).join("\n");
}

/** Markdown; nothing that is said or called becomes a mark of it. */
export function asMarkdown(transcript, title) {
  const parts = told(transcript).map(({ named, start, text }) => {
    const who = named === null ? "" : `**${plain(named)}** `;
    return `${who}_${clock(start)}_\n\n${plain(text)}\n`;
  });
  return [`# ${plain(title)}\n`, ...parts].join("\n");
}

function plain(text) {
  return text
    .replace(/[\r\n]+/g, " ")
    .replace(/[\\`*_[\]<>#|~&]/g, "\\$&")
    .replace(/^(\d+)([.)])/, "$1\\$2")
    .replace(/^([-+=])/, "\\$1");
}

/** A line for each paragraph: start and end in seconds, text, speaker. */
export function asTsv(transcript) {
  const rows = told(transcript).map(({ named, start, end, text }) => [
    start.toFixed(3),
    end.toFixed(3),
    text,
    named ?? "",
  ]);
  const lines = rows.map((row) => row.map((cell) => cell.replace(/\s+/g, " ")).join("\t"));
  return `${["start\tend\ttext\tspeaker", ...lines].join("\n")}\n`;
}

/** The shape of the service's own JSON: segments with their words, times in seconds. */
export function asJson(transcript) {
  const second = (time) => Math.round(time * 1000) / 1000;
  const segments = told(transcript).map(({ named, words, text, start, end }) => ({
    start: second(start),
    end: second(end),
    text,
    words: words.map((word) => ({
      word: word.text,
      start: second(word.start),
      end: second(word.end),
      score: word.score,
      ...(named !== null && { speaker: named }),
    })),
    ...(named !== null && { speaker: named }),
  }));
  const { language, duration, model } = transcript;
  const shape = { language, duration, model, segments };
  return `${JSON.stringify({ ...shape, word_segments: segments.flatMap((s) => s.words) }, null, 1)}\n`;
}
