// A page of another site: the browser does not send the cookie, and a browser that does
// not know `SameSite` sends it in vain.

import assert from "node:assert/strict";

import { OTHER_SITE, onStage, post, postBlindly, submit } from "./stage.mjs";

const { USERNAME, PASSWORD } = process.env;
const FORM = "application/x-www-form-urlencoded";

await onStage(async (stage) => {
  await stage.loggedIn();
  const before = await stage.cookie();
  await attack(stage, false);
  await stage.assertUntouched(before);

  // An old browser ignores the attribute, as if it were `None`.
  const cookie = await stage.cookie();
  await stage.context.addCookies([{ ...cookie, sameSite: "None" }]);
  await attack(stage, true);
  await stage.assertUntouched(cookie);
});

async function attack(stage, sendsCookie) {
  const other = await stage.open(OTHER_SITE);
  for (const path of ["/refresh", "/revoke"]) {
    const asked = await stage.caused(async () => {
      assert.equal((await post(other, path, {})).failure, "TypeError: Failed to fetch");
    }, path);
    assert.deepEqual(asked, [], `${path} was called`);
    for (const [name, act] of [
      ["text/plain", () => postBlindly(other, path, "{}")],
      ["a form by fetch", () => postBlindly(other, path, "grant_type=refresh_token", FORM)],
      ["a form", async () => submit(await stage.open(OTHER_SITE), path, { grant_type: "refresh_token" })],
    ]) {
      const requests = await stage.caused(act, path);
      assert.equal(requests.length, 1, `${path}, ${name}`);
      const { origin, hasCookie, status, setsCookie } = requests[0];
      const expected = [OTHER_SITE, sendsCookie, false];
      assert.deepEqual([origin, hasCookie, setsCookie], expected, `${path}, ${name}`);
      assert.ok([400, 415].includes(status), `${path}, ${name}: ${status}`);
    }
  }
  const login = JSON.stringify({ username: USERNAME, password: PASSWORD, refresh: "cookie" });
  const [request] = await stage.caused(() => postBlindly(other, "/login", login), "/login");
  assert.deepEqual([request.status, request.setsCookie], [415, false]);
}
