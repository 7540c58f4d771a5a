// Times and amounts as people read them.
import { html } from "./view.js";

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];
const number = new Intl.NumberFormat("en");

/** 12,345; an en dash for what is not known. */
export function amount(value) {
  return value === null || value === undefined ? "–" : number.format(value);
}

/** `3 events`, `1 event`. */
export function count(value, noun) {
  return `${amount(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A duration by its largest unit, such as `5 min`. */
export function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  const [unit, size] = UNITS.find(([, size]) => seconds >= size);
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** Milliseconds that count as none, when people speak of time. */
const NOW = 1000;

/** How long ago a moment is; the exact time when it is pointed at. */
export function Moment({ at, none = "never" }) {
  return time(at, none, (ago) => (ago < NOW ? "just now" : `${duration(ago)} ago`));
}

/** Since when something is so, as how long that is by now. */
export function Since({ at, none = "always" }) {
  return time(at, none, (ago) => `for ${duration(Math.max(ago, NOW))}`);
}

/** When something will be. */
export function Until({ at, none = "soon" }) {
  return time(at, none, (ago) => (-ago < NOW ? "now" : `in ${duration(-ago)}`));
}

function time(at, none, words) {
  if (!at) {
    return none;
  }
  const moment = new Date(at);
  const text = words(Date.now() - moment.getTime());
  return html`<time datetime=${moment.toISOString()} title=${moment.toLocaleString()}>${text}</time>`;
}
