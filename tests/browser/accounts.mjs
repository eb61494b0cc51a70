// Two accounts in one browser: the last login has the cookie, and a tab of the first
// account finds out before anything happens.

import assert from "node:assert/strict";

import { get, onStage, post } from "./stage.mjs";

const { OTHER_USERNAME, PASSWORD, ID, OTHER_ID } = process.env;

await onStage(async (stage) => {
  const first = await stage.loggedIn();
  const second = await stage.loggedIn(OTHER_USERNAME, PASSWORD);
  const cookie = await stage.cookie();
  // The login has ended the session whose cookie it replaced.
  assert.equal(await get(first.tab, "/protected", first.accessToken), 403);

  const refused = await post(first.tab, "/refresh", { sub: ID });
  assert.deepEqual([refused.status, refused.body.error], [409, "another_account"]);
  assert.equal((await stage.cookie()).value, cookie.value, "the cookie has changed");
  assert.equal(await get(second.tab, "/protected", second.accessToken), 200);

  assert.equal((await post(second.tab, "/refresh", { sub: OTHER_ID })).status, 200);
});
