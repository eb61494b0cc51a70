// Builds elements. Text is only ever set as text, so nothing that a server or a log line
// contains becomes markup.

/** Returns the element with this id. */
export const byId = (id) => document.getElementById(id);

/** Creates an element: `h("td", { class: "value" }, "text", other)`. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Creates a word with a frame: `good`, `bad` or `wait`. */
export const badge = (text, kind) => h("span", { class: `badge ${kind}` }, text);

/** Creates a list of names and values; those that are missing are left out. */
export function definitions(pairs) {
  const present = pairs.filter(([, value]) => value !== undefined && value !== null);
  return h("dl", {}, ...present.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/**
 * Replaces the rows of a table's body, and marks those that differ from the row with the same
 * key. A row is `{ key, own, cells }`; its first cell is its header.
 */
export function fillRows(body, rows) {
  const before = new Map(Array.from(body.rows, (row) => [row.dataset.key, row.dataset.content]));
  const isFirst = body.dataset.filled === undefined;
  body.dataset.filled = "";
  body.replaceChildren(
    ...rows.map(({ key, own, cells }) => {
      const [first, ...rest] = cells;
      const row = h(
        "tr",
        { class: own ? "own" : null, "data-key": key },
        h("th", { scope: "row", class: "value" }, first),
        ...rest.map((cell) => h("td", {}, cell)),
      );
      // Times run on their own: only what stands beside them is a change.
      row.dataset.content = Array.from(row.cells, (cell) => cell.querySelector("time, [role=timer]") ? "" : cell.textContent).join("\n");
      if (!isFirst && before.get(key) !== row.dataset.content) {
        row.classList.add("changed");
      }
      return row;
    }),
  );
}
