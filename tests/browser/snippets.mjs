// The examples of `docs/browsers.md`, one after the other in one page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { APP, onStage } from "./stage.mjs";

const { USERNAME, PASSWORD, ID } = process.env;

const page = readFileSync(new URL("../../docs/browsers.md", import.meta.url), "utf8");
const blocks = page.split("```js\n").slice(1).map((rest) => rest.split("```")[0]);
const code = blocks.join("\n").replaceAll("auth.example.com", "auth.example.test");

await onStage(async (stage) => {
  const tab = await stage.open(APP);
  const statuses = await tab.evaluate(`(async (username, password, sub, key) => {
    ${code}
    return [login, refresh, protectedRoute, logout].map(({ status }) => status);
  })(${[USERNAME, PASSWORD, ID, "0123456789abcdef0123456789"].map((text) => JSON.stringify(text))})`);
  assert.deepEqual(statuses, [200, 200, 200, 200]);
  assert.equal(await stage.cookie(), undefined);
});
