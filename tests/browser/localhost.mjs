// The page of `docs/browsers` on this machine, without https, as its last section starts it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { CALL, CALLED, Tab } from "./application.mjs";
import { url, withChromium } from "./chromium.mjs";
import { files } from "./hosts.mjs";

const { USERNAME, PASSWORD, PAGE_PORT } = process.env;

const docs = fileURLToPath(new URL("../../docs", import.meta.url));
const serve = files(docs, {}, (text) => text.replace("http://localhost:3000", url));
const server = createServer(serve).listen(Number(PAGE_PORT), "localhost");
try {
  await withChromium(async (browser) => {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${PAGE_PORT}/browsers/`);
    const tab = new Tab(page);
    await tab.logIn(USERNAME, PASSWORD);
    await page.reload();
    await tab.shows(USERNAME);
    assert.equal(await tab.press(CALL), CALLED);
    await page.getByRole("button", { name: "Log out" }).click();
    await tab.showsTheForm();
  });
} finally {
  server.closeAllConnections();
  server.close();
}
