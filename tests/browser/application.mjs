// The page in `docs/browsers`, served with the headers that `docs/browsers.md` recommends.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { files } from "./hosts.mjs";
import { API, APP, onStage } from "./stage.mjs";

const DOCS = join(dirname(fileURLToPath(import.meta.url)), "../../docs");
const { USERNAME, PASSWORD } = process.env;

/** Calls `script` with an `Application`; `onResponse` as in `proxy`. */
export async function withApplication(script, onResponse) {
  const app = files(DOCS, recommendedHeaders(), (text) =>
    // The one line that a deployment changes.
    text.replace('name="gatehouse" content="http://localhost:3000"', `name="gatehouse" content="${API}"`),
  );
  const hosts = { "app.example.test": app };
  await onStage((stage) => script(new Application(stage)), { hosts, onResponse });
}

/** The first block `http` of the page, with the API's domain of the tests. */
function recommendedHeaders() {
  const page = readFileSync(join(DOCS, "browsers.md"), "utf8");
  const block = page.split("```http\n")[1].split("```")[0].replaceAll("auth.example.com", "auth.example.test");
  return Object.fromEntries(block.trim().split("\n").map((line) => line.split(/: (.*)/).slice(0, 2)));
}

/** The page in one browser. */
export class Application {
  /** What the pages reported in their consoles. */
  errors = [];

  constructor(stage) {
    this.stage = stage;
    stage.context.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
    stage.context.on("weberror", (error) => this.errors.push(String(error.error())));
  }

  /** Returns true if a page has reported an error that contains this text. */
  reported(text) {
    return this.errors.some((error) => error.includes(text));
  }

  /** Opens a tab of the page, and waits until it shows the form or the account. */
  async open() {
    const tab = new Tab(await this.stage.open(`${APP}/browsers/`));
    await tab.page.waitForSelector("#login:not([hidden]), #account:not([hidden])");
    return tab;
  }

  async loggedIn(username = USERNAME, password = PASSWORD) {
    const tab = await this.open();
    await tab.logIn(username, password);
    return tab;
  }

  /** The responses to refreshes so far: their statuses. */
  refreshes() {
    const sent = this.stage.seen.filter(({ method, path }) => method === "POST" && path === "/refresh");
    return sent.map(({ status }) => status);
  }

  /** Makes every access token that a page has look expired. */
  async expireAccessTokens() {
    this.now = (this.now ?? Date.now()) + 20 * 60 * 1000;
    for (const page of this.stage.context.pages()) await page.clock.setFixedTime(this.now);
  }
}

/** One tab of the page, used as a person does. */
export class Tab {
  constructor(page) {
    this.page = page;
  }

  async logIn(username, password) {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Password").fill(password);
    await this.page.keyboard.press("Enter");
    await this.shows(username);
  }

  /** Waits until the account of this user is shown. */
  async shows(username) {
    await this.page.getByText(`You are logged in as ${username}.`).waitFor();
  }

  async showsTheForm() {
    await this.page.getByRole("button", { name: "Log in" }).waitFor();
    assert.equal(await this.page.locator("#account").isHidden(), true);
  }

  /** Presses a button, and waits for what the page says then. */
  async press(name) {
    await this.page.getByRole("button", { name }).click();
    return this.says(/./);
  }

  async says(text) {
    const status = this.page.getByRole("status").filter({ hasText: text });
    await status.waitFor();
    return status.textContent();
  }
}

export const CALL = "Call a protected route";
export const CALLED = "/protected: You are logged in.";
