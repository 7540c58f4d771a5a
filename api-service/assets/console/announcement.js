// Says in one place what was done, to eyes and to screen readers.
import { html, useEffect, useState } from "./view.js";

/** How long it stays, in milliseconds. */
const STAYS = 6_000;
let say = () => {};

export function announce(text) {
  say({ text });
}

/** The place of the announcement in the page; there is one. */
export function Announcement() {
  const [said, setSaid] = useState(null);
  say = setSaid;
  useEffect(() => {
    if (said) {
      const timer = setTimeout(() => setSaid(null), STAYS);
      return () => clearTimeout(timer);
    }
  }, [said]);
  // It is there before it has a text: a screen reader reads changes only.
  return html`<div class="announcement" role="status">${said && html`<p>${said.text}</p>`}</div>`;
}
