// Browsers that send JSON to any host, as old browsers and plug-ins did. The service must
// not rely on the preflight: an `Origin` that is foreign, `null` or absent is refused.

import assert from "node:assert/strict";

import { url } from "./chromium.mjs";
import { API, APP, SIBLING, onStage, post } from "./stage.mjs";

// Every preflight is allowed, as if the browser had not asked.
await onStage(
  async (stage) => {
    await stage.loggedIn();
    const before = await stage.cookie();
    await attack(stage, SIBLING, (tab, path) => post(tab, path, {}));
    await stage.assertUntouched(before);

    // A sandboxed frame has no site: only a browser that ignores `SameSite` sends the cookie.
    const cookie = { ...(await stage.cookie()), sameSite: "None" };
    await stage.context.addCookies([cookie]);
    await attack(stage, "null", postFromSandbox);
    await stage.assertUntouched(cookie);
  },
  {
    onResponse({ method, headers }, response) {
      if (method !== "OPTIONS") return;
      response.rawHeaders = Object.entries({
        "Access-Control-Allow-Origin": headers.origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": "content-type",
      }).flat();
    },
  },
);

// A Chromium without CORS sends no `Origin` at all.
await onStage(
  async (stage) => {
    await stage.loggedIn();
    const before = await stage.cookie();
    await attack(stage, undefined, (tab, path) => post(tab, path, {}));
    const { name, value } = await stage.cookie();
    assert.equal(value, before.value);
    // Its own pages are refused too, so this request is not the browser's.
    const refreshed = await fetch(`${url}/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Cookie: `${name}=${value}`, Origin: APP },
      body: "{}",
    });
    assert.equal(refreshed.status, 200, "the session has ended");
  },
  { args: ["--disable-web-security"] },
);

/** Sends JSON with the cookie from a page of the sibling, with this `Origin`. */
async function attack(stage, expected, send) {
  for (const path of ["/refresh", "/revoke"]) {
    const evil = await stage.open(SIBLING);
    const requests = await stage.caused(() => send(evil, path), path);
    assert.equal(requests.length, 1, `${path}, ${expected}`);
    const { origin, hasCookie, status, setsCookie } = requests[0];
    assert.deepEqual([origin, hasCookie, status, setsCookie], [expected, true, 400, false], path);
  }
}

function postFromSandbox(tab, path) {
  return tab.evaluate(async (address) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>
      const headers = { "Content-Type": "application/json" };
      fetch("${address}", { method: "POST", credentials: "include", headers, body: "{}" })
        .catch(() => {})
        .then(() => parent.postMessage("done", "*"));
    <\/script>`;
    const done = new Promise((resolve) => (onmessage = () => resolve()));
    document.body.append(frame);
    await done;
  }, API + path);
}
