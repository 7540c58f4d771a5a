// Chooses event types from the catalogue: a search, a list of check boxes, and what is chosen so far.
import { html, useEffect, useId, useMemo, useRef, useState } from "./view.js";
import { readEventTypes } from "./destination_queries.js";
import { Problems } from "./form_field.js";
import { count } from "./times.js";

/** Where a key leads from a place in a list, with its last place. */
const STEPS = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at) => at + 5,
  PageUp: (at) => at - 5,
  Home: () => 0,
  End: (_at, last) => last,
};

/** Event types that fit a search: each of its words is somewhere in name, description or category. */
export function fitting(types, search) {
  const words = search.toLowerCase().split(/[\s_]+/).filter(Boolean);
  return types.filter(({ name, description, featureCategory }) => {
    const text = `${name} ${description} ${featureCategory}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function EventTypePicker({ chosen, problems, onChange }) {
  const [types, setTypes] = useState(null);
  const [error, setError] = useState(null);
  const [search, setSearch] = useState("");
  const [tries, setTries] = useState(0);
  const [current, setCurrent] = useState(null);
  const list = useRef(null);
  const id = useId();
  useEffect(() => {
    setError(null);
    readEventTypes().then(setTypes, setError);
  }, [tries]);
  const found = useMemo(() => fitting(types ?? [], search), [types, search]);
  const toggle = (name) =>
    onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  // One stop of the Tab key for the whole catalogue, in which arrow keys go on.
  const stop = found.some(({ name }) => name === current) ? current : found[0]?.name;
  const onKeyDown = (event) => {
    const boxes = [...list.current.querySelectorAll("input")];
    const step = STEPS[event.key];
    const next = step?.(boxes.indexOf(event.target), boxes.length - 1);
    if (step) {
      event.preventDefault();
      boxes[Math.min(Math.max(next, 0), boxes.length - 1)].focus();
    }
  };
  return html`<fieldset class="event-types">
    <legend>Event types</legend>
    <p class="hint" id=${`${id}-hint`}>
      ${chosen.length ? `Only ${count(chosen.length, "type")}: the destination is filtered.` : "None chosen: the destination gets events of all types."}
    </p>
    ${chosen.length > 0 &&
    html`<ul class="chosen" aria-label="Chosen event types">
      ${chosen.map(
        (name) => html`<li key=${name}>
          <button type="button" onClick=${() => toggle(name)} aria-label=${`Remove ${name}`}>
            ${name} <span aria-hidden="true">×</span>
          </button>
        </li>`,
      )}
    </ul>`}
    <${Problems} of=${problems} />
    ${error &&
    html`<p role="alert" class="problem">
      The list of event types could not be read: ${error.message}
      <button type="button" onClick=${() => setTries(tries + 1)}>Try again</button>
    </p>`}
    <label for=${`${id}-search`}>Search the catalogue</label>
    <input
      id=${`${id}-search`}
      type="search"
      autocomplete="off"
      spellcheck=${false}
      placeholder="such as member, or ssh key"
      value=${search}
      aria-describedby=${`${id}-hint ${id}-found`}
      onInput=${(event) => setSearch(event.target.value)}
      onKeyDown=${(event) => event.key === "Enter" && event.preventDefault()}
    />
    <p class="hint" id=${`${id}-found`} role="status">
      ${types ? `${count(found.length, "type")} of ${types.length}. Arrow keys go through the list.` : "Loading the catalogue…"}
    </p>
    <div class="catalogue" role="group" aria-label="Event types of the catalogue" ref=${list} onKeyDown=${onKeyDown}>
      ${found.map(
        ({ name, description }) => html`<label key=${name}>
          <input
            type="checkbox"
            tabindex=${name === stop ? 0 : -1}
            checked=${chosen.includes(name)}
            onFocus=${() => setCurrent(name)}
            onChange=${() => toggle(name)}
          />
          <span><code>${name}</code><span class="hint">${description}</span></span>
        </label>`,
      )}
      ${types && found.length === 0 && html`<p class="hint">No event type fits the search.</p>`}
    </div>
  </fieldset>`;
}
