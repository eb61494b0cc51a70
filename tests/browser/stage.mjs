// What the tests of the refresh cookie share: the API at its own domain, a page that may
// use it, a sibling of both, and another site.

import { strict as assert } from "node:assert";

import { url, withProfile } from "./chromium.mjs";
import { page, proxy, withHosts } from "./hosts.mjs";

export const API = "https://auth.example.test";
export const APP = "https://app.example.test";
export const SIBLING = "https://evil.example.test";
export const OTHER_SITE = "https://other.test";

const COOKIE = "__Host-refresh_token";
const { USERNAME, PASSWORD } = process.env;

/**
 * Calls `script` with a `Stage`. `hosts` replaces some of the pages; `onResponse` can change
 * what the API responds, as in `proxy`; `plain` as in `withHosts`; `args` as in `withChromium`.
 */
export async function onStage(script, { hosts = {}, onResponse = () => true, plain, args = [] } = {}) {
  const seen = [];
  const empty = page("<title>A page</title>");
  const all = {
    "auth.example.test": proxy(url, (request, response) => {
      record(seen, request, response);
      return onResponse(request, response);
    }),
    "app.example.test": empty,
    "evil.example.test": empty,
    "other.test": empty,
    ...hosts,
  };
  const run = (flags) =>
    withProfile((context) => script(new Stage(context, seen)), [...flags, ...args]);
  await withHosts(all, run, plain);
}

function record(seen, request, response) {
  const cookies = (request.headers.cookie ?? "").split("; ");
  seen.push({
    method: request.method,
    path: request.url,
    origin: request.headers.origin,
    hasCookie: cookies.some((cookie) => cookie.startsWith(`${COOKIE}=`)),
    status: response.statusCode,
    setsCookie: response.headers["set-cookie"] !== undefined,
  });
}

/** One browser: its tabs share cookies. */
export class Stage {
  constructor(context, seen) {
    this.context = context;
    /** Every request that has reached the API, in order. */
    this.seen = seen;
  }

  /** Opens a tab. */
  async open(address) {
    const tab = await this.context.newPage();
    await tab.goto(address);
    return tab;
  }

  /** Opens a tab of the application and logs in there. */
  async loggedIn(username = USERNAME, password = PASSWORD) {
    const tab = await this.open(APP);
    const login = await post(tab, "/login", { username, password, refresh: "cookie" });
    assert.equal(login.status, 200, JSON.stringify(login));
    return { tab, accessToken: login.body.access_token, login };
  }

  /** The refresh cookie, as Chromium stores it. */
  async cookie() {
    const cookies = await this.context.cookies(API);
    const found = cookies.filter(({ name }) => name === COOKIE);
    assert.ok(found.length < 2, "there is one refresh cookie at most");
    return found[0];
  }

  /** Returns the requests that `attack` causes to one of the API's routes. */
  async caused(attack, path) {
    const before = this.seen.length;
    await attack();
    const requests = this.seen.slice(before).filter((request) => request.path === path);
    return requests.filter(({ method }) => method !== "OPTIONS");
  }

  /** Fails unless the cookie is the same as `before`, and the session goes on. */
  async assertUntouched(before) {
    assert.equal((await this.cookie())?.value, before.value, "the cookie has changed");
    const tab = await this.open(APP);
    const refreshed = await post(tab, "/refresh", {});
    assert.equal(refreshed.status, 200, "the session has ended");
    assert.notEqual((await this.cookie()).value, before.value, "the token was rotated");
  }
}

/**
 * Posts JSON to the API from a tab, with its cookies; `failure` if the page cannot read
 * the response.
 */
export function post(tab, path, body, headers = {}) {
  const send = async ([address, json, more]) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        credentials: "include",
        headers: { "Content-Type": "application/json", ...more },
        body: json,
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    } catch (error) {
      return { failure: String(error) };
    }
  };
  return tab.evaluate(send, [API + path, JSON.stringify(body), headers]);
}

/** Gets a path of the API with an access token. */
export function get(tab, path, accessToken) {
  const send = async ([address, authorization]) =>
    (await fetch(address, { headers: { Authorization: authorization } })).status;
  return tab.evaluate(send, [API + path, `Bearer ${accessToken}`]);
}

/**
 * Posts without asking the API first: what a browser sends for any page. The page cannot
 * read the response.
 */
export function postBlindly(tab, path, body, type = "text/plain") {
  const send = async ([address, text, contentType]) => {
    await fetch(address, {
      method: "POST",
      mode: "no-cors",
      credentials: "include",
      headers: { "Content-Type": contentType },
      body: text,
    });
  };
  return tab.evaluate(send, [API + path, body, type]);
}

/** Submits a form, so that the tab leaves for the API. */
export async function submit(tab, path, fields, encoding = "application/x-www-form-urlencoded") {
  const send = ([action, pairs, enctype]) => {
    const form = document.createElement("form");
    Object.assign(form, { action, enctype, method: "post" });
    for (const [name, value] of Object.entries(pairs)) {
      const input = document.createElement("input");
      Object.assign(input, { name, value, type: "hidden" });
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  };
  await Promise.all([tab.waitForNavigation(), tab.evaluate(send, [API + path, fields, encoding])]);
}
