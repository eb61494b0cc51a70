// Cookies that others plant. The prefix `__Host-` keeps every other host, and whoever
// controls an unencrypted connection, from setting or replacing the refresh cookie.

import assert from "node:assert/strict";

import { until } from "./chromium.mjs";
import { page } from "./hosts.mjs";
import { API, APP, SIBLING, onStage, post } from "./stage.mjs";

const ATTEMPTS = [
  "__Host-refresh_token=planted; Domain=example.test; Path=/; Secure; HttpOnly",
  "__Host-refresh_token=planted; Domain=auth.example.test; Path=/; Secure",
  "__Host-refresh_token=planted; Domain=example.test; Path=/refresh; Secure",
  "__host-refresh_token=planted; Domain=example.test; Path=/; Secure",
  "__HOST-refresh_token=planted; Domain=example.test; Path=/; Secure",
  // A nameless cookie is sent as its value only.
  "=__Host-refresh_token=planted; Domain=example.test; Path=/; Secure",
  " __Host-refresh_token=planted; Domain=example.test; Path=/; Secure",
];

const evil = page("<title>A page</title>", { "Set-Cookie": ATTEMPTS });
let received;
const plain = (request, response) => {
  received = request.headers.cookie ?? "none";
  const cookies = ["__Host-refresh_token=planted; Path=/; Secure", "__Host-refresh_token=planted; Path=/"];
  page("<title>Not https</title>", { "Set-Cookie": cookies })(request, response);
};

await onStage(
  async (stage) => {
    await stage.loggedIn();
    const before = await stage.cookie();
    const tab = await stage.open(SIBLING);
    await tab.evaluate((attempts) => {
      for (const attempt of attempts) document.cookie = attempt;
    }, ATTEMPTS);
    // Without https, whoever is between browser and service responds for it.
    await stage.open("http://auth.example.test");
    assert.equal(received, "none");
    const planted = (await stage.context.cookies(API)).filter(({ value }) => value.includes("planted"));
    assert.deepEqual(planted, []);
    await stage.assertUntouched(before);

    // It can fill the browser's store until the cookie is dropped: that is a logout, and
    // the worst that it can do.
    await tab.evaluate(() => {
      for (let n = 0; n < 400; n += 1) document.cookie = `n${n}=x; Domain=example.test; Secure`;
    });
    await until(async () => (await stage.cookie()) === undefined, "the cookie is dropped");
    assert.equal((await post(await stage.open(APP), "/refresh", {})).status, 400);
    await stage.loggedIn();
  },
  { hosts: { "evil.example.test": evil }, plain },
);
