// Asks before something is lost or done that cannot be undone.
import { html, useEffect, useRef, useState } from "./view.js";

let open = null;

/** Asks `{ title, text, action, cancel, danger }`; resolves to whether the action was chosen. */
export function confirm(question) {
  return new Promise((resolve) => open({ ...question, resolve }));
}

/** The place of the dialog in the page; there is one. */
export function ConfirmDialog() {
  const [question, setQuestion] = useState(null);
  const dialog = useRef(null);
  // Who is asked something else has not agreed to what was asked before.
  open = (next) => {
    question?.resolve(false);
    setQuestion(next);
  };
  useEffect(() => {
    if (question && !dialog.current.open) {
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
  const onCancel = (event) => {
    event.preventDefault();
    answer(false);
  };
  // A browser may close it without the event before.
  const onClose = ({ target }) => target.open || settle(false);
  return html`<dialog ref=${dialog} onCancel=${onCancel} onClose=${onClose} aria-labelledby="confirm-title" aria-describedby="confirm-text">
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
