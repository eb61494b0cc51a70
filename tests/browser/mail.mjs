// The page of `docs/browsers` that mails link to: it acts on a click, and keeps no code.

import assert from "node:assert/strict";

import { Tab, withApplication } from "./application.mjs";

const { VERIFICATION, RESET, CANCELLATION, PASSWORD, NEW_PASSWORD } = process.env;
const EXPIRED = "The link has expired or has already been used. Ask for a new mail.";

await withApplication(async (application) => {
  const { stage } = application;

  /** Opens a link as its reader does, and expects that this sends nothing. */
  async function follow(link) {
    const tab = new Tab(await stage.open("about:blank"));
    await visit(tab, link);
    return tab;
  }

  async function visit(tab, link) {
    const before = stage.seen.length;
    await tab.page.goto(link);
    await tab.page.waitForLoadState("networkidle");
    assert.equal(await tab.page.getByRole("status").textContent(), "");
    assert.equal(await tab.page.getByRole("button").count(), 1, "there is one form");
    assert.equal(await tab.page.evaluate(() => location.href), link.split("#")[0], "the code is in the address bar");
    assert.deepEqual(stage.seen.slice(before), [], "a request without a click");
  }

  /** Types into the form, presses its button, and waits for what the page says. */
  async function submit(tab, label, text) {
    await tab.page.getByLabel(label, { exact: true }).fill(text);
    await tab.page.keyboard.press("Enter");
    return tab.says(/./);
  }

  // An address: not with another password, and once.
  const verifying = await follow(VERIFICATION);
  assert.equal(await submit(verifying, "Password", "not the password at all"), "The password is wrong.");
  assert.equal(await submit(verifying, "Password", PASSWORD), "Your address is verified.");
  assert.equal(await verifying.page.getByRole("button").count(), 0, "nothing is left to send");
  const again = await follow(VERIFICATION);
  assert.equal(await submit(again, "Password", PASSWORD), EXPIRED);

  // A link into a tab that shows the page already loads nothing, and is read all the same.
  await visit(again, changed(RESET));
  assert.equal(await submit(again, "New password", NEW_PASSWORD), EXPIRED);

  // A password: the reader hears what is wrong with one, and can choose another.
  const resetting = await follow(RESET);
  assert.match(await submit(resetting, "New password", "short"), /^The password has fewer than 15 characters\. .*Add another word/);
  const unreadable = await submit(resetting, "New password", "an invisible\u200bcharacter");
  assert.match(unreadable, /must not contain control or invisible characters/);
  assert.equal(await submit(resetting, "New password", NEW_PASSWORD), "Your new password is set. You can log in with it now.");
  assert.equal(await submit(await follow(RESET), "New password", NEW_PASSWORD), EXPIRED);

  // A change of address.
  const cancelling = await follow(CANCELLATION);
  assert.match(await cancelling.press("Cancel the change"), /^The change is cancelled/);
  assert.equal(await (await follow(CANCELLATION)).press("Cancel the change"), EXPIRED);

  // Half a link, as a line break in a mail leaves it.
  const half = new Tab(await stage.open(RESET.split("#")[0]));
  assert.match(await half.says(/./), /^There is no code in the link\./);
  assert.equal(await half.page.getByRole("button").count(), 0);

  // Nor does the browser tell a code to anyone, or find it in its history.
  await verifying.page.goBack();
  assert.equal(verifying.page.url(), "about:blank");
  const sent = stage.seen.map(({ path }) => path).join();
  assert.doesNotMatch(sent, /gh_/);
  assert.equal(application.reported("Content Security Policy"), false, "the page keeps its own policy");
});

/** Returns a link with another code. */
function changed(link) {
  const middle = link.indexOf("gh_rc_") + 40;
  const other = link[middle] === "A" ? "B" : "A";
  return link.slice(0, middle) + other + link.slice(middle + 1);
}
