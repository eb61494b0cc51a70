// A page logs in with a cookie, refreshes and logs out, and never sees the refresh token.

import assert from "node:assert/strict";

import { API, get, onStage, post } from "./stage.mjs";

await onStage(async (stage) => {
  const { tab, login } = await stage.loggedIn();
  assert.equal(login.body.refresh_token, undefined, "the refresh token is not in the body");
  const first = await stage.cookie();
  const { domain, path, secure, httpOnly, sameSite } = first;
  // Without a leading dot it is for this host only.
  assert.deepEqual(
    { domain, path, secure, httpOnly, sameSite },
    { domain: "auth.example.test", path: "/", secure: true, httpOnly: true, sameSite: "Strict" },
  );
  const lifetime = first.expires - Date.now() / 1000;
  assert.ok(Math.abs(lifetime - login.body.refresh_expires_in) < 60, `${lifetime} s`);

  // No script sees the cookie, not even one of the API's own origin.
  assert.equal(await tab.evaluate(() => document.cookie), "");
  const own = await stage.open(`${API}/.well-known/jwks.json`);
  assert.equal(await own.evaluate(() => document.cookie), "");

  const refreshed = await post(tab, "/refresh", {});
  assert.equal(refreshed.status, 200);
  assert.equal(refreshed.body.refresh_token, undefined);
  const second = await stage.cookie();
  assert.notEqual(second.value, first.value, "a refresh rotates the token");
  assert.equal(await get(tab, "/protected", refreshed.body.access_token), 200);

  // No error clears the cookie.
  for (const [route, body, status] of [
    ["/login", { username: "nobody", password: "a wrong passphrase", refresh: "cookie" }, 401],
    ["/refresh", { refresh_token: "gh_rt_x" }, 400],
    ["/refresh", { scope: "everything" }, 400],
  ]) {
    assert.equal((await post(tab, route, body)).status, status, JSON.stringify(body));
    assert.equal((await stage.cookie()).value, second.value);
  }

  // `/revoke` is the logout of a page whose access token has expired.
  assert.equal((await post(tab, "/revoke", {})).status, 200);
  assert.equal(await stage.cookie(), undefined, "a logout removes the cookie");
  assert.equal(await get(tab, "/protected", refreshed.body.access_token), 403);
  assert.equal((await post(tab, "/refresh", {})).status, 400);

  const again = await stage.loggedIn();
  const authorization = `Bearer ${again.accessToken}`;
  const logout = await post(again.tab, "/logout", {}, { Authorization: authorization });
  assert.equal(logout.status, 204);
  assert.equal(await stage.cookie(), undefined, "so does /logout");
});
