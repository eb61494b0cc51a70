// The account and its tokens: register, log in, refresh, log out, replay.

import { badge, byId, h } from "./elements.js";
import { problem, send } from "./http.js";
import { accessView, claimsOf, keyOf, refreshParts, refreshView } from "./tokens.js";
import { countdown, time } from "./view.js";

/** What this page has logged in as; `changed` fires when it changes. */
export const account = new EventTarget();

// `null`, or { username, access, refresh, accessUntil, refreshUntil, sub, sid, key, spent },
// where `spent` lists earlier refresh tokens of this session, newest first.
let current = null;
let say;

/** Returns the subject, session and keys of the tokens, or `null` before a login. */
export function identity() {
  return current && {
    username: current.username,
    sub: current.sub,
    sid: current.sid,
    key: current.key,
    macKey: refreshParts(current.refresh).key,
    roles: claimsOf(current.access).roles,
  };
}

/** Returns the access token, as it is or with a changed claim; undefined before a login. */
export function accessToken({ changed = false } = {}) {
  if (!current || !changed) {
    return current?.access;
  }
  const [header, , signature] = current.access.split(".");
  const claims = JSON.stringify({ ...claimsOf(current.access), roles: ["admin"] });
  const forged = btoa(claims).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${header}.${forged}.${signature}`;
}

/** Connects the forms; `report(text, isFailure)` says what happened. */
export function start(report) {
  say = report;
  byId("credentials").addEventListener("submit", (event) => {
    event.preventDefault();
    logIn();
  });
  byId("register").addEventListener("click", register);
  byId("refresh").addEventListener("click", refresh);
  byId("logout").addEventListener("click", logOut);
}

/** Shows the state of this page's session: the word of the console's data. */
export function showSessionState(state) {
  const kinds = { active: "good", unknown: "wait" };
  const text = state === "active" ? "" : " Its access token is refused on the next call, and its refresh token too.";
  byId("session-state").replaceChildren(
    "This session is ",
    badge(state, kinds[state] ?? "bad"),
    ".",
    state === "unknown" ? "" : text,
  );
}

async function register() {
  if (!byId("credentials").reportValidity()) {
    return;
  }
  const email = byId("email").value;
  const json = email === "" ? credentials() : { ...credentials(), email };
  const exchange = await send("POST", "/register", { json });
  if (exchange.response?.status === 201) {
    say(`${exchange.response.body.username} is registered. Log in now.`);
  } else {
    say(`Not registered. ${problem(exchange)}`, true);
  }
}

async function logIn() {
  const { username, password } = credentials();
  const exchange = await send("POST", "/login", { json: { username, password } });
  if (exchange.response?.status !== 200) {
    say(`Not logged in. ${problem(exchange)}`, true);
    return;
  }
  current = { username, spent: [] };
  keep(exchange.response.body);
  byId("password").value = "";
  say(`Logged in as ${username}: a session has begun.`);
}

async function refresh() {
  const spent = current.refresh;
  const exchange = await present(spent);
  if (exchange.response?.status !== 200) {
    say(`Not refreshed. ${problem(exchange)}`, true);
    return;
  }
  current.spent.unshift({ token: spent, at: Date.now() / 1000 });
  keep(exchange.response.body);
  say(`Refreshed: generation ${refreshParts(current.refresh).generation}. The earlier refresh token is spent.`);
}

async function replay(token) {
  const { generation } = refreshParts(token);
  const exchange = await present(token);
  if (exchange.response?.status === 200) {
    const same = exchange.response.body.refresh_token === current.refresh;
    keep(exchange.response.body);
    say(`Generation ${generation} returned ${same ? "the same successor again" : "a successor"}: it has not been used yet. Refresh, then replay it again.`);
  } else {
    account.dispatchEvent(new Event("changed"));
    say(`Replayed generation ${generation}. ${problem(exchange)}`, true);
  }
}

async function logOut() {
  const exchange = await send("POST", "/logout", { token: current.access });
  account.dispatchEvent(new Event("changed"));
  if (exchange.response?.status === 204) {
    say("Logged out: the session has ended. The tokens stay here, so that you can see them refused.");
  } else {
    say(`Not logged out. ${problem(exchange)}`, true);
  }
}

function present(token) {
  return send("POST", "/refresh", { form: { grant_type: "refresh_token", refresh_token: token } });
}

function credentials() {
  return { username: byId("username").value, password: byId("password").value };
}

function keep(body) {
  const now = Date.now() / 1000;
  const { sub, sid } = claimsOf(body.access_token);
  Object.assign(current, {
    access: body.access_token,
    refresh: body.refresh_token,
    accessUntil: claimsOf(body.access_token).exp,
    refreshUntil: now + body.refresh_expires_in,
    sub,
    sid,
    key: keyOf(body.access_token),
  });
  show();
  account.dispatchEvent(new Event("changed"));
}

function show() {
  byId("refresh").disabled = false;
  byId("logout").disabled = false;
  byId("no-tokens").hidden = true;
  byId("token-view").hidden = false;
  byId("access-left").replaceChildren("Time left: ", countdown(current.accessUntil), ".");
  byId("access-parts").replaceChildren(...accessView(current.access));
  byId("refresh-left").replaceChildren("Time left: ", countdown(current.refreshUntil), ".");
  byId("refresh-parts").replaceChildren(...refreshView(current.refresh));
  showGenerations();
}

function showGenerations() {
  const list = byId("generations");
  const focused = list.contains(document.activeElement) ? document.activeElement.textContent : null;
  list.replaceChildren(
    row(current.refresh, badge("current", "good")),
    ...current.spent.map(({ token, at }) => row(token, badge("spent", "wait"), at)),
  );
  // The button that was pressed is a new one now; whoever pressed it stays there.
  Array.from(list.querySelectorAll("button"))
    .find((button) => button.textContent === focused)
    ?.focus();
}

function row(token, state, at) {
  const { generation } = refreshParts(token);
  const about = h("span", {}, `Generation ${generation} `, state, ...(at ? [" at ", time(at)] : []));
  if (!at) {
    return h("li", {}, about);
  }
  const button = h("button", { type: "button" }, `Replay generation ${generation}`);
  button.addEventListener("click", () => replay(token));
  return h("li", {}, about, button);
}
