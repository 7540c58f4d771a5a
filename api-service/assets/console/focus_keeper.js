// Nobody who works with the keyboard is thrown back to the beginning of the page.

/**
 * Watches over the focus: when what has it is taken away, since a button has done its work, say, it goes to the title
 * of the part of the page that this stood in, or else to that of the page.
 */
export function keepFocus() {
  // What had the focus, and all around it, from the inside to the outside.
  let around = [];
  const onFocusIn = ({ target }) => {
    around = [];
    for (let element = target; element; element = element.parentElement) {
      around.push(element);
    }
  };
  const rescue = () => {
    const [last, ...outer] = around;
    if (!last || last.isConnected || document.activeElement !== document.body) {
      return;
    }
    around = [];
    const titles = outer.filter((element) => element.isConnected && element.matches("section, fieldset, form, main")).map(titleOf);
    titles.find(Boolean)?.focus();
  };
  const watching = new MutationObserver(rescue);
  watching.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("focusin", onFocusIn);
  return () => {
    watching.disconnect();
    document.removeEventListener("focusin", onFocusIn);
  };
}

/** What stands over a part of the page, ready to take the focus. */
function titleOf(part) {
  const title = part.querySelector("h1, h2, legend");
  title?.setAttribute("tabindex", "-1");
  return title;
}
