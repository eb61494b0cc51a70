/**
 * A client of Gatehouse for browsers and Node.js 20 or later: logs in, keeps the tokens,
 * refreshes once for many callers, repeats a refused request once, logs out.
 *
 * Copy this file, or `gatehouse.js`, which is this file without its types. It needs
 * nothing else.
 *
 *     const gatehouse = new Gatehouse("https://auth.example.com");
 *     await gatehouse.login("ada", "seven quiet otters at dawn");
 *     const response = await gatehouse.fetch("/me");
 */

/** What a storage keeps. It holds secrets: never log it. */
export interface Tokens {
  accessToken: string;
  /** Absent if the refresh token is in a cookie. */
  refreshToken?: string;
  /** How long the access token is valid, in seconds. */
  expiresIn: number;
  /** When the tokens were requested: milliseconds since 1970, by this machine's clock. */
  requestedAt: number;
  /** The user's id: the claim `sub`. */
  sub: string;
  /** The `Idempotency-Key` of a refresh whose response has not arrived. */
  refreshKey?: string;
}

/** Where the tokens are kept. */
export interface TokenStorage {
  /** Storages that share their tokens have the same name, in every tab. */
  readonly name: string;
  load(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Replaces the tokens; `undefined` removes them. */
  save(tokens: Tokens | undefined): void | Promise<void>;
}

/** Keeps the tokens in this page or process, until it ends. */
export class MemoryStorage implements TokenStorage {
  readonly name = randomKey();
  #tokens: Tokens | undefined;

  load(): Tokens | undefined {
    return this.#tokens;
  }

  save(tokens: Tokens | undefined): void {
    this.#tokens = tokens;
  }
}

/**
 * Keeps the tokens in IndexedDB, for all tabs of an origin and after a reload.
 *
 * `localStorage` would not do: in Chromium, a tab may still read there what another tab
 * has already replaced, and would refresh again.
 */
export class BrowserStorage implements TokenStorage {
  readonly name: string;
  #database: Promise<Database> | undefined;

  constructor(name = "gatehouse") {
    this.name = name;
  }

  async load(): Promise<Tokens | undefined> {
    return (await this.#run("readonly", (store) => store.get("tokens"))) as Tokens | undefined;
  }

  async save(tokens: Tokens | undefined): Promise<void> {
    await this.#run("readwrite", (store) =>
      tokens ? store.put(tokens, "tokens") : store.delete("tokens"),
    );
  }

  async #run(mode: string, action: (store: ObjectStore) => DatabaseRequest): Promise<unknown> {
    const database = await (this.#database ??= this.#open());
    return new Promise((resolve, reject) => {
      const transaction = database.transaction("tokens", mode);
      const request = action(transaction.objectStore("tokens"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  #open(): Promise<Database> {
    const { indexedDB } = globalThis as unknown as { indexedDB: Databases };
    const request = indexedDB.open(this.name);
    request.onupgradeneeded = () => request.result.createObjectStore("tokens");
    return new Promise((resolve, reject) => {
      const forget = () => (this.#database = undefined);
      request.onsuccess = () => {
        // The user has deleted the site's data.
        request.result.onclose = forget;
        resolve(request.result);
      };
      request.onerror = () => {
        forget();
        reject(request.error);
      };
    });
  }
}

/** A request that failed. No token is in its message. */
export class GatehouseError extends Error {
  /** The status of the response; 0 if there was none. */
  readonly status: number;
  /** The code in the response, such as `invalid_credentials`; empty if it has none. */
  readonly code: string;
  /** After how many seconds to try again, if the service said so. */
  readonly retryAfter: number | undefined;

  constructor(message: string, reply?: Reply, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.status = reply?.status ?? 0;
    this.code = reply?.code ?? "";
    this.retryAfter = reply?.retryAfter;
  }
}

/** The session has ended, or there is none: the user must log in. */
export class LoggedOutError extends GatehouseError {}

export interface Options {
  /** A `MemoryStorage` unless you choose another. */
  storage?: TokenStorage;
  /** `cookie`: the refresh token stays in a cookie that no script can read. */
  refresh?: "body" | "cookie";
  /** Origins other than the service's that get the access token, such as your own API. */
  origins?: string[];
}

/** How long a request to log in, refresh or log out may take, in milliseconds. */
const TIMEOUT = 10_000;
/** How often a refresh or a logout is sent if there is no response, or a 5xx. */
const ATTEMPTS = 3;
/** Seconds between two attempts, if the service does not say. */
const WAIT = 1;
/** The longest that a caller waits for another attempt, in seconds. */
const LONGEST_WAIT = 5;
/** Refreshes that many seconds early, or a tenth of the lifetime if that is less. */
const EARLY = 30;

/** A logged-in user of one service. */
export class Gatehouse {
  readonly #url: string;
  readonly #storage: TokenStorage;
  readonly #hasCookie: boolean;
  readonly #origins: Set<string>;
  #refreshing: Promise<Tokens> | undefined;
  /** The session is over. The cookie may be another user's by now: only a login uses it. */
  #isOver = false;
  /** What a logout without a response has sent: the next one repeats it. */
  #unrevoked: Record<string, string> | undefined;

  /** `url` is the API's URL, with its stage if it has one. */
  constructor(url: string, options: Options = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#storage = options.storage ?? new MemoryStorage();
    this.#hasCookie = options.refresh === "cookie";
    this.#origins = new Set([url, ...(options.origins ?? [])].map((each) => new URL(each).origin));
  }

  /** Logs in. It is not repeated: a failure has the status, the code and `retryAfter`. */
  async login(username: string, password: string, scope?: string): Promise<void> {
    const body: Record<string, string> = { username, password };
    if (scope !== undefined) body["scope"] = scope;
    if (this.#hasCookie) body["refresh"] = "cookie";
    await this.#exclusively(async () => {
      const reply = await this.#post("login", body);
      await this.#storage.save(this.#tokens("login", reply));
      this.#isOver = false;
      this.#unrevoked = undefined;
    });
  }

  /**
   * Sends a request with the access token. If the token is refused, refreshes and sends
   * the request once more. Responses are returned whatever their status.
   */
  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const isPath = typeof input === "string" && input.startsWith("/");
    const request = new Request(isPath ? this.#url + input : input, init);
    const { origin } = new URL(request.url);
    if (!this.#origins.has(origin)) {
      throw new TypeError(`${origin} does not get the token: add it to the option origins`);
    }
    const tokens = await this.#current();
    const response = await fetch(authorised(request.clone(), tokens));
    if (!(await isTokenRefused(response))) return response;
    const renewed = await this.#current(tokens.accessToken);
    // Someone else has logged in since: the request was not theirs.
    if (renewed.sub !== tokens.sub) return response;
    return fetch(authorised(request, renewed));
  }

  /** Returns an access token that is valid; not `refused`, which a service refused. */
  async accessToken(refused?: string): Promise<string> {
    return (await this.#current(refused)).accessToken;
  }

  /**
   * Ends the session. The tokens are removed even if this fails; then the session may
   * still exist at the service, and calling this again tries to end it again.
   */
  async logout(): Promise<void> {
    await this.#exclusively(async () => {
      const tokens = await this.#storage.load();
      if (tokens || (this.#hasCookie && !this.#isOver)) this.#unrevoked = revocation(tokens);
      if (!this.#unrevoked) return;
      try {
        const reply = await this.#repeat("revoke", this.#unrevoked);
        const isDone = reply.status === 200 || isSessionOver(reply, this.#hasCookie);
        if (!isDone) throw refusal("revoke", reply);
        this.#unrevoked = undefined;
      } finally {
        await this.#end();
      }
    });
  }

  /** Returns the stored tokens, after a refresh if they are not usable. */
  async #current(refused?: string): Promise<Tokens> {
    const stored = await this.#storage.load();
    if (stored && isUsable(stored, refused)) return stored;
    for (;;) {
      // All callers wait for the same refresh, and for its failure.
      this.#refreshing ??= this.#exclusively(() => this.#refresh(refused)).finally(() => {
        this.#refreshing = undefined;
      });
      const tokens = await this.#refreshing;
      if (tokens.accessToken !== refused) return tokens;
    }
  }

  async #refresh(refused?: string): Promise<Tokens> {
    let stored = await this.#storage.load();
    // Another tab has refreshed while this one waited.
    if (stored && isUsable(stored, refused)) return stored;
    if (!stored && (!this.#hasCookie || this.#isOver)) throw new LoggedOutError("not logged in");
    const refreshKey = stored?.refreshKey ?? randomKey();
    if (stored) {
      // Stored first: whoever repeats this refresh, after a reload for example, must
      // send the same key, or it looks like a thief with an old token.
      stored = { ...stored, refreshKey };
      await this.#storage.save(stored);
    }
    const reply = await this.#repeat("refresh", this.#refreshBody(stored), refreshKey);
    if (isSessionOver(reply, this.#hasCookie)) {
      await this.#end();
      const { error_description: why } = reply.body;
      throw new LoggedOutError(`the session has ended: ${why}`, reply);
    }
    const tokens = this.#tokens("refresh", reply);
    await this.#storage.save(tokens);
    return tokens;
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    await this.#storage.save(undefined);
  }

  #refreshBody(stored: Tokens | undefined): Record<string, string> {
    if (!stored) return {};
    return stored.refreshToken === undefined
      ? { sub: stored.sub }
      : { refresh_token: stored.refreshToken };
  }

  /** Reads the tokens of a response. */
  #tokens(action: string, reply: Reply): Tokens {
    const { access_token: accessToken, refresh_token: refreshToken } = reply.body;
    const { expires_in: expiresIn } = reply.body;
    if (reply.status !== 200) throw refusal(action, reply);
    if (!isToken(accessToken) || typeof expiresIn !== "number") throw noResponse(action);
    const tokens = {
      accessToken,
      expiresIn,
      requestedAt: reply.requestedAt,
      sub: subject(accessToken),
    };
    if (this.#hasCookie) return tokens;
    if (!isToken(refreshToken)) throw noResponse(action);
    return { ...tokens, refreshToken };
  }

  /** Sends a request until there is a response other than a 5xx. */
  async #repeat(path: string, body: object, key?: string): Promise<Reply> {
    for (let attempt = 1; ; attempt += 1) {
      let wait = WAIT;
      try {
        const reply = await this.#post(path, body, key);
        wait = reply.retryAfter ?? WAIT;
        if (reply.status < 500 || attempt === ATTEMPTS || wait > LONGEST_WAIT) return reply;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }

  async #post(path: string, body: object, key?: string): Promise<Reply> {
    const requestedAt = Date.now();
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (key !== undefined) headers["idempotency-key"] = key;
    let status: number, text: string, wait: string;
    try {
      const response = await fetch(`${this.#url}/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        credentials: this.#hasCookie ? "include" : "omit",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT),
      });
      status = response.status;
      wait = response.headers.get("retry-after") ?? "";
      text = await response.text();
    } catch (cause) {
      throw noResponse(path, cause);
    }
    const fields = parsed(text);
    // Half a response is none.
    if (status === 200 && Object.keys(fields).length === 0 && path !== "revoke") {
      throw noResponse(path);
    }
    const retryAfter = /^\d{1,9}$/.test(wait) ? Number(wait) : undefined;
    return { status, body: fields, code: codeOf(fields), retryAfter, requestedAt };
  }

  /** Runs `work` while no other refresh, login or logout of this session runs. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    // All tabs share one cookie, whatever they store.
    const name = this.#hasCookie ? "cookie" : this.#storage.name;
    return exclusively(`gatehouse ${this.#url} ${name}`, work);
  }
}

interface Reply {
  status: number;
  body: Record<string, unknown>;
  code: string;
  retryAfter: number | undefined;
  requestedAt: number;
}

/** Without `sub`, a logout would end the session of whoever has logged in since. */
function revocation(tokens: Tokens | undefined): Record<string, string> {
  if (!tokens) return {};
  return tokens.refreshToken === undefined ? { sub: tokens.sub } : { token: tokens.refreshToken };
}

function refusal(action: string, reply: Reply): GatehouseError {
  return new GatehouseError(`/${action} returned ${reply.status} ${reply.code}`.trim(), reply);
}

function noResponse(action: string, cause?: unknown): GatehouseError {
  return new GatehouseError(`/${action} returned no valid response`, undefined, cause);
}

function isUsable(tokens: Tokens, refused?: string): boolean {
  const age = (Date.now() - tokens.requestedAt) / 1000;
  const early = Math.min(EARLY, tokens.expiresIn / 10);
  // A negative age: the clock was set back.
  return tokens.accessToken !== refused && age >= 0 && age < tokens.expiresIn - early;
}

/**
 * True if the session has ended, the cookie is another user's, or there is no cookie: without
 * one, the request lacks its token.
 */
function isSessionOver({ status, code }: Reply, hasCookie: boolean): boolean {
  const isOver = code === "invalid_grant" || (hasCookie && code === "invalid_request");
  return (status === 400 && isOver) || code === "another_account";
}

/**
 * True if the token was refused, and a new one may be accepted: the gateway says only
 * `{"message": …}`. Another 403 means that the user may not do this.
 */
async function isTokenRefused(response: Response): Promise<boolean> {
  if (response.status !== 401 && response.status !== 403) return false;
  const body = parsed(await response.clone().text());
  if (response.status === 401) return ["", "unauthorized", "invalid_token"].includes(codeOf(body));
  const names = Object.keys(body).map((name) => name.toLowerCase());
  return names.length === 1 && names[0] === "message";
}

function authorised(request: Request, tokens: Tokens): Request {
  request.headers.set("authorization", `Bearer ${tokens.accessToken}`);
  return request;
}

function codeOf(body: Record<string, unknown>): string {
  const code = body["code"] ?? body["error"];
  return typeof code === "string" && /^[a-z_]{1,64}$/.test(code) ? code : "";
}

/** Parses a JSON object; returns an empty one if it is anything else. */
function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // The parser's error would quote the text, and with it a token.
    return {};
  }
}

/** True for text that is safe in a header: an error of `fetch` would quote the rest. */
function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\w.~+/=-]+$/.test(value);
}

/** Reads the claim `sub` without verifying the token, which the service does. */
function subject(accessToken: string): string {
  const payload = accessToken.split(".")[1] ?? "";
  let sub: unknown;
  try {
    sub = parsed(atob(payload.replace(/-/g, "+").replace(/_/g, "/")))["sub"];
  } catch {
    // Not Base64.
  }
  if (typeof sub !== "string") throw new GatehouseError("the access token has no subject");
  return sub;
}

/** An `Idempotency-Key`: 128 random bits, which a thief of the token cannot guess. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** The parts of IndexedDB that are used: the types of Node.js have none. */
interface Databases {
  open(name: string): DatabaseRequest<Database> & { onupgradeneeded: (() => void) | null };
}

interface Database {
  createObjectStore(name: string): void;
  transaction(store: string, mode: string): Transaction;
  onclose: (() => void) | null;
}

interface Transaction {
  objectStore(name: string): ObjectStore;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  readonly error: unknown;
}

interface ObjectStore {
  get(key: string): DatabaseRequest;
  put(value: Tokens, key: string): DatabaseRequest;
  delete(key: string): DatabaseRequest;
}

interface DatabaseRequest<T = unknown> {
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
  readonly result: T;
  readonly error: unknown;
}

const queues = new Map<string, Promise<unknown>>();

/** Runs `work` alone among those with this name, across tabs if there are Web Locks. */
function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  if (navigator?.locks) return navigator.locks.request(name, work);
  const result = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(name, result);
  const forget = () => {
    if (queues.get(name) === result) queues.delete(name);
  };
  result.then(forget, forget);
  return result;
}
