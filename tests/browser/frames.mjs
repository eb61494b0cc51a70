// Frames, and requests whose `Origin` is `null`: a sandboxed frame sends it, and a page
// that suppresses its referrer.

import assert from "node:assert/strict";

import { page } from "./hosts.mjs";
import { API, OTHER_SITE, SIBLING, onStage, submit } from "./stage.mjs";

const UNREFERRED = page('<meta name="referrer" content="no-referrer"><title>A page</title>');

await onStage(
  async (stage) => {
    await stage.loggedIn();
    let before = await stage.cookie();

    // The sibling's form: the cookie arrives, and the origin does not.
    for (const path of ["/refresh", "/revoke"]) {
      const [request] = await stage.caused(
        async () => submit(await stage.open(SIBLING), path, { grant_type: "refresh_token" }),
        path,
      );
      assert.deepEqual(refusal(request), { origin: "null", hasCookie: true, status: 400 }, path);
    }
    await stage.assertUntouched(before);

    // A sandboxed frame has no site: the cookie is not sent, not even from a sibling.
    before = await stage.cookie();
    for (const [cookie, hasCookie] of [[before, false], [{ ...before, sameSite: "None" }, true]]) {
      await stage.context.addCookies([cookie]);
      for (const path of ["/refresh", "/revoke"]) {
        const [request] = await stage.caused(() => fromSandbox(stage, path), path);
        assert.deepEqual([request.origin, request.hasCookie], ["null", hasCookie], path);
        assert.ok([400, 415].includes(request.status), `${path}: ${request.status}`);
        assert.equal(request.setsCookie, false);
      }
    }

    // A frame of the API shows a response that its parent cannot read.
    const other = await stage.open(OTHER_SITE);
    const read = await other.evaluate(async (address) => {
      const frame = document.createElement("iframe");
      frame.src = address;
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      document.body.append(frame);
      await loaded;
      try {
        return frame.contentWindow.document.body.textContent;
      } catch (error) {
        return error.name;
      }
    }, `${API}/.well-known/jwks.json`);
    assert.equal(read, "SecurityError");
    await stage.assertUntouched(before);
  },
  { hosts: { "evil.example.test": UNREFERRED } },
);

function refusal({ origin, hasCookie, status }) {
  return { origin, hasCookie, status };
}

/** Runs a script in a sandboxed frame of the sibling, which has an origin of its own. */
async function fromSandbox(stage, path) {
  const evil = await stage.open(SIBLING);
  await evil.evaluate(async (address) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>
      const blind = { method: "POST", mode: "no-cors", credentials: "include", body: "{}" };
      const json = { method: "POST", credentials: "include", body: "{}",
        headers: { "Content-Type": "application/json" } };
      fetch("${address}", blind)
        .then(() => fetch("${address}", json))
        .then(() => parent.postMessage("read", "*"), () => parent.postMessage("refused", "*"));
    <\/script>`;
    const answer = new Promise((resolve) => (onmessage = ({ data }) => resolve(data)));
    document.body.append(frame);
    if ((await answer) !== "refused") throw new Error("the frame has read a response");
  }, API + path);
}
