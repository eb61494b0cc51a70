// Users and their sessions, as they are in the tables.

import { badge, byId, fillRows, h } from "./elements.js";
import { time } from "./view.js";

const KINDS = { active: "good", disabled: "bad", revoked: "bad", ended: "bad", expired: "past" };

/** Shows users and sessions; those of this page, by `own`, come first. */
export function show({ users, has_more: hasMore }, own) {
  const isOwn = (sub) => own !== null && sub === own.sub;
  const sorted = [...users].sort(
    (a, b) => isOwn(b.sub) - isOwn(a.sub) || b.created_at - a.created_at || a.username.localeCompare(b.username),
  );
  fillRows(byId("users"), sorted.map((user) => userRow(user, isOwn(user.sub))));
  const sessions = sorted.flatMap((user) => user.sessions.map((session) => ({ ...session, user })));
  fillRows(byId("sessions"), sessions.map((session) => sessionRow(session, session.sid === own?.sid)));
  const note = byId("people-note");
  note.hidden = !hasMore;
  note.textContent = "These are some of the users; `cargo gatehouse users list` lists all of them.";
}

/** Returns the state of a session, as a word. */
export function stateOf({ users }, sid) {
  const sessions = users.flatMap((user) => user.sessions);
  return sessions.find((session) => session.sid === sid)?.state ?? "unknown";
}

function userRow(user, own) {
  const active = user.sessions.filter(({ state }) => state === "active").length;
  return {
    key: user.sub,
    own,
    cells: [
      user.username,
      h("span", { class: "value" }, user.sub),
      user.roles.join(", ") || "none",
      badge(user.status, KINDS[user.status]),
      `${active} of ${user.session_count}`,
    ],
  };
}

function sessionRow(session, own) {
  return {
    key: session.sid,
    own,
    cells: [
      session.sid,
      session.user.username,
      badge(session.state, KINDS[session.state]),
      `${session.generation}`,
      session.scope || "none",
      time(session.last_used_at),
      time(session.idle_expires_at),
    ],
  };
}
