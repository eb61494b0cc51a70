// Debian's Chromium for the scripts in this folder.

import { chromium } from "playwright-core";

// A script that hangs fails with this, before the test that runs it gives up on it.
const SECONDS = 90;

/** The URL of the service that the test has started. */
export const url = process.env.API_URL;

/**
 * Starts Chromium with a fresh profile, calls `script` with it, and closes it. A script
 * fails by throwing; `node:assert/strict` does. `args` are further command-line flags.
 */
export async function withChromium(script, args = []) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox", // In CI it runs as root, and then Chromium has no sandbox.
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-proxy-server",
      ...args,
    ],
  });
  const expiry = setTimeout(() => fail(`nothing happened for ${SECONDS} s`), SECONDS * 1000);
  const fail = (why) => {
    console.error(why);
    browser.close().finally(() => process.exit(1));
  };
  try {
    await script(browser);
  } finally {
    clearTimeout(expiry);
    await browser.close();
  }
}
