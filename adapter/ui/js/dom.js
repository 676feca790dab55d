// Elements without markup: whatever a text holds, it stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 *
 * @param {string} tag
 * @param {object} properties - `on…` are listeners, `style` an object of CSS properties, `class`
 *   a class; what else is there becomes an attribute, unless it is null, undefined or false.
 * @param {...(Node|string|null|undefined|false)} children - those that are none are left out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Give an element one property, as {@link h} does. */
export function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Change a text only where it is another, so that screen readers are told news only. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11m-5-5l5 5 5-5M5 20h14",
  edit: "M4 20l1-4L16 5l3 3L8 19l-4 1zM14 7l3 3",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  folder: "M3 6h6l2 2h10v11H3z",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
  next: "M6 9l6 6 6-6",
  pause: "M8 5v14M16 5v14",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2 .8 3.2 2.6 3.5 5.5",
  play: "M7 4.5l12 7.5-12 7.5z",
  previous: "M6 15l6-6 6 6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
  stop: "M7 7h10v10H7z",
  theme: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  undo: "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  upload: "M12 16V5m-5 5l5-5 5 5M5 20h14",
};
const FILLED = new Set(["play", "stop"]);

/** A drawing beside a word, or within a button that has a label of its own. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  if (FILLED.has(name)) svg.classList.add("filled");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button with a drawing, and a label that is read out and shown where the pointer rests. */
export function iconButton(name, label, onclick, properties = {}) {
  const button = h("button", { type: "button", class: "icon-button", title: label, ...properties });
  button.setAttribute("aria-label", label);
  button.addEventListener("click", onclick);
  button.append(icon(name));
  return button;
}

/**
 * A window above the page, gone when it is closed.
 *
 * @param {string} title
 * @param {(close: (answer: unknown) => void) => Node[]} fill - makes what is in it.
 * @returns {Promise<unknown>} what it was closed with; null with Escape.
 */
export function ask(title, fill) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "asked" });
    let answer = null;
    const close = (given) => {
      answer = given;
      dialog.close();
    };
    dialog.append(h("h2", { id: "asked" }, title), ...fill(close));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
