// Prints what the package standardwebhooks of npm signs for the requests in requests.json:
//
//     npm install standardwebhooks@1.1.1 && node sign.mjs > npm.json
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const requests = JSON.parse(readFileSync(new URL("requests.json", import.meta.url), "utf8"));
const signatures = requests.map(({ secret, id, timestamp, body }) =>
  new Webhook(secret).sign(id, new Date(timestamp * 1000), body),
);
console.log(JSON.stringify(signatures, null, 2));
