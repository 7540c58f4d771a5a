// A button that does something at the service, and says beside itself what went wrong.
import { html, useState } from "./view.js";

/** Runs `act` when it is pressed, once at a time. */
export function ActionButton({ act, children, class: kind = "", ...others }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const onClick = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await act();
    } catch (error) {
      setProblem(error.message);
    }
    setBusy(false);
  };
  // Not disabled while it is busy: it would lose the focus.
  return html`<span class="action">
    <button type="button" class=${kind} aria-busy=${busy} onClick=${onClick} ...${others}>${children}</button>
    ${problem && html`<span role="alert" class="problem">${problem}</span>`}
  </span>`;
}
