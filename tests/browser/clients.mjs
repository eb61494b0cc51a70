// docs/clients/gatehouse.js in ten tabs that share their tokens: one refresh for all of
// them, and a tab that is closed during its refresh costs nobody the session.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";

import { url, withChromium } from "./chromium.mjs";
import { page, proxy, withHosts } from "./hosts.mjs";

const { USERNAME, PASSWORD } = process.env;
const TABS = 10;
const api = proxy(url);
const client = readFileSync(new URL("../../docs/clients/gatehouse.js", import.meta.url));

const html = page(`<script type="module">
  import { Gatehouse, BrowserStorage } from "./gatehouse.js";
  globalThis.storage = new BrowserStorage();
  globalThis.gatehouse = new Gatehouse("https://auth.example.test", { storage });
</script>`);

/** The `Idempotency-Key` of each refresh. */
const keys = [];
/** Called when the service has handled a refresh whose response is then lost. */
let lose;

const hosts = {
  "app.example.test"(request, response) {
    if (request.url !== "/gatehouse.js") return html(request, response);
    return response.writeHead(200, { "Content-Type": "text/javascript" }).end(client);
  },
  "auth.example.test"(request, response) {
    if (request.method !== "POST" || request.url !== "/refresh") return api(request, response);
    keys.push(request.headers["idempotency-key"]);
    return api(request, lose ? lost(lose) : response);
  },
};
await withHosts(hosts, (flags) => withChromium(script, flags));

async function script(browser) {
  const context = await browser.newContext();
  const tabs = await Promise.all(Array.from({ length: TABS }, () => open(context)));
  await tabs[0].evaluate(([name, password]) => gatehouse.login(name, password), [USERNAME, PASSWORD]);

  await expire(tabs[0]);
  assert.deepEqual(await callFromAll(tabs), Array(TABS * 10).fill(200));
  assert.equal(keys.length, 1, "one refresh for a hundred callers in ten tabs");

  await expire(tabs[1]);
  const closed = new Promise((resolve) => {
    lose = async () => {
      lose = undefined;
      await refreshing.close();
      resolve();
    };
  });
  const refreshing = tabs.pop();
  refreshing.evaluate(() => gatehouse.fetch("/protected")).catch(() => {});
  while (keys.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const statuses = callFromAll(tabs);
  await closed;
  assert.deepEqual(await statuses, Array(tabs.length * 10).fill(200));
  assert.equal(keys.length, 3, "one tab repeats the refresh of the closed one");
  assert.equal(keys[2], keys[1], "with the stored key");
  assert.notEqual(keys[1], keys[0]);

  await tabs[0].evaluate(() => gatehouse.logout());
  for (const tab of tabs) {
    const error = await tab.evaluate(() => gatehouse.fetch("/protected").catch((error) => error.name));
    assert.equal(error, "LoggedOutError");
  }
}

async function open(context) {
  const tab = await context.newPage();
  await tab.goto("https://app.example.test");
  await tab.waitForFunction(() => globalThis.gatehouse);
  return tab;
}

/** The next caller has to refresh. */
function expire(tab) {
  return tab.evaluate(async () => storage.save({ ...(await storage.load()), requestedAt: 0 }));
}

/** Ten callers in each tab, all at the same moment. */
async function callFromAll(tabs) {
  const start = Date.now() + 500;
  const call = async (start) => {
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()));
    const calls = Array.from({ length: 10 }, () => gatehouse.fetch("/protected"));
    return (await Promise.all(calls)).map((response) => response.status);
  };
  return (await Promise.all(tabs.map((tab) => tab.evaluate(call, start)))).flat();
}

/**
 * A response that the service writes, and that nobody receives. The connection stays: if
 * it were cut, Chromium would send the request again by itself.
 */
function lost(then) {
  const nowhere = new PassThrough().resume();
  nowhere.writeHead = () => {};
  nowhere.on("end", then);
  return nowhere;
}
