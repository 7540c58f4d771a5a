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
  const answer = useRef(false);
  open = setQuestion;
  useEffect(() => {
    if (question) {
      answer.current = false;
      dialog.current.showModal();
    }
  }, [question]);
  if (!question) {
    return null;
  }
  const close = (chosen) => {
    answer.current = chosen;
    dialog.current.close();
  };
  const onClose = () => {
    setQuestion(null);
    question.resolve(answer.current);
  };
  return html`<dialog ref=${dialog} onClose=${onClose} aria-labelledby="confirm-title" aria-describedby="confirm-text">
    <h2 id="confirm-title">${question.title}</h2>
    <p id="confirm-text">${question.text}</p>
    <div class="actions">
      <button type="button" autofocus onClick=${() => close(false)}>${question.cancel ?? "Cancel"}</button>
      <button type="button" class=${question.danger ? "danger" : "primary"} onClick=${() => close(true)}>
        ${question.action}
      </button>
    </div>
  </dialog>`;
}
