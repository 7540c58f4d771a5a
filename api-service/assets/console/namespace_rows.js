// The groups and projects that a destination is limited to, one row each.
import { html } from "./view.js";
import { FormField, Problems } from "./form_field.js";

let rows = 0;

export function NamespaceRows({ scope, namespaces, problems, onChange }) {
  const add = () => onChange([...namespaces, { row: `new-namespace-${++rows}`, path: "" }]);
  const example = scope.kind === "group" ? `${scope.fullPath}/web` : "acme/web";
  return html`<fieldset>
    <legend>Groups and projects</legend>
    <p class="hint">
      ${namespaces.length
        ? "Only events of these, and of what is in them."
        : `None named: events of ${scope.kind === "group" ? "the whole group" : "the whole instance"}.`}
    </p>
    <${Problems} of=${problems.namespaces} />
    ${namespaces.map(
      ({ row, path }, index) => html`<div class="row" key=${row} role="group" aria-label=${`Group or project ${index + 1}`}>
        <${FormField}
          label="Full path"
          placeholder=${example}
          value=${path}
          problems=${problems[row]}
          onText=${(text) => onChange(namespaces.map((one) => (one.row === row ? { ...one, path: text } : one)))}
        />
        <button
          type="button"
          aria-label=${`Remove ${path || `group or project ${index + 1}`}`}
          onClick=${() => onChange(namespaces.filter((one) => one.row !== row))}
        >
          Remove
        </button>
      </div>`,
    )}
    <button type="button" onClick=${add}>Add group or project</button>
  </fieldset>`;
}
