// What was sent or answered, folded up.
import { html } from "./view.js";

/** A text behind a title; JSON with a line for each value, as people read it. */
export function Body({ title, text }) {
  // A long one scrolls, with the keyboard too.
  return html`<details><summary>${title}</summary><pre tabindex="0" role="group" aria-label=${title}>${pretty(text)}</pre></details>`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
