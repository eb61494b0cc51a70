// The console of `cargo local`: everything that it can do, by keyboard, in light and dark.
// SCREENSHOTS=FOLDER writes the pictures of docs/console.md.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { url, withChromium } from "./chromium.mjs";
import { colours, names, Tour } from "./tour.mjs";

const { ADMIN_USERNAME, ADMIN_PASSWORD } = process.env;
const PASSWORD = "seven quiet otters at dawn";
const REBOUND = "rebound.example.test";

await withChromium(script, [`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`]);

async function script(browser) {
  await isOnlyForItself(browser);
  for (const scheme of ["light", "dark"]) {
    const tour = await Tour.start(browser, url, scheme);
    await registers(tour);
    await readsMail(tour);
    await logsIn(tour);
    await calls(tour);
    await replays(tour);
    await rotates(tour);
    await logsOut(tour);
    await callsAsAdministrator(tour);
    await names(tour.page);
    await colours(tour.page);
    await tour.ends();
  }
}

async function registers(tour) {
  const { page, username } = tour;
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content", "the first stop of the Tab key");
  await names(page);
  await tour.types("Username", username);
  await tour.types("Password", "short");
  await tour.presses("Register");
  await tour.says(/^Not registered\. 422: .*password/);
  await tour.types("Password", PASSWORD);
  await tour.types("E-mail address", address(username));
  await tour.presses("Register");
  await tour.says(`${username} is registered. Log in now.`);
}

async function readsMail(tour) {
  const { page, username } = tour;
  // The page has no button for it: whoever forgot the password has no session.
  await page.evaluate((body) => {
    const headers = { "Content-Type": "application/json" };
    return fetch("/password/forgot", { method: "POST", headers, body: JSON.stringify(body) });
  }, { username });
  const mail = page.locator("#mail-list tr", { hasText: address(username) }).first();
  await mail.getByText(/^gh_[a-z]{2}_/).waitFor();
  const subject = mail.locator("summary");
  await subject.focus();
  await page.keyboard.press("Enter");
  const code = await mail.locator("td.value").innerText();
  assert.ok((await mail.locator("pre").innerText()).includes(code), "the text has the code");
  await tour.photographs("mails", "#mails");
}

async function logsIn(tour) {
  const { page, username } = tour;
  await tour.types("Password", PASSWORD);
  await page.keyboard.press("Enter");
  await tour.says(`Logged in as ${username}: a session has begun.`);
  await page.getByText("This session is active").waitFor();
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "");

  const claims = await tour.rows("Claims");
  const expected = "aud auth_time client_id exp iat iss jti roles scope sid sub ver";
  assert.deepEqual(claims.map(([name]) => name).sort().join(" "), expected);
  const parts = await tour.rows("Parts");
  for (const [name, value, meaning] of [...claims, ...(await tour.rows("Header")), ...parts]) {
    assert.notEqual(value, "", name);
    assert.match(meaning, /^[A-Z].{20,}\.$/, `${name} is explained`);
    assert.doesNotMatch(meaning, /does not issue/, name);
  }
  const value = (rows, name) => rows.find(([own]) => own === name)[1];
  assert.equal(value(parts, "sid"), value(claims, "sid"), "both tokens are of one session");
  assert.equal(value(parts, "generation"), "0");

  const left = page.locator("#access-left").getByRole("timer");
  const before = await left.textContent();
  assert.match(before, /^(15 min 0 s|14 min \d+ s)$/);
  await page.waitForFunction(
    ([timer, text]) => timer.textContent !== text,
    [await left.elementHandle(), before],
  );
  await tour.shows("Users", [username, "user", "active", "1 of 1"]);
  await tour.shows("Sessions", [username, "active"]);
  await tour.shows("Events", ["login_succeeded"]);
}

async function calls(tour) {
  const { page } = tour;
  const columns = async () => {
    const titles = ["Request", "Authorizer decision", "Response"];
    const articles = titles.map((title) => page.getByRole("article", { name: title }).innerText());
    return (await Promise.all(articles)).map((text) => text.replaceAll(/\s+/g, " "));
  };
  const calling = async (path, status, decision) => {
    await tour.presses(`Call GET ${path}`);
    await tour.says(new RegExp(`^GET ${path}: ${status}`));
    await page.locator("#decision-view .badge", { hasText: decision }).waitFor();
    return columns();
  };
  let [request, decision, response] = await calling("/protected", 200, "Allowed");
  assert.match(request, /GET \/protected Authorization Bearer eyJ.*…/);
  assert.match(decision, /by authorizer, for GET \/protected\..* roles user .* sub \S{22}/);
  assert.match(response, /200 .*"message": "You are logged in\."/);

  [, decision, response] = await calling("/admin", 403, "Allowed");
  assert.match(decision, /protected: authorization_denied \(missing_role\)/);
  assert.match(response, /403 .*insufficient_scope/);
  assert.ok(await page.getByText("cargo gatehouse users promote").isVisible());

  await tour.chooses("the access token with a changed claim");
  [, decision, response] = await calling("/admin", 403, "Denied");
  assert.match(decision, /reason signature/);
  assert.match(response, /403 .*"message": "Forbidden"/);

  await tour.chooses("no token");
  [request, , response] = await calling("/protected", 401, "Not called");
  assert.doesNotMatch(request, /Bearer/);
  assert.match(response, /401 .*"message": "Unauthorized"/);
  await tour.chooses("the access token");
  await calling("/protected", 200, "Allowed");
  await tour.photographs("calls", "#calls");
}

async function replays(tour) {
  const { page } = tour;
  await tour.presses("Refresh");
  await tour.says("Refreshed: generation 1. The earlier refresh token is spent.");
  await tour.presses("Replay generation 0");
  await tour.says(/^Generation 0 returned the same successor again/);
  assert.equal(await focused(page), "Replay generation 0", "the focus stays");
  await tour.presses("Refresh");
  await tour.says(/^Refreshed: generation 2/);
  await tour.photographs("tokens", "#tokens");
  await tour.presses("Replay generation 0");
  await tour.says(/^Replayed generation 0\. 400: /);
  await page.getByText("This session is revoked").waitFor();
  await tour.shows("Sessions", [tour.username, "revoked"]);
  await tour.shows("Events", ["refresh_reuse_detected", "reason=replay"]);
  await tour.presses("Call GET /protected");
  await page.locator("#decision-view", { hasText: "session_revoked" }).waitFor();
}

async function rotates(tour) {
  const active = async () => {
    const keys = await tour.rows("Signing keys, for access tokens");
    return keys.find(([, , state]) => state === "active")[0];
  };
  const before = await active();
  await tour.presses("Rotate");
  await tour.says(/^Too early: /);
  await tour.presses("Rotate now");
  await tour.says(/^The keys have rotated: /);
  await tour.shows("Signing keys", [before, "retired"]);
  assert.notEqual(await active(), before);
  await tour.photographs("people", "#people");
  await tour.photographs("keys", "#keys");
}

async function logsOut(tour) {
  await tour.types("Password", PASSWORD);
  await tour.page.keyboard.press("Enter");
  await tour.says(/^Logged in/);
  await tour.presses("Log out");
  await tour.says(/^Logged out/);
  await tour.page.getByText("This session is revoked").waitFor();
}

async function callsAsAdministrator(tour) {
  const { page } = tour;
  await tour.types("Username", ADMIN_USERNAME);
  await tour.types("Password", ADMIN_PASSWORD);
  await page.keyboard.press("Enter");
  await tour.says(/^Logged in/);
  await page.getByText("This session is active").waitFor();
  await tour.presses("Call GET /admin");
  await tour.says("GET /admin: 200.");
  await page.locator("#decision-view .badge", { hasText: "Allowed" }).waitFor();
  assert.ok(!(await page.getByText("cargo gatehouse users promote").isVisible()));
  const hidden = page.locator("#event-list li.detail").first();
  assert.ok(!(await hidden.isVisible()));
  await tour.chooses("Show every log line");
  await hidden.waitFor();
  await tour.chooses("Show every log line");
  await tour.photographs("events", "#events");
}

// A page of another origin gets nothing, and neither does a name that resolves to this machine.
async function isOnlyForItself(browser) {
  const other = createServer((_, response) => response.end("<title>Another origin</title>"));
  await new Promise((listening) => other.listen(0, "127.0.0.1", listening));
  const page = await browser.newPage();
  try {
    await page.goto(`http://localhost:${other.address().port}/`);
    const outcome = await page.evaluate(async (service) => {
      const reading = fetch(`${service}/_gatehouse/data/state`).then(
        () => "read",
        () => "failed",
      );
      const frame = document.createElement("iframe");
      frame.src = `${service}/_gatehouse/`;
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.body.append(frame);
      await loaded;
      return reading;
    }, url);
    assert.equal(outcome, "failed");
    assert.match(page.frames()[1].url(), /^chrome-error:/, "the console is not in the frame");
    for (const path of ["", "data/state"]) {
      const rebound = url.replace("localhost", REBOUND);
      const response = await page.goto(`${rebound}/_gatehouse/${path}`);
      assert.equal(response.status(), 403, path);
    }
    // A link to the page still works.
    const response = await page.goto(`${url}/_gatehouse/`, { referer: "http://other.test/" });
    assert.equal(response.status(), 200);
  } finally {
    await page.close();
    other.close();
  }
}

function focused(page) {
  return page.evaluate(() => document.activeElement.textContent.trim());
}

function address(username) {
  return `${username}@example.com`;
}
