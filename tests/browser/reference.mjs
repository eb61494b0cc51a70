// The API reference of `cargo local`: it shows every route, sends a request, and loads
// nothing from elsewhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { url, withChromium } from "./chromium.mjs";

const document = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url)));
const routes = Object.values(document.paths).flatMap(Object.keys).length;

await withChromium(async (browser) => {
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    const own = request.url().startsWith(`${url}/`) || request.url().startsWith("data:");
    if (!own) errors.push(`a request to ${request.url()}`);
  });
  await page.goto(`${url}/_gatehouse/api/`);
  await page.locator(".opblock").first().waitFor();
  assert.equal(await page.locator(".opblock").count(), routes);

  const login = page.locator("#operations-Tokens-login");
  await login.locator(".opblock-summary-control").click();
  await login.getByRole("button", { name: "Try it out" }).click();
  await login.getByRole("button", { name: "Execute" }).click();
  // The example is of a user who does not exist here.
  await login.locator(".live-responses-table").getByText("invalid_credentials").first().waitFor();
  // Chromium reports each response of 4xx as an error of the page.
  assert.deepEqual(errors.filter((error) => !error.includes("status of 401")), []);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/reference.png` });
});
