// A labelled input with a hint, and with what is wrong with it.
import { html, useId } from "./view.js";

/** The sentences about a field; nothing when there are none. */
export function Problems({ id, of }) {
  return of?.length
    ? html`<div id=${id} class="problems" role="alert">${of.map((sentence) => html`<p>${sentence}</p>`)}</div>`
    : null;
}

/** An input with its label. Attributes that are not named here go to the input. */
export function FormField({ label, hint, problems, onText, ...input }) {
  const id = useId();
  const described = [hint && `${id}-hint`, problems?.length && `${id}-problems`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint && html`<p id=${`${id}-hint`} class="hint">${hint}</p>`}
    <input
      id=${id}
      type="text"
      autocomplete="off"
      spellcheck=${false}
      aria-invalid=${problems?.length ? "true" : undefined}
      aria-describedby=${described || undefined}
      onInput=${(event) => onText(event.target.value)}
      ...${input}
    />
    <${Problems} id=${`${id}-problems`} of=${problems} />
  </div>`;
}
