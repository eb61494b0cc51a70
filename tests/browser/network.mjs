// The network fails between the rotation and its response. The service runs without a grace
// window, so that only the `Idempotency-Key` helps.

import assert from "node:assert/strict";

import { CALL, CALLED, withApplication } from "./application.mjs";

const { USERNAME } = process.env;
let lost = 0;

await withApplication(
  async (application) => {
    const tab = await application.loggedIn();
    await application.expireAccessTokens();
    lost = 1;
    assert.equal(await tab.press(CALL), CALLED, "the page repeats the refresh");
    assert.equal(lost, 0);

    // No attempt gets a response, and the user reloads the page.
    await application.expireAccessTokens();
    lost = Infinity;
    await tab.press(CALL);
    await tab.says("The service cannot be reached: try again.");
    lost = 0;
    await tab.page.reload();
    await tab.shows(USERNAME);
    assert.equal(await tab.press(CALL), CALLED);
  },
  ({ method, url }) => {
    if (method !== "POST" || url !== "/refresh" || lost === 0) return true;
    lost -= 1;
    return false;
  },
);
