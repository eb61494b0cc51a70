// Two tabs of the page refresh at once: one of them rotates the token, and both go on.

import assert from "node:assert/strict";

import { CALL, CALLED, withApplication } from "./application.mjs";

const { USERNAME } = process.env;

await withApplication(async (application) => {
  const first = await application.loggedIn();
  const second = await application.open();
  await second.shows(USERNAME);

  for (let round = 1; round <= 5; round += 1) {
    const before = application.refreshes().length;
    await application.expireAccessTokens();
    const said = await Promise.all([first.press(CALL), second.press(CALL)]);
    assert.deepEqual(said, [CALLED, CALLED]);
    assert.deepEqual(application.refreshes().slice(before), [200], `round ${round}`);
  }
});

// Without Web Locks, as in an old browser, both tabs send the same cookie at the same time.
// The service rotates once, and sends the same successor twice.
let waiting = [];
let isHolding = false;
await withApplication(
  async (application) => {
    const old = () => delete Navigator.prototype.locks;
    await application.stage.context.addInitScript(old);
    const first = await application.loggedIn();
    const second = await application.open();
    await second.shows(USERNAME);

    await application.expireAccessTokens();
    isHolding = true;
    const said = await Promise.all([first.press(CALL), second.press(CALL)]);
    assert.deepEqual(said, [CALLED, CALLED]);
    assert.deepEqual(application.refreshes().slice(-2), [200, 200]);
    assert.equal(waiting.length, 2, "both refreshed at once");

    await application.expireAccessTokens();
    isHolding = false;
    assert.equal(await first.press(CALL), CALLED, "the session goes on");
    assert.equal(await second.press(CALL), CALLED);
  },
  (request) => {
    if (!isHolding || request.method !== "POST" || request.url !== "/refresh") return true;
    // Neither gets its response before the other has sent its request.
    return new Promise((respond) => {
      waiting.push(respond);
      if (waiting.length === 2) waiting.forEach((each) => each(true));
    });
  },
);
