// The mails that the stack has sent.

import { byId, h } from "./elements.js";
import { data } from "./http.js";
import { time } from "./view.js";

// More would only slow the page down.
const MAX_SHOWN = 50;

let last = 0;

/** Reads the mails since the last call, and shows them. */
export async function follow() {
  const { sends, last: newest, mails } = await data(`mails?after=${last}`);
  byId("no-mail").hidden = sends;
  byId("mail-view").hidden = !sends;
  byId("email-field").hidden = !sends;
  const list = byId("mail-list");
  if (newest < last) {
    // The service has been started again. The next call reads all of its mails.
    last = 0;
    list.replaceChildren();
    return;
  }
  last = newest;
  // Rows that are there stay as they are: one may be open.
  list.prepend(...mails.reverse().map(row));
  while (list.rows.length > MAX_SHOWN) {
    list.lastElementChild.remove();
  }
}

function row({ sent_at: sentAt, to, subject, text, code, template, template_data: variables }) {
  const body = template === null ? text : JSON.stringify(variables, null, 2);
  const title = template === null ? subject : `Template ${template}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("details", { "aria-label": title }, h("summary", {}, title), h("pre", {}, body))),
    h("td", {}, to),
    h("td", { class: "value" }, code ?? "none"),
    h("td", {}, time(sentAt)),
  );
}
