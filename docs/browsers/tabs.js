// Keeps the tokens in the memory of this page, and shares them with its other tabs, so that
// one refresh serves all of them. No token is stored on disk.

import { BrowserStorage } from "../clients/gatehouse.js";

/** The channel between the tabs, and the database. */
const NAME = "gatehouse";

/**
 * How long the other tabs have to hand over their tokens, in milliseconds. A frozen tab does
 * not respond at all; then this tab refreshes.
 */
const PATIENCE = 100;

/**
 * A storage for `Gatehouse`. A database holds the number of the last change, the user's id,
 * and the `Idempotency-Key` of a refresh that has not ended, with which a reloaded page can
 * repeat it. None of them is of use to anyone without the cookie.
 */
export class TabStorage {
  name = "tabs";
  /** Called with the user's id, or nothing, when another tab has logged in or out. */
  onuser = () => {};

  #channel = new BroadcastChannel(NAME);
  #database = new BrowserStorage(NAME);
  #change = 0;
  #tokens;
  #asking;
  #answered = () => {};

  constructor() {
    this.#channel.onmessage = ({ data }) => {
      if (data.wanted !== undefined) {
        if (this.#change >= data.wanted) this.#announce();
      } else if (data.change > this.#change) {
        const isNews = !this.#asking && this.#tokens?.sub !== data.tokens?.sub;
        this.#change = data.change;
        this.#tokens = data.tokens;
        this.#answered();
        if (isNews) this.onuser(data.tokens?.sub);
      }
    };
  }

  async load() {
    const { change, sub, refreshKey } = await this.#lastChange();
    if (this.#change < change && sub) await this.#ask(change);
    if (this.#change < change) {
      // The tab that had the tokens is closed.
      this.#change = change;
      this.#tokens = sub && { accessToken: "", expiresIn: 0, requestedAt: 0, sub, refreshKey };
    }
    return this.#tokens;
  }

  /** Only ever called by one tab at a time: the client holds a lock. */
  async save(tokens) {
    this.#change = (await this.#lastChange()).change + 1;
    this.#tokens = tokens;
    const { sub, refreshKey } = tokens ?? {};
    await this.#database.save({ change: this.#change, sub, refreshKey });
    this.#announce();
  }

  async #lastChange() {
    return (await this.#database.load()) ?? { change: 0 };
  }

  #announce() {
    this.#channel.postMessage({ change: this.#change, tokens: this.#tokens });
  }

  #ask(change) {
    this.#asking ??= new Promise((answered) => {
      this.#answered = answered;
      setTimeout(answered, PATIENCE);
      this.#channel.postMessage({ wanted: change });
    }).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
