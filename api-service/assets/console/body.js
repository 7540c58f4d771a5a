// What was sent or answered, folded up.
import { html, useMemo, useState } from "./view.js";

/** A text behind a title; JSON with a line for each value, as people read it. */
export function Body({ title, text }) {
  return html`<details><summary>${title}</summary><${Text} title=${title} text=${text} /></details>`;
}

/** As `Body`, with a text that `read` gives: when it is looked at, and once. */
export function BodyOnDemand({ title, read }) {
  const [answer, setAnswer] = useState(null);
  const onToggle = ({ currentTarget }) => {
    if (currentTarget.open && (!answer || answer.error)) {
      setAnswer({});
      read().then(
        (text) => setAnswer({ text }),
        (error) => setAnswer({ error }),
      );
    }
  };
  return html`<details onToggle=${onToggle}>
    <summary>${title}</summary>
    ${answer?.text && html`<${Text} title=${title} text=${answer.text} />`}
    ${answer?.error && html`<p role="alert" class="problem">It could not be read: ${answer.error.message}</p>`}
    ${answer && !answer.text && !answer.error && html`<p class="loading">Loading…</p>`}
  </details>`;
}

function Text({ title, text }) {
  const shown = useMemo(() => pretty(text), [text]);
  // A long one scrolls, with the keyboard too.
  return html`<pre tabindex="0" role="group" aria-label=${title}>${shown}</pre>`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
