// A list of which only what is near the window's view exists.

import { partition } from "./transcript.js";

const MARGIN = 600; // pixels above and below the view that exist as well

export class Windowed {
  #root;
  #make;
  #estimate;
  #leaves;
  #heights = [];
  #tops = [0];
  #shown = new Map(); // index → element
  #controller = new AbortController();
  #frame = 0;

  /**
   * @param {HTMLElement} root - its children are this class's own.
   * @param {(index: number) => HTMLElement} make
   * @param {(index: number) => number} estimate - of an element's height, in pixels.
   * @param {(index: number) => void} leaves - is told when one is too far away to exist.
   */
  constructor(root, make, estimate, leaves) {
    this.#leaves = leaves;
    this.#root = root;
    this.#make = make;
    this.#estimate = estimate;
    const { signal } = this.#controller;
    addEventListener("scroll", () => this.#soon(), { signal, passive: true });
    addEventListener("resize", () => this.reset(this.#heights.length), { signal });
  }

  /** Begin anew with so many elements; what is in view stays there. */
  reset(count) {
    const anchor = this.#anchor();
    for (const element of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.#heights = Array.from({ length: count }, (_, index) => this.#estimate(index));
    this.#sum();
    this.#draw(anchor);
  }

  /** The elements that exist, by their index. */
  get shown() {
    return this.#shown;
  }

  /** Bring one into view, if it is not there. */
  reveal(index) {
    if (index < 0 || index >= this.#heights.length) return;
    const box = this.#shown.get(index)?.getBoundingClientRect();
    const room = innerHeight * 0.15;
    if (box && box.top > room && box.bottom < innerHeight - 2 * room) return;
    // Heights become known when elements are there, so it takes a second look.
    for (let look = 0; look < 2; look += 1) {
      scrollTo({ top: this.#offset() + this.#tops[index] - innerHeight / 3 });
      this.#draw(null);
    }
  }

  /** It is needed no more. */
  stop() {
    this.#controller.abort();
    cancelAnimationFrame(this.#frame);
  }

  #soon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw(this.#anchor()));
  }

  #offset() {
    return this.#root.getBoundingClientRect().top + scrollY;
  }

  /** The first element in view, and where its top is. */
  #anchor() {
    for (const [index, element] of [...this.#shown].sort((a, b) => a[0] - b[0])) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom > 0) return { index, top };
    }
    return null;
  }

  #sum() {
    this.#tops = [0];
    for (const height of this.#heights) this.#tops.push(this.#tops.at(-1) + height);
  }

  #draw(anchor) {
    const count = this.#heights.length;
    const top = scrollY - this.#offset();
    const first = Math.max(partition(count, (i) => this.#tops[i + 1] < top - MARGIN), 0);
    const end = partition(count, (i) => this.#tops[i] < top + innerHeight + MARGIN);
    for (const [index, element] of this.#shown) {
      if (index >= first && index < end) continue;
      this.#leaves(index);
      element.remove();
      this.#shown.delete(index);
    }
    for (let index = end - 1; index >= first; index -= 1) {
      if (this.#shown.has(index)) continue;
      const element = this.#make(index);
      this.#root.insertBefore(element, this.#shown.get(index + 1) ?? this.#after(index));
      this.#shown.set(index, element);
    }
    this.#measure();
    this.#root.style.setProperty("padding-top", `${this.#tops[Math.min(first, count)]}px`);
    this.#root.style.setProperty("padding-bottom", `${this.#tops[count] - this.#tops[Math.max(end, first)]}px`);
    const held = anchor && this.#shown.get(anchor.index);
    const moved = held ? held.getBoundingClientRect().top - anchor.top : 0;
    if (Math.abs(moved) > 1) scrollBy({ top: moved, behavior: "instant" });
  }

  /** The next element that exists after a place in the list. */
  #after(index) {
    const later = [...this.#shown.keys()].filter((shown) => shown > index);
    return later.length ? this.#shown.get(Math.min(...later)) : null;
  }

  #measure() {
    let isOther = false;
    for (const [index, element] of this.#shown) {
      const height = element.getBoundingClientRect().height;
      isOther ||= Math.abs(height - this.#heights[index]) > 0.5;
      this.#heights[index] = height;
    }
    if (isOther) this.#sum();
  }
}
