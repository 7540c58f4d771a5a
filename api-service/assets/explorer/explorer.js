// Mounts GraphiQL on this service. The token stays in this tab: it is gone when the tab is closed.
"use strict";

const ENDPOINT = "/api/graphql";
const TOKEN = "auditstream.token";

const WELCOME = `# Welcome. This query asks who you are: null
# for somebody without a token. Enter yours at
# the top right, then run it with Ctrl-Enter.
#
# The book at the left documents every call.
# Ctrl-Space shows what can stand at the cursor.

query WhoAmI {
  currentUser {
    username
    name
  }
}
`;

const field = document.getElementById("token");
const who = document.getElementById("who");
const root = ReactDOM.createRoot(document.getElementById("explorer"));

/** Sends one operation. Headers of the editor win over the token of the field. */
async function send(parameters, headers) {
  const token = sessionStorage.getItem(TOKEN);
  const answer = await fetch(ENDPOINT, {
    method: "POST",
    credentials: "omit",
    headers: {
      "Content-Type": "application/json",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  return answer.json();
}

/** Says whose the token is. */
async function greet() {
  if (!sessionStorage.getItem(TOKEN)) {
    who.value = "not signed in";
    return;
  }
  who.value = "…";
  try {
    const { data, errors } = await send({ query: "{ currentUser { username } }" });
    who.value = data?.currentUser ? `signed in as ${data.currentUser.username}` : errors[0].message;
  } catch {
    who.value = "the service does not answer";
  }
}

function show() {
  // A new function for each token, so that GraphiQL asks for the schema again: it may have been
  // refused before.
  const fetcher = (parameters, options) => send(parameters, options?.headers);
  root.render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultQuery: WELCOME,
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
      // What was typed may hold secrets: it is gone with the tab too.
      storage: sessionStorage,
    }),
  );
  greet();
}

field.value = sessionStorage.getItem(TOKEN) ?? "";
document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = field.value.trim();
  if (token) {
    sessionStorage.setItem(TOKEN, token);
  } else {
    sessionStorage.removeItem(TOKEN);
  }
  show();
});
show();
