// Runs one scenario with docs/clients/gatehouse.js: node gatehouse_client.mjs SCENARIO.
//
// Standard input: {"url", "username", "password", "other"}; `url` is a relay in front of
// the service, and `other` is another user's name. Prints every error and object that a
// program might log: gatehouse_client.rs looks for tokens in the output.

import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";

import { Gatehouse, GatehouseError, LoggedOutError, MemoryStorage } from "../../docs/clients/gatehouse.js";

const { url, username, password, other } = JSON.parse(await text(process.stdin));
const storage = new MemoryStorage();
const gatehouse = new Gatehouse(url, { storage });

const expire = () => storage.save({ ...storage.load(), requestedAt: 0 });
const accessToken = () => storage.load().accessToken;
const hundred = (call) => Promise.all(Array.from({ length: 100 }, (_, index) => call(index)));

function post(path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function isAccepted(client, path = "/protected") {
  assert.equal((await client.fetch(path)).status, 200);
}

async function fails(work, kind = GatehouseError) {
  try {
    await work();
  } catch (error) {
    console.log(String(error), inspect(error, { showHidden: true, depth: 9 }), JSON.stringify(error));
    assert.ok(error instanceof kind, error);
    return error;
  }
  throw new Error("it did not fail");
}

const scenarios = {
  async many_callers() {
    await gatehouse.login(username, password);
    expire();
    await hundred(() => isAccepted(gatehouse));
  },
  async many_clients() {
    const clients = Array.from({ length: 10 }, () => new Gatehouse(url, { storage }));
    await clients[0].login(username, password);
    expire();
    await hundred((index) => isAccepted(clients[index % 10]));
  },
  async many_refused() {
    await gatehouse.login(username, password);
    await post("/revoke", { token: accessToken() });
    await hundred(() => isAccepted(gatehouse));
  },
  async refused() {
    await gatehouse.login(username, password);
    const denied = await gatehouse.fetch("/admin");
    assert.deepEqual([denied.status, (await denied.json()).code], [403, "insufficient_scope"]);
    const headers = { "content-type": "application/json" };
    const wrong = JSON.stringify({ current_password: "wrong", new_password: "no matter what this is" });
    const unknown = await gatehouse.fetch("/me/password", { method: "PUT", body: wrong, headers });
    assert.deepEqual([unknown.status, (await unknown.json()).code], [401, "invalid_credentials"]);
    await post("/revoke", { token: accessToken() });
    const body = JSON.stringify({ scope: "others" });
    const response = await gatehouse.fetch("/logout", { method: "POST", body, headers });
    assert.equal(response.status, 204);
  },
  async always_refused() {
    await gatehouse.login(username, password);
    const response = await gatehouse.fetch("/me");
    assert.deepEqual([response.status, await response.json()], [403, { message: "Forbidden" }]);
  },
  async lost() {
    await gatehouse.login(username, password);
    expire();
    await isAccepted(gatehouse);
    expire();
    await isAccepted(gatehouse);
  },
  async lost_and_restarted() {
    await gatehouse.login(username, password);
    expire();
    const errors = await hundred(() => fails(() => gatehouse.fetch("/protected")));
    assert.deepEqual([...new Set(errors.map((error) => error.status))], [0]);
    await isAccepted(new Gatehouse(url, { storage }));
  },
  async unavailable() {
    await gatehouse.login(username, password);
    expire();
    const before = Date.now();
    await isAccepted(gatehouse);
    assert.ok(Date.now() - before >= 2000, "it did not wait");
    expire();
    const error = await fails(() => gatehouse.fetch("/protected"));
    assert.ok(!(error instanceof LoggedOutError));
    assert.deepEqual([error.status, error.retryAfter], [503, 60]);
    await isAccepted(gatehouse);
  },
  async throttled() {
    const error = await fails(() => gatehouse.login(username, password));
    assert.deepEqual([error.status, error.code, error.retryAfter], [429, "too_many_requests", 7]);
    const wrong = await fails(() => gatehouse.login(username, "not the password"));
    assert.deepEqual([wrong.status, wrong.code], [401, "invalid_credentials"]);
  },
  async ended_elsewhere() {
    await gatehouse.login(username, password);
    await post("/revoke", { token: storage.load().refreshToken });
    const error = await fails(() => gatehouse.fetch("/protected"), LoggedOutError);
    assert.deepEqual([error.status, error.code], [400, "invalid_grant"]);
    assert.equal(storage.load(), undefined);
    await fails(() => gatehouse.fetch("/protected"), LoggedOutError);
  },
  async logout() {
    await gatehouse.login(username, password);
    const tokens = storage.load();
    await gatehouse.logout();
    assert.equal(storage.load(), undefined);
    const headers = { authorization: `Bearer ${tokens.accessToken}` };
    assert.equal((await fetch(`${url}/protected`, { headers })).status, 403);
    assert.equal((await post("/refresh", { refresh_token: tokens.refreshToken })).status, 400);
    await fails(() => gatehouse.accessToken(), LoggedOutError);
    await gatehouse.logout();
  },
  async another_user() {
    await gatehouse.login(username, password);
    const ada = storage.load();
    await gatehouse.login(other, password);
    const bob = storage.load();
    const loads = [ada, bob];
    storage.load = () => loads.shift() ?? bob;
    await post("/revoke", { token: ada.accessToken });
    assert.equal((await gatehouse.fetch("/me")).status, 403);
  },
  async secrets() {
    await fails(() => gatehouse.login(username, password));
    await gatehouse.login(username, password);
    console.log(String(gatehouse), JSON.stringify(gatehouse), inspect(gatehouse, { showHidden: true, depth: 9 }));
    console.log(JSON.stringify(storage), inspect(storage, { showHidden: true, depth: 9 }));
    await fails(() => gatehouse.fetch("https://elsewhere.example/"), TypeError);
    await fails(() => gatehouse.fetch(url.replace("127.0.0.1", "localhost")), TypeError);
    expire();
    await fails(() => gatehouse.fetch("/protected"));
  },
};

await scenarios[process.argv[2]]();
