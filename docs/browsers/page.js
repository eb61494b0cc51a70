// The page: what it shows, and what it does if a request is refused. `../clients/gatehouse.js`
// does the rest, and `tabs.js` shares its tokens with the other tabs.

import { Gatehouse, GatehouseError, LoggedOutError } from "../clients/gatehouse.js";
import { TabStorage } from "./tabs.js";

const url = document.querySelector("meta[name=gatehouse]").content;
const storage = new TabStorage();
const gatehouse = new Gatehouse(url, { refresh: "cookie", storage });

const element = (id) => document.getElementById(id);
const say = (text) => {
  element("status").textContent = text;
};

/** Sends a request for the user who is logged in. */
async function call(path) {
  try {
    return await gatehouse.fetch(path);
  } catch (error) {
    // No response, or one that this page may not read: API Gateway may send its own
    // refusals without CORS headers. A new token shows which of the two it was. Repeat
    // only a request that changes nothing, or is safe to run twice.
    if (!(error instanceof TypeError)) throw error;
    await gatehouse.accessToken(await gatehouse.accessToken());
    return gatehouse.fetch(path);
  }
}

/** Shows what a route returned. */
async function show(path) {
  const response = await call(path);
  if (response.ok) return say(`${path}: ${(await response.json()).message}`);
  // The token was valid: to refresh would change nothing.
  if (response.status === 403) return say(`${path}: you are not allowed to do this`);
  say(`${path} failed: try again later`);
}

/** Shows who is logged in, or the form. */
async function showAccount() {
  const response = await call("/me");
  if (!response.ok) return say("Your account could not be read: try again later.");
  element("username").textContent = (await response.json()).username;
  showOnly("account");
}

function showOnly(id) {
  for (const each of ["login", "account"]) element(each).hidden = each !== id;
}

/** Runs what a person has asked for, and says why it failed. */
async function run(work) {
  say("");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LoggedOutError)) return say(explanation(error));
    if (!element("account").hidden) say("Your session has ended: log in again.");
    showOnly("login");
  }
}

function explanation(error) {
  if (!(error instanceof GatehouseError)) return "The service cannot be reached: try again.";
  switch (error.code) {
    case "invalid_credentials":
      return "The username or the password is wrong.";
    case "too_many_attempts":
      return "Too many attempts: try again later.";
    default:
      return error.status === 0
        ? "The service cannot be reached: try again."
        : "The service failed: try again later.";
  }
}

element("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  run(async () => {
    await gatehouse.login(form.username.value, form.password.value);
    form.reset();
    await showAccount();
  });
});
element("protected").addEventListener("click", () => run(() => show("/protected")));
element("admin").addEventListener("click", () => run(() => show("/admin")));
element("logout").addEventListener("click", () =>
  run(async () => {
    try {
      await gatehouse.logout();
    } finally {
      showOnly("login");
    }
  }),
);

// Another tab has logged in or out.
storage.onuser = (sub) => run(() => (sub ? showAccount() : showOnly("login")));
// The cookie may be there from an earlier visit.
run(showAccount).finally(() => {
  if (element("account").hidden) showOnly("login");
});
