// The title of a page: where one begins, and what the window is called.
import { useLayoutEffect } from "./view.js";

let stays = {};

/** The page at this address is opened from an element in which one may want to go on, with the keyboard. */
export function stayIn(element, address) {
  stays = { element, address };
}

/** Begins at the title of a page when it is opened, as a screen reader does after a load. */
export function useTitleFirst(key) {
  // Before anything else can be typed.
  useLayoutEffect(() => {
    // By the address and not by `key`: pages may be asked for faster than they are drawn.
    if (document.activeElement !== stays.element || location.hash !== stays.address) {
      document.querySelector("main h1")?.focus();
    }
  }, [key]);
}

/** Calls the window as the page that is shown. */
export function nameWindow() {
  const main = document.getElementById("main");
  const unnamed = document.title;
  const name = () => {
    const title = main.querySelector("h1")?.textContent.trim().replace(/\s+/g, " ");
    const wanted = title ? `${title} · Auditstream` : unnamed;
    if (document.title !== wanted) {
      document.title = wanted;
    }
  };
  const watching = new MutationObserver(name);
  watching.observe(main, { childList: true, subtree: true, characterData: true });
  return () => {
    watching.disconnect();
    document.title = unnamed;
  };
}
