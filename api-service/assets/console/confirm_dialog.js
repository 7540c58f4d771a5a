// Asks before something is lost or done that cannot be undone.
import { html, useLayoutEffect, useRef, useState } from "./view.js";

let ask = null;

/** Asks `{ title, text, action, cancel, danger }`; resolves to whether the action was chosen. */
export function confirm(question) {
  return new Promise((resolve) => ask({ ...question, resolve }));
}

/** The place of the dialog in the page; there is one. */
export function ConfirmDialog() {
  const [question, setQuestion] = useState(null);
  const dialog = useRef(null);
  ask = (next) =>
    setQuestion((current) => {
      // Who is asked something else has not agreed to what was asked before.
      current?.resolve(false);
      return next;
    });
  // Before anything else of the page can be pressed.
  useLayoutEffect(() => {
    if (!question) {
      return;
    }
    if (dialog.current.open) {
      dialog.current.querySelector("[autofocus]").focus();
    } else {
      dialog.current.showModal();
    }
  }, [question]);
  if (!question) {
    return null;
  }
  const settle = (chosen) => {
    setQuestion((current) => (current === question ? null : current));
    question.resolve(chosen);
  };
  // At once, and not only when the dialog tells that it was closed: until then, who asked would not hear the button
  // that has the focus again.
  const answer = (chosen) => {
    dialog.current.close();
    settle(chosen);
  };
  const onClose = ({ target }) => {
    // Closed by the browser, which does not always announce it; and not asking something else by now.
    if (!target.open) {
      settle(false);
    }
  };
  return html`<dialog
    ref=${dialog}
    onCancel=${() => answer(false)}
    onClose=${onClose}
    aria-labelledby="confirm-title"
    aria-describedby="confirm-text"
  >
    <h2 id="confirm-title">${question.title}</h2>
    <p id="confirm-text">${question.text}</p>
    <div class="actions">
      <button type="button" autofocus onClick=${() => answer(false)}>${question.cancel ?? "Cancel"}</button>
      <button type="button" class=${question.danger ? "danger" : "primary"} onClick=${() => answer(true)}>
        ${question.action}
      </button>
    </div>
  </dialog>`;
}
