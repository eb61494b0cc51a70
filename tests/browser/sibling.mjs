// A page of a sibling subdomain. It is on the same site, so that the browser sends the
// cookie with its requests: `Origin` and the content type have to stop them.

import assert from "node:assert/strict";

import { SIBLING, onStage, post, postBlindly, submit } from "./stage.mjs";

const { USERNAME, PASSWORD } = process.env;
const FORM = "application/x-www-form-urlencoded";

await onStage(async (stage) => {
  await stage.loggedIn();
  const before = await stage.cookie();
  const evil = await stage.open(SIBLING);

  // With JSON the browser asks first, and the gateway does not allow the origin.
  for (const path of ["/refresh", "/revoke"]) {
    const requests = await stage.caused(async () => {
      assert.equal((await post(evil, path, {})).failure, "TypeError: Failed to fetch");
    }, path);
    assert.deepEqual(requests, [], `${path} was called`);
  }

  // Without asking first, the request arrives with the cookie.
  for (const path of ["/refresh", "/revoke"]) {
    for (const [attack, name] of [
      [() => postBlindly(evil, path, "{}"), "text/plain"],
      [() => postBlindly(evil, path, "grant_type=refresh_token", FORM), "a form by fetch"],
      [async () => submit(await stage.open(SIBLING), path, { grant_type: "refresh_token" }), "a form"],
      [async () => submit(await stage.open(SIBLING), path, { "{}": "" }, "text/plain"), "a form with text"],
    ]) {
      const requests = await stage.caused(attack, path);
      assert.equal(requests.length, 1, `${path}, ${name}`);
      const { origin, hasCookie, status, setsCookie } = requests[0];
      assert.deepEqual([origin, hasCookie, setsCookie], [SIBLING, true, false], `${path}, ${name}`);
      assert.ok([400, 415].includes(status), `${path}, ${name}: ${status}`);
    }
  }

  // It cannot log the user in as someone else either.
  const login = JSON.stringify({ username: USERNAME, password: PASSWORD, refresh: "cookie" });
  const [request] = await stage.caused(() => postBlindly(evil, "/login", login), "/login");
  assert.deepEqual([request.status, request.setsCookie], [415, false]);

  await stage.assertUntouched(before);
});

