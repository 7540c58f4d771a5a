// Where the focus is when a row of a form comes or goes, so that one can go on without a mouse.
import { useLayoutEffect, useRef } from "./view.js";

/**
 * `{ rows, onAdded, onRemoved }`: `rows` is the `ref` of the element with the rows and with the button that adds one; the
 * others are called when a row is to come or has to go.
 */
export function useRowFocus() {
  const rows = useRef(null);
  const wanted = useRef(null);
  // Before anything else can be typed.
  useLayoutEffect(() => {
    const selector = wanted.current;
    wanted.current = null;
    if (selector) {
      rows.current.querySelector(selector)?.focus();
    }
  });
  const later = (selector) => () => (wanted.current = selector);
  return { rows, onAdded: later(".row:last-of-type input"), onRemoved: later(":scope > button") };
}
