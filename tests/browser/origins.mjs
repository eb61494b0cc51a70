// A page of an origin in `CorsOrigins` may call the API and read every response; a page
// of any other origin may not.

import assert from "node:assert/strict";

import { url, withChromium } from "./chromium.mjs";
import { page, proxy, withHosts } from "./hosts.mjs";

const { USERNAME, PASSWORD } = process.env;
const API = "https://auth.example.test";

const hosts = {
  "auth.example.test": proxy(url),
  "app.example.test": page("<title>An allowed origin</title>"),
  "evil.example.test": page("<title>Another origin</title>"),
};
await withHosts(hosts, (flags) => withChromium(script, flags));

async function script(browser) {
  const app = await browser.newPage();
  await app.goto("https://app.example.test");
  const login = await app.evaluate(post, [`${API}/login`, USERNAME, PASSWORD]);
  assert.equal(login.status, 200);
  const bearer = `Bearer ${login.body.access_token}`;
  assert.equal((await app.evaluate(get, [`${API}/protected`, bearer])).status, 200);

  // The local gateway's own refusals can be read too.
  const invalid = await app.evaluate(get, [`${API}/protected`, "Bearer x"]);
  assert.deepEqual(invalid, { status: 403, body: { message: "Forbidden" } });
  const missing = await app.evaluate(get, [`${API}/protected`, null]);
  assert.deepEqual(missing, { status: 401, body: { message: "Unauthorized" } });

  const evil = await browser.newPage();
  await evil.goto("https://evil.example.test");
  const unreadable = await evil.evaluate(get, [`${API}/protected`, null]);
  assert.deepEqual(unreadable, { failure: "TypeError: Failed to fetch" });
}

async function post([path, username, password]) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  return { status: response.status, body: await response.json() };
}

async function get([path, authorization]) {
  const headers = authorization === null ? {} : { Authorization: authorization };
  try {
    const response = await fetch(path, { headers });
    return { status: response.status, body: await response.json() };
  } catch (error) {
    return { failure: String(error) };
  }
}
