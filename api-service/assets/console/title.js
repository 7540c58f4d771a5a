// The title of a page: where one begins, and what the window is called.
import { useEffect } from "./view.js";

let stays = null;

/** The next page is opened from this element with the keyboard, perhaps, and one may go on in it. */
export function stayIn(element) {
  stays = element;
}

/** Begins at the title of a page when it is opened, as a screen reader does after a load. */
export function useTitleFirst(key) {
  useEffect(() => {
    if (!stays || document.activeElement !== stays) {
      document.querySelector("main h1")?.focus();
    }
    stays = null;
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
