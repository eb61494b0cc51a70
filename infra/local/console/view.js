// Times, and the countdowns that run until them.

import { h } from "./elements.js";

/** Returns a time of day, with the date if it is not today's; `seconds` since 1970. */
export function time(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const text = today ? date.toLocaleTimeString() : date.toLocaleString();
  return h("time", { datetime: date.toISOString() }, text);
}

/** Returns how long it is until `seconds`; it runs down until it is removed. */
export function countdown(seconds) {
  const element = h("span", { role: "timer", "data-until": seconds });
  show(element);
  return element;
}

/** Updates every countdown. */
export function tick() {
  document.querySelectorAll("[data-until]").forEach(show);
}

function show(element) {
  const left = Math.round(Number(element.dataset.until) - Date.now() / 1000);
  element.textContent = left > 0 ? duration(left) : "none, it has expired";
  element.classList.toggle("expired", left <= 0);
}

function duration(seconds) {
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  return units
    .slice(first, first + 2)
    .map(([name, size], index) => {
      const count = Math.floor((index === 0 ? seconds : seconds % units[first][1]) / size);
      return `${count} ${name === "day" && count !== 1 ? "days" : name}`;
    })
    .join(" ");
}

/** Shortens a token to what identifies it, so that a screenshot does not contain it. */
export function shortened(token) {
  return token.length > 24 ? `${token.slice(0, 12)}…${token.slice(-6)}` : token;
}
