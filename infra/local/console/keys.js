// The states of the keys, and their rotation.

import { badge, byId, fillRows, h } from "./elements.js";
import { data } from "./http.js";
import { countdown, time } from "./view.js";

const KINDS = { active: "good", pending: "wait", retired: "past" };

/** Connects the buttons; `report(text, isFailure)` says what happened, `changed` follows. */
export function start(report, changed) {
  byId("rotate").addEventListener("click", () => rotate(false, report, changed));
  byId("rotate-now").addEventListener("click", () => rotate(true, report, changed));
}

/** Shows the keys; `own` says which ones this page's tokens were made with. */
export function show(keys, own) {
  const published = new Map(keys.published.map((key) => [key.kid, key]));
  fillRows(byId("signing-keys"), keys.signing.map((key) => signingRow(key, published, keys, own)));
  fillRows(byId("mac-keys"), keys.refresh.map((key) => macRow(key, own)));
}

async function rotate(now, report, changed) {
  try {
    const { rotated, keys } = await data("rotation", { now });
    const active = keys.signing.find(({ state }) => state === "active");
    report(
      rotated
        ? `The keys have rotated: ${active?.kid ?? "no key"} signs from now on.`
        : "Too early: the pending key has not been published for long enough. Nothing has changed.",
    );
  } catch (error) {
    report(`Not rotated. ${error.message}`, true);
  }
  changed();
}

function signingRow(key, published, keys, own) {
  const shown = published.get(key.kid);
  const isOwn = key.kid === own?.key;
  return {
    key: key.kid,
    own: isOwn,
    cells: [
      key.kid,
      key.algorithm,
      badge(key.state, KINDS[key.state]),
      shown ? badge(shown.state, KINDS[shown.state]) : "not published",
      time(shown?.since ?? key.since),
      note(key, shown, keys, isOwn),
    ],
  };
}

function note(key, shown, { min_pending_seconds: wait }, isOwn) {
  const parts = [];
  if (isOwn) {
    parts.push("Signed your access token. ");
  }
  if (key.state === "pending" && shown && wait) {
    parts.push("May sign in: ", countdown(shown.since + wait));
  }
  return h("span", {}, ...parts);
}

function macRow(key, own) {
  const isOwn = key.id === own?.macKey;
  return {
    key: key.id,
    own: isOwn,
    cells: [
      key.id,
      badge(key.state, KINDS[key.state]),
      time(key.since),
      isOwn ? "Authenticates your refresh token." : "",
    ],
  };
}
