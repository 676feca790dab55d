// What the page says, in the language of the browser.

const SPOKEN = ["en", "de", "ru"];

/** The first of these languages that the page speaks; English if it speaks none. */
export function chooseLanguage(wanted) {
  const codes = wanted.map((language) => language.toLowerCase().split("-")[0]);
  return codes.find((code) => SPOKEN.includes(code)) ?? SPOKEN[0];
}

export const language = chooseLanguage(navigator.languages ?? [navigator.language]);
const { texts } = await import(`../texts/${language}.js`);
const plural = new Intl.PluralRules(language);

/**
 * A text of the page.
 *
 * @param {keyof typeof texts} name
 * @param {object} values - for the `{…}` in it; `n` chooses among the forms of a number.
 */
export function t(name, values = {}) {
  let text = texts[name];
  if (typeof text === "object") text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, value) => values[value]);
}

/** A time in a recording: 0:07, 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

/** A number as people of this language write it. */
export function number(value) {
  return numbers.format(value);
}

/** A file's size. */
export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power += 1;
  }
  const digits = { maximumFractionDigits: bytes < 10 && power ? 1 : 0 };
  const written = { style: "unit", unit: units[power], unitDisplay: "short", ...digits };
  return new Intl.NumberFormat(language, written).format(bytes);
}

/** A day and a time of it; of today, the time alone. */
export function moment(milliseconds) {
  const date = new Date(milliseconds);
  const isToday = date.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short", year: "numeric" };
  const format = { ...day, hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, format).format(date);
}
