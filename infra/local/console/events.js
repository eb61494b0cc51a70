// The stream of what the functions log.

import { byId, h } from "./elements.js";
import { data } from "./http.js";

// More would only slow the page down; the terminal has them all.
const MAX_SHOWN = 300;
// Shown at the line's beginning, or of no use to a reader.
const LEFT_OUT = ["event", "message", "timestamp", "level", "target", "request_id", "span", "spans", "user_agent"];

let last = null;

/** Connects the checkbox. */
export function start() {
  byId("all-lines").addEventListener("change", ({ target }) => {
    byId("event-list").classList.toggle("all", target.checked);
  });
}

/** Reads the lines since the last call, shows them, and returns how many there were. */
export async function follow() {
  const query = last === null ? "" : `?after=${last}`;
  const { last: newest, events, elsewhere } = await data(`events${query}`);
  // A lower number: the service has been started again.
  last = newest;
  byId("events-elsewhere").hidden = !elsewhere;
  const list = byId("event-list");
  const log = byId("event-log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  list.append(...events.map(line));
  while (list.children.length > MAX_SHOWN) {
    list.firstElementChild.remove();
  }
  if (atEnd) {
    log.scrollTop = log.scrollHeight;
  }
  return events.length;
}

function line({ function: name, fields }) {
  const isAudit = fields.event !== undefined;
  const isTrouble = ["WARN", "ERROR"].includes(fields.level) || name === null;
  const rest = Object.entries(fields).filter(([key, value]) => !LEFT_OUT.includes(key) && value !== null);
  const details = rest.map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const at = fields.timestamp ? new Date(fields.timestamp).toLocaleTimeString() : "";
  return h(
    "li",
    { class: isAudit || isTrouble ? null : "detail" },
    h("span", { class: "time" }, `${at} ${name ?? "host"} `),
    h("strong", {}, fields.event ?? `${fields.level ?? ""} ${fields.message ?? ""}`),
    ` ${details.join(" ")}`,
  );
}
