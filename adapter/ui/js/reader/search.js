// Where a text is said.

/**
 * @param {import("./transcript.js").Transcript} transcript
 * @param {string} wanted - letters of any case; may go over several words.
 * @returns {{first: number, end: number}[]} ranges of words.
 */
export function find({ words }, wanted) {
  const text = fold(wanted.trim().replace(/\s+/g, " "));
  if (!text) return [];
  const starts = [];
  let whole = "";
  for (const word of words) {
    if (word.spaced) whole += " ";
    starts.push(whole.length);
    whole += fold(word.text);
  }
  const found = [];
  let [at, first] = [whole.indexOf(text), 0];
  while (at >= 0) {
    while (first + 1 < starts.length && starts[first + 1] <= at) first += 1;
    let end = first + 1;
    while (end < starts.length && starts[end] < at + text.length) end += 1;
    found.push({ first, end });
    at = whole.indexOf(text, at + text.length);
  }
  return found;
}

function fold(text) {
  return text.toLowerCase().replace(/ё/g, "е");
}
