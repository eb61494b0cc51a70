// docs/clients/gatehouse.js with the refresh cookie, in two tabs that share nothing else: a
// tab never acts for the user of the other one, not even when it logs out.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { page } from "./hosts.mjs";
import { API, APP, onStage } from "./stage.mjs";

const { USERNAME, OTHER_USERNAME, PASSWORD } = process.env;
const client = readFileSync(new URL("../../docs/clients/gatehouse.js", import.meta.url));
const html = page(`<script type="module">
  import { Gatehouse } from "./gatehouse.js";
  globalThis.gatehouse = new Gatehouse("${API}", { refresh: "cookie" });
</script>`);
const hosts = {
  "app.example.test"(request, response) {
    if (request.url !== "/gatehouse.js") return html(request, response);
    return response.writeHead(200, { "Content-Type": "text/javascript" }).end(client);
  },
};

let isLosing = false;

await onStage(
  async (stage) => {
    const [ada, bob] = [await open(stage), await open(stage)];
    assert.match(await call(ada), /^LoggedOutError: .*refresh_token is missing/, "the reason is named");
    await logIn(ada, USERNAME);
    // This replaces Ada's cookie, and ends her session.
    await logIn(bob, OTHER_USERNAME);

    // Ada's tab logs out: Bob's session goes on, and the tab does not continue as Bob.
    const cookie = (await stage.cookie()).value;
    const revoked = await stage.caused(() => ada.evaluate(() => gatehouse.logout()), "/revoke");
    assert.deepEqual(revoked.map(({ status }) => status), [409]);
    assert.equal((await stage.cookie()).value, cookie, "Bob's cookie is gone");
    await assertStaysLoggedOut(stage, ada);
    assert.equal(await renew(bob), "200", "Bob's session has ended");

    // Ada logs in again, which ends Bob's session: his tab finds out, once and for all.
    await logIn(ada, USERNAME);
    assert.match(await renew(bob), /^LoggedOutError/);
    await assertStaysLoggedOut(stage, bob);
    assert.equal(await renew(ada), "200", "Ada's session has ended");

    // No attempt gets its response: the tab is logged out, and the next logout ends the rest.
    isLosing = true;
    const failed = await ada.evaluate(() => gatehouse.logout().catch(String));
    assert.match(failed, /^GatehouseError: \/revoke returned no valid response/);
    await assertStaysLoggedOut(stage, ada);
    assert.ok(await stage.cookie());
    isLosing = false;
    await ada.evaluate(() => gatehouse.logout());
    assert.equal(await stage.cookie(), undefined);
    await logIn(bob, OTHER_USERNAME);
    assert.equal(await call(bob), "200", "a login starts again");
  },
  { hosts, onResponse: ({ method }) => !(isLosing && method === "POST") },
);

async function open(stage) {
  const tab = await stage.open(APP);
  await tab.waitForFunction(() => globalThis.gatehouse);
  return tab;
}

async function logIn(tab, username) {
  await tab.evaluate(([name, password]) => gatehouse.login(name, password), [username, PASSWORD]);
}

/** Calls a route; returns the status, or the error. */
function call(tab) {
  return tab.evaluate(async () => {
    try {
      return String((await gatehouse.fetch("/protected")).status);
    } catch (error) {
      return String(error);
    }
  });
}

/** Refreshes, and calls a route with the new token. */
async function renew(tab) {
  const refreshed = await tab.evaluate(async () => {
    try {
      await gatehouse.accessToken(await gatehouse.accessToken());
    } catch (error) {
      return String(error);
    }
  });
  return refreshed ?? call(tab);
}

/** Fails if the tab asks for the tokens of whoever has the cookie. */
async function assertStaysLoggedOut(stage, tab) {
  const sent = await stage.caused(async () => {
    for (let round = 1; round <= 2; round += 1) assert.match(await call(tab), /^LoggedOutError/);
  }, "/refresh");
  assert.deepEqual(sent, [], "the tab continues with somebody else's cookie");
}
