// Makes and changes a destination. What was typed stays until it is saved or thrown away on purpose.
import { html, useEffect, useRef, useState } from "./view.js";
import { announce } from "./announcement.js";
import { mutate } from "./api.js";
import { confirm } from "./confirm_dialog.js";
import { adopt, carryOut, changes, creation, draftOf, isChanged, madeOf, problemsOf } from "./destination_changes.js";
import { kind, locate, numberOf, readDestination, readOutlines } from "./destination_queries.js";
import { EventTypePicker } from "./event_type_picker.js";
import { FormField } from "./form_field.js";
import { HeaderRows } from "./header_rows.js";
import { NamespaceRows } from "./namespace_rows.js";
import { address, go, guard, scopeName } from "./routes.js";
import { useTitleFirst } from "./title.js";

/** The form shows no figures: as few as can be asked for. */
const FEWEST_MINUTES = 1;

/** Failures after which what was asked for may be done all the same. */
const MAY_BE_DONE = ["unreachable", "unavailable", "faulty"];

async function read(scope, number) {
  const place = await locate(scope, number);
  return place === undefined ? null : readDestination(scope, place, number, FEWEST_MINUTES);
}

/** The page: loads the destination first, when there is to be one. */
export function DestinationForm({ scope, number }) {
  const [loaded, setLoaded] = useState(number ? null : { destination: null });
  const [error, setError] = useState(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (number) {
      setError(null);
      read(scope, number).then((destination) => setLoaded({ destination }), setError);
    }
  }, [tries]);
  if (error) {
    return html`<h1 tabindex="-1">Destination</h1>
      <div class="banner" role="alert">
        ${error.message} <button type="button" onClick=${() => setTries(tries + 1)}>Try again</button>
      </div>`;
  }
  if (!loaded) {
    return html`<p class="loading">Loading…</p>`;
  }
  if (number && !loaded.destination) {
    return html`<h1 tabindex="-1">No such destination</h1>
      <p>It was destroyed, or you may not administer it. <a href=${address({ scope })}>To the list</a></p>`;
  }
  return html`<${Form} scope=${scope} loaded=${loaded.destination} />`;
}

function Form({ scope, loaded }) {
  // What the service has: a creation that could not be completed goes on as a change.
  const [destination, setDestination] = useState(loaded);
  const [before, setBefore] = useState(() => draftOf(loaded));
  const [draft, setDraft] = useState(before);
  const [problems, setProblems] = useState({});
  const [failure, setFailure] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  const submit = useRef(null);
  const unsaved = useRef(false);
  const isDone = useRef(false);
  // The id of a destination that was made here, from its creation on.
  const madeId = useRef(null);
  // A creation that may have been done without an answer, and what destinations there were right before.
  const unanswered = useRef(null);
  // Whether something was asked for that may have been done without an answer.
  const isUncertain = useRef(false);
  const isShown = useRef(true);
  useEffect(() => () => (isShown.current = false), []);
  unsaved.current = !isDone.current && isChanged(before, draft);
  useEffect(() => guard(() => unsaved.current, askToLeave), []);
  // It was not there yet when the page was opened, if a destination had to be loaded first.
  useTitleFirst("form");
  const set = (values) => {
    setDraft((old) => ({ ...old, ...values }));
    // What was said of an input is about what was in it.
    const isAbout = (place) => place in values || (values.headers ?? values.namespaces)?.some(({ row }) => place.split(".")[0] === row);
    setProblems((old) => Object.fromEntries(Object.entries(old).filter(([place]) => !isAbout(place))));
  };

  /** Saves, and says what could not be. Whatever was refused stays as it was typed. */
  const save = async () => {
    let current = destination;
    let wanted = draft;
    if (!current) {
      const there = await readOutlines(scope);
      if (unanswered.current) {
        madeId.current = madeOf(unanswered.current.input, unanswered.current.there, there);
      }
      if (!madeId.current) {
        const step = creation(scope, draft);
        unanswered.current = { input: step.input, there };
        const [made] = await mutate([step]).catch((error) => {
          if (!MAY_BE_DONE.includes(error.kind)) {
            unanswered.current = null;
          }
          throw error;
        });
        unanswered.current = null;
        if (made.errors.length) {
          return problemsOf([made]);
        }
        // Known before anything else can fail: saving again must not make a second one.
        madeId.current = made.payload[kind(scope).destination].id;
      }
      current = await read(scope, numberOf(madeId.current));
      if (!current) {
        throw new Error("The destination was made, and somebody has destroyed it.");
      }
      // Name and token may have been made up.
      const known = (old) => ({ ...old, name: old.name || current.name, token: "" });
      wanted = known(draft);
      setDestination(current);
      setBefore(draftOf(current));
      setDraft(known);
    } else if (isUncertain.current) {
      [current, wanted] = await rebase(current, draft);
    }
    isUncertain.current = true;
    const answers = await carryOut(changes(scope, current, wanted), mutate);
    if (answers.some(({ errors }) => errors.length)) {
      await rebase(current, wanted);
      return problemsOf(answers);
    }
    announce(destination ? "Saved." : "The destination was made.");
    isDone.current = true;
    unsaved.current = false;
    if (isShown.current) {
      go({ scope, page: "destination", number: numberOf(current.id) });
    }
    return {};
  };

  /** Begins again from what the service has, with what is wanted; both. */
  const rebase = async (current, wanted) => {
    const fresh = (await read(scope, numberOf(current.id))) ?? current;
    isUncertain.current = false;
    setDestination(fresh);
    setBefore(draftOf(fresh));
    const adopted = adopt(wanted, fresh);
    setDraft(adopted);
    return [fresh, adopted];
  };

  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    // The fields are closed meanwhile: what is typed now would be lost. The focus cannot stay in one of them.
    const focused = document.activeElement;
    submit.current.focus();
    setBusy(true);
    setFailure(null);
    setProblems({});
    try {
      setProblems(await save());
    } catch (error) {
      const kept = "Nothing that you typed is lost: save again when that is mended.";
      setFailure(error.kind === "expired" ? null : `It could not be saved. ${error.message} ${kept}`);
    }
    setBusy(false);
    // When they are open again, unless somebody has gone elsewhere.
    requestAnimationFrame(() => {
      if (document.activeElement === submit.current) {
        (form.current?.querySelector("[aria-invalid=true]") ?? focused).focus();
      }
    });
  };

  const isNew = !destination;
  const isRefused = Object.keys(problems).length > 0;
  return html`
    <div class="title">
      <h1 tabindex="-1">${isNew ? "New destination" : `Edit ${destination.name}`} <small>${scopeName(scope)}</small></h1>
    </div>
    <form class="destination" ref=${form} onSubmit=${onSubmit} novalidate>
      <fieldset role="none" disabled=${busy}>
        <div class="panel">
          <${FormField}
            label="URL"
            name="url"
            inputmode="url"
            hint="Where each event is sent with POST: https://siem.example.com/audit"
            value=${draft.url}
            problems=${problems.url}
            onText=${(url) => set({ url })}
          />
          <${FormField}
            label="Name"
            name="name"
            hint=${isNew ? "How people call it. One is made up when you give none." : "How people call it."}
            value=${draft.name}
            problems=${problems.name}
            onText=${(name) => set({ name })}
          />
          ${isNew &&
          scope.kind === "group" &&
          html`<${FormField}
            label="Verification token"
            name="token"
            hint="By which the receiver knows us: 16 to 24 characters. One is made when you give none."
            value=${draft.token}
            problems=${problems.token}
            onText=${(token) => set({ token })}
          />`}
          ${!isNew &&
          html`<label class="check">
            <input type="checkbox" checked=${draft.active} onChange=${(event) => set({ active: event.target.checked })} />
            Active: events are sent
          </label>`}
        </div>
        <div class="panel">
          <${HeaderRows} headers=${draft.headers} problems=${problems} onChange=${(headers) => set({ headers })} />
        </div>
        <div class="panel">
          <${EventTypePicker}
            chosen=${draft.eventTypes}
            problems=${problems.eventTypes}
            onChange=${(eventTypes) => set({ eventTypes })}
          />
        </div>
        <div class="panel">
          <${NamespaceRows}
            scope=${scope}
            namespaces=${draft.namespaces}
            problems=${problems}
            onChange=${(namespaces) => set({ namespaces })}
          />
        </div>
      </fieldset>
      <div class="actions sticky">
        ${(failure || isRefused) &&
        html`<div role="alert" class="problem">
          ${failure ?? "Not all of it could be saved. What you typed is still here."}
          ${destination && !destination.active && draft.active && " The destination is paused until all of it is saved."}
          ${" "}${problems.form ? problems.form.join(" ") : !failure && "What is wrong stands at the fields."}
        </div>`}
        ${!busy &&
        html`<a class="button" href=${address(isNew ? { scope } : { scope, page: "destination", number: numberOf(destination.id) })}>
          Cancel
        </a>`}
        <button type="submit" class="primary" ref=${submit} aria-busy=${busy}>
          ${busy ? "Saving…" : isNew ? "Create destination" : "Save"}
        </button>
      </div>
    </form>
  `;
}

function askToLeave() {
  return confirm({
    title: "Leave without saving?",
    text: "What you typed is not saved, and would be lost.",
    action: "Leave",
    cancel: "Stay",
    danger: true,
  });
}
