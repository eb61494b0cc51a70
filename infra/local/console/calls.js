// Calls to routes behind the authorizer, and the latest exchange side by side.

import { accessToken } from "./account.js";
import { badge, byId, definitions, h } from "./elements.js";
import { data, exchanges, problem, send } from "./http.js";
import { shortened } from "./view.js";

// In requests and responses: their values are shortened, or not shown at all.
const TOKENS = ["access_token", "refresh_token", "token"];
const HIDDEN = ["password"];

const DECISIONS = {
  allowed: ["Allowed", "good", "The token is valid, and neither it nor its session is revoked."],
  denied: ["Denied", "bad", "The gateway responds with 403, and the function is not called."],
  not_called: ["Not called", "wait", "Without an Authorization header the gateway responds with 401 itself."],
  failed: ["Failed", "bad", "There is no decision, so the gateway responds with 500: a failure is never an allow."],
};

let latest = 0;

/** Connects the buttons; `report(text, isFailure)` says what happened. */
export function start(report) {
  for (const button of document.querySelectorAll("[data-path]")) {
    button.addEventListener("click", () => call(button.dataset.path, report));
  }
  exchanges.addEventListener("exchanged", ({ detail }) => show(detail));
}

async function call(path, report) {
  const credential = document.querySelector("[name=credential]:checked").value;
  const token = { none: undefined, valid: accessToken(), changed: accessToken({ changed: true }) }[credential];
  if (credential !== "none" && !token) {
    report("There is no access token yet: log in first, or send no token.", true);
    return;
  }
  const exchange = await send("GET", path, { token });
  if (exchange.response?.status === 200) {
    report(`GET ${path}: 200.`);
  } else {
    report(`GET ${path}: ${problem(exchange)}.`, true);
  }
}

async function show(exchange) {
  const number = (latest += 1);
  byId("request-view").replaceChildren(...requestView(exchange.request));
  byId("response-view").replaceChildren(...responseView(exchange));
  byId("decision-view").replaceChildren(h("p", {}, "…"));
  const decision = await decisionView(exchange.id);
  // A later exchange may have been faster.
  if (number === latest) {
    byId("decision-view").replaceChildren(...decision);
  }
}

function requestView({ method, path, headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => {
    const [scheme, token] = value.split(" ");
    return [name, name === "Authorization" ? `${scheme} ${shortened(token)}` : value];
  });
  return [h("p", {}, h("code", {}, `${method} ${path}`)), definitions(lines), ...bodyView(body)];
}

function responseView({ response, failure }) {
  if (!response) {
    return [h("p", {}, failure)];
  }
  const shown = ["content-type", "www-authenticate", "retry-after", "x-request-id"];
  const lines = shown.map((name) => [name, response.headers[name]]);
  const kind = response.status < 400 ? "good" : "bad";
  return [h("p", {}, badge(`${response.status}`, kind)), definitions(lines), ...bodyView(response.body)];
}

async function decisionView(id) {
  let found;
  try {
    found = await data(`requests/${id}`);
  } catch (error) {
    return [h("p", {}, `The console has no record of this request: ${error.message}`)];
  }
  const { request, lines } = found;
  return [...authorizerView(request, lines), ...linesView(lines)];
}

function authorizerView({ route, authorizer }, lines) {
  if (!authorizer) {
    return [h("p", {}, badge("None", "wait"), ` ${route ?? "This path"} has no authorizer: the function decides.`)];
  }
  const [word, kind, meaning] = DECISIONS[authorizer.decision];
  const refusal = lines.find(({ function: name }) => name === authorizer.function);
  const context = Object.entries(authorizer.context ?? {}).map(([name, value]) => [name, String(value)]);
  return [
    h("p", {}, badge(word, kind), ` by ${authorizer.function}, for ${route}. ${meaning}`),
    definitions([["reason", refusal?.fields.reason]]),
    ...(context.length > 0 ? [h("p", {}, "What the function behind it learns:"), definitions(context)] : []),
  ];
}

function linesView(lines) {
  if (lines.length === 0) {
    return [];
  }
  const text = ({ function: name, fields }) => {
    const reason = fields.reason ? ` (${fields.reason})` : "";
    return `${name}: ${fields.event ?? fields.message}${reason}`;
  };
  const items = lines.map((line) => h("li", {}, text(line)));
  return [h("p", {}, "What the functions logged about it:"), h("ul", {}, ...items)];
}

function bodyView(body) {
  if (body === undefined || body === "") {
    return [h("p", { class: "help" }, "No body.")];
  }
  const text = typeof body === "string" ? body : JSON.stringify(body, redacted, 2);
  return [h("pre", {}, text)];
}

function redacted(name, value) {
  if (HIDDEN.includes(name)) {
    return "…";
  }
  return TOKENS.includes(name) ? shortened(value) : value;
}
