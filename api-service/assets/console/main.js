// Puts the console into the page.
import { html, render } from "./view.js";
import { App } from "./app.js";

render(html`<${App} />`, document.getElementById("console"));
