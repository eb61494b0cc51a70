// Starts the page, and keeps what it shows up to date.

import * as account from "./account.js";
import * as calls from "./calls.js";
import { byId } from "./elements.js";
import * as events from "./events.js";
import { data } from "./http.js";
import * as keys from "./keys.js";
import * as mails from "./mails.js";
import * as people from "./people.js";
import { tick } from "./view.js";

// How often to look for new lines, and how often for changes that no line reports, such as
// those of `cargo gatehouse`.
const LINES_MS = 1000;
const STATE_EVERY = 5;

let looks = 0;
let isFailing = false;

account.start(report);
calls.start(report);
keys.start(report, readState);
events.start();
account.account.addEventListener("changed", readState);
setInterval(tick, 1000);
look();

/** Looks for news for as long as the page is visible. */
async function look() {
  try {
    if (document.visibilityState === "visible") {
      const count = await events.follow();
      await mails.follow();
      if (count > 0 || looks % STATE_EVERY === 0) {
        await readState();
      }
      looks += 1;
      recovered();
    }
  } catch (error) {
    failed(error);
  }
  setTimeout(look, LINES_MS);
}

async function readState() {
  const own = account.identity();
  const query = own ? `?sub=${encodeURIComponent(own.sub)}` : "";
  let state;
  try {
    state = await data(`state${query}`);
  } catch (error) {
    failed(error);
    return;
  }
  people.show(state.accounts, own);
  keys.show(state.keys, own);
  if (own) {
    account.showSessionState(people.stateOf(state.accounts, own.sid));
    byId("admin-name").textContent = own.username;
    byId("admin-help").hidden = own.roles.includes("admin");
  }
}

function failed(error) {
  if (!isFailing) {
    report(`The console cannot read the service: ${error.message}`, true);
  }
  isFailing = true;
}

function recovered() {
  if (isFailing) {
    report("The service responds again.");
  }
  isFailing = false;
}

function report(text, isFailure = false) {
  const status = byId("status");
  // A screen reader announces a change: the same text again would not be one.
  status.textContent = "";
  status.classList.toggle("failed", isFailure);
  setTimeout(() => (status.textContent = text));
}
