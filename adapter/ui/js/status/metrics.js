// Prometheus' text format, as far as the service writes it.

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * @param {string} page
 * @returns {{name: string, labels: Object<string, string>, value: number}[]}
 */
export function samples(page) {
  return page.split("\n").flatMap((line) => {
    const [, name, written, value] = LINE.exec(line) ?? [];
    if (!name) return [];
    const labels = Object.fromEntries(
      Array.from((written ?? "").matchAll(LABEL), ([, label, text]) => [label, text.replace(/\\(.)/g, "$1")]),
    );
    return [{ name, labels, value: Number(value) }];
  });
}

/** The sum of the samples of a name, all or those with a label. */
export function sum(found, name, labels = {}) {
  return found
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
    .reduce((whole, sample) => whole + sample.value, 0);
}

/** The values of a name by one of its labels. */
export function by(found, name, label) {
  const values = found.filter((sample) => sample.name === name);
  return Object.fromEntries(values.map((sample) => [sample.labels[label], sample.value]));
}

/**
 * What has ended between two looks.
 *
 * @returns {{recordings: number, seconds: number, audio: number, stages: Object<string, number>}|null}
 *   seconds are of all of them together; null where nothing has ended.
 */
export function between(before, after) {
  const grown = (name, labels) => sum(after, name, labels) - sum(before, name, labels);
  const recordings = grown("asr_request_seconds_count");
  if (recordings <= 0) return null;
  const stages = Object.keys(by(after, "asr_stage_seconds_sum", "stage")).map((stage) => [
    stage,
    grown("asr_stage_seconds_sum", { stage }),
  ]);
  return {
    recordings,
    seconds: grown("asr_request_seconds_sum"),
    audio: grown("asr_audio_seconds_total"),
    stages: Object.fromEntries(stages.filter(([, seconds]) => seconds > 0)),
  };
}
