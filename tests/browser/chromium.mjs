// Debian's Chromium for the scripts in this folder.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  await closing(await chromium.launch(options(args)), script);
}

/**
 * As `withChromium`, but `script` gets the context of a regular profile, which sends cookies
 * of third parties. Debian's default and private windows do not, and would hide what other
 * defences are worth.
 */
export async function withProfile(script, args = []) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-profile-"));
  const preferences = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } };
  mkdirSync(join(folder, "Default"));
  writeFileSync(join(folder, "Default/Preferences"), JSON.stringify(preferences));
  try {
    await closing(await chromium.launchPersistentContext(folder, options(args)), script);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until a condition holds, for 10 seconds at most. */
export async function until(condition, what) {
  for (const end = Date.now() + 10_000; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`not after 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function options(args) {
  return {
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
  };
}

/** Calls `script`, and closes what it gets: at the latest when it takes too long. */
async function closing(browser, script) {
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
