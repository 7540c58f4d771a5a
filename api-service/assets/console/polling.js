// Asks again and again, so that what is shown is what is.
import { useCallback, useEffect, useRef, useState } from "./view.js";

/**
 * What `ask` was answered last, asked again `every` so many milliseconds (or what `every` says of the last
 * answer) while the tab is visible, and at once when one of `inputs` changes: `{ data, at, error, again }`. The
 * last answer stays through an error.
 */
export function usePolling(ask, every, inputs) {
  const [state, setState] = useState({ data: null, at: null, error: null });
  const latest = useRef(ask);
  latest.current = ask;
  const again = useRef(() => {});
  useEffect(() => {
    let ended = false;
    let timer;
    let asked = 0;
    let last = null;
    setState({ data: null, at: null, error: null });
    const once = async () => {
      clearTimeout(timer);
      const number = ++asked;
      if (!document.hidden) {
        try {
          const data = await latest.current();
          // An older answer that comes late is not to hide a newer one.
          if (!ended && number === asked) {
            last = data;
            setState({ data, at: new Date(), error: null });
          }
        } catch (error) {
          if (!ended && number === asked) {
            setState((before) => ({ ...before, error }));
          }
        }
      }
      if (!ended && number === asked) {
        timer = setTimeout(once, typeof every === "function" ? every(last) : every);
      }
    };
    again.current = once;
    const onVisible = () => !document.hidden && once();
    document.addEventListener("visibilitychange", onVisible);
    once();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, inputs);
  return { ...state, again: useCallback(() => again.current(), []) };
}
