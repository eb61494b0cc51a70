// The gateway refuses a token that is no longer valid: the page refreshes and repeats the
// request, whether or not it may read the refusal.

import assert from "node:assert/strict";

import { url } from "./chromium.mjs";
import { CALL, CALLED, withApplication } from "./application.mjs";

const { ADMIN_TOKEN, ID } = process.env;
let isReadable = true;

await withApplication(
  async (application) => {
    const tab = await application.loggedIn();
    for (const [readable, roles] of [
      [true, ["user", "admin"]],
      [false, ["user"]],
    ]) {
      isReadable = readable;
      const before = application.refreshes().length;
      // Every access token of before is refused.
      await administer("PATCH", `/admin/users/${ID}`, { roles });
      assert.equal(await tab.press(CALL), CALLED, `readable: ${readable}`);
      assert.deepEqual(application.refreshes().slice(before), [200]);
    }

    await administer("POST", `/admin/users/${ID}/revoke-sessions`);
    await tab.press(CALL);
    await tab.says("Your session has ended: log in again.");
    await tab.showsTheForm();
  },
  (_request, response) => {
    if (!isReadable && [401, 403].includes(response.statusCode)) {
      const { rawHeaders } = response;
      const name = rawHeaders.findIndex((each) => each.toLowerCase() === "access-control-allow-origin");
      if (name >= 0) rawHeaders.splice(name, 2);
    }
  },
);

async function administer(method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status}`);
}
