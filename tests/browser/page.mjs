// The page of `docs/browsers`: log in, reload, log out, in two tabs; and where tokens are.

import assert from "node:assert/strict";

import { CALL, CALLED, withApplication } from "./application.mjs";
import { until } from "./chromium.mjs";
import { APP, OTHER_SITE } from "./stage.mjs";

const { USERNAME, PASSWORD, OTHER_USERNAME } = process.env;

await withApplication(async (application) => {
  const { stage } = application;
  const tab = await application.open();
  assert.equal(await tab.page.getByRole("status").textContent(), "", "a first visit is not an error");
  await tab.page.getByLabel("Username").fill(USERNAME);
  await tab.page.getByLabel("Password").fill("not the password at all");
  await tab.page.keyboard.press("Enter");
  await tab.says("The username or the password is wrong.");
  await tab.logIn(USERNAME, PASSWORD);
  assert.equal(await tab.press(CALL), CALLED);
  // Not allowed is not expired: the page does not refresh.
  const before = application.refreshes().length;
  assert.match(await tab.press("Call a route for administrators"), /not allowed/);
  assert.equal(application.refreshes().length, before);

  // What a script finds later, or a thief of the disk: no token.
  const left = await tab.page.evaluate(stored);
  assert.match(left, /"sub/);
  assert.doesNotMatch(left, /eyJ|gh_rt_/);

  await tab.page.reload();
  await tab.shows(USERNAME);
  const second = await application.open();
  await second.shows(USERNAME);
  assert.equal(application.refreshes().filter((status) => status === 200).length, 1, "only the reload refreshed");

  // Another account in the second tab: the first one shows it too.
  await second.page.getByRole("button", { name: "Log out" }).click();
  await tab.showsTheForm();
  await second.logIn(OTHER_USERNAME, PASSWORD);
  await tab.shows(OTHER_USERNAME);
  assert.equal(await tab.press(CALL), CALLED);

  await tab.page.getByRole("button", { name: "Log out" }).click();
  await tab.showsTheForm();
  await second.showsTheForm();
  assert.equal(await stage.cookie(), undefined);

  // The headers: no HTML from text, no requests elsewhere, no frame of another site.
  assert.equal(application.reported("Content Security Policy"), false, "the page keeps its own policy");
  const injected = tab.page.evaluate(() => document.body.insertAdjacentHTML("beforeend", "<b>"));
  await assert.rejects(injected, /TrustedHTML/);
  const sent = tab.page.evaluate((address) => fetch(address, { mode: "no-cors" }), OTHER_SITE);
  await assert.rejects(sent, /Failed to fetch/);
  await until(() => application.reported("connect-src"), "the request is reported");
  const other = await stage.open(OTHER_SITE);
  await other.evaluate((address) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    document.body.append(frame);
  }, `${APP}/browsers/`);
  await until(() => application.reported("frame-ancestors"), "the frame is reported");
});

/** Everything that a script of the page can find in the browser. */
async function stored() {
  const found = [document.cookie, { ...localStorage }, { ...sessionStorage }];
  const result = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  for (const { name } of await indexedDB.databases()) {
    const database = await result(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      found.push(await result(database.transaction(store).objectStore(store).getAll()));
    }
    database.close();
  }
  return JSON.stringify(found);
}
