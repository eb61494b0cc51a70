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
/** Keeps the tokens in this page or process, until it ends. */
export class MemoryStorage {
    name = randomKey();
    #tokens;
    load() {
        return this.#tokens;
    }
    save(tokens) {
        this.#tokens = tokens;
    }
}
/**
 * Keeps the tokens in IndexedDB, for all tabs of an origin and after a reload.
 *
 * `localStorage` would not do: in Chromium, a tab may still read there what another tab
 * has already replaced, and would refresh again.
 */
export class BrowserStorage {
    name;
    #database;
    constructor(name = "gatehouse") {
        this.name = name;
    }
    async load() {
        return (await this.#run("readonly", (store) => store.get("tokens")));
    }
    async save(tokens) {
        await this.#run("readwrite", (store) => tokens ? store.put(tokens, "tokens") : store.delete("tokens"));
    }
    async #run(mode, action) {
        const database = await (this.#database ??= this.#open());
        return new Promise((resolve, reject) => {
            const transaction = database.transaction("tokens", mode);
            const request = action(transaction.objectStore("tokens"));
            transaction.oncomplete = () => resolve(request.result);
            transaction.onabort = () => reject(transaction.error);
        });
    }
    #open() {
        const { indexedDB } = globalThis;
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
    status;
    /** The code in the response, such as `invalid_credentials`; empty if it has none. */
    code;
    /** After how many seconds to try again, if the service said so. */
    retryAfter;
    constructor(message, reply, cause) {
        super(message, cause === undefined ? undefined : { cause });
        this.name = new.target.name;
        this.status = reply?.status ?? 0;
        this.code = reply?.code ?? "";
        this.retryAfter = reply?.retryAfter;
    }
}
/** The session has ended, or there is none: the user must log in. */
export class LoggedOutError extends GatehouseError {
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
    #url;
    #storage;
    #hasCookie;
    #origins;
    #refreshing;
    /** The session is over. The cookie may be another user's by now: only a login uses it. */
    #isOver = false;
    /** What a logout without a response has sent: the next one repeats it. */
    #unrevoked;
    /** `url` is the API's URL, with its stage if it has one. */
    constructor(url, options = {}) {
        this.#url = url.replace(/\/+$/, "");
        this.#storage = options.storage ?? new MemoryStorage();
        this.#hasCookie = options.refresh === "cookie";
        this.#origins = new Set([url, ...(options.origins ?? [])].map((each) => new URL(each).origin));
    }
    /** Logs in. It is not repeated: a failure has the status, the code and `retryAfter`. */
    async login(username, password, scope) {
        const body = { username, password };
        if (scope !== undefined)
            body["scope"] = scope;
        if (this.#hasCookie)
            body["refresh"] = "cookie";
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
    async fetch(input, init) {
        const isPath = typeof input === "string" && input.startsWith("/");
        const request = new Request(isPath ? this.#url + input : input, init);
        const { origin } = new URL(request.url);
        if (!this.#origins.has(origin)) {
            throw new TypeError(`${origin} does not get the token: add it to the option origins`);
        }
        const tokens = await this.#current();
        const response = await fetch(authorised(request.clone(), tokens));
        if (!(await isTokenRefused(response)))
            return response;
        const renewed = await this.#current(tokens.accessToken);
        // Someone else has logged in since: the request was not theirs.
        if (renewed.sub !== tokens.sub)
            return response;
        return fetch(authorised(request, renewed));
    }
    /** Returns an access token that is valid; not `refused`, which a service refused. */
    async accessToken(refused) {
        return (await this.#current(refused)).accessToken;
    }
    /**
     * Ends the session. The tokens are removed even if this fails; then the session may
     * still exist at the service, and calling this again tries to end it again.
     */
    async logout() {
        await this.#exclusively(async () => {
            const tokens = await this.#storage.load();
            if (tokens || (this.#hasCookie && !this.#isOver))
                this.#unrevoked = revocation(tokens);
            if (!this.#unrevoked)
                return;
            try {
                const reply = await this.#repeat("revoke", this.#unrevoked);
                const isDone = reply.status === 200 || isSessionOver(reply, this.#hasCookie);
                if (!isDone)
                    throw refusal("revoke", reply);
                this.#unrevoked = undefined;
            }
            finally {
                await this.#end();
            }
        });
    }
    /** Returns the stored tokens, after a refresh if they are not usable. */
    async #current(refused) {
        const stored = await this.#storage.load();
        if (stored && isUsable(stored, refused))
            return stored;
        for (;;) {
            // All callers wait for the same refresh, and for its failure.
            this.#refreshing ??= this.#exclusively(() => this.#refresh(refused)).finally(() => {
                this.#refreshing = undefined;
            });
            const tokens = await this.#refreshing;
            if (tokens.accessToken !== refused)
                return tokens;
        }
    }
    async #refresh(refused) {
        let stored = await this.#storage.load();
        // Another tab has refreshed while this one waited.
        if (stored && isUsable(stored, refused))
            return stored;
        if (!stored && (!this.#hasCookie || this.#isOver))
            throw new LoggedOutError("not logged in");
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
    async #end() {
        this.#isOver = true;
        await this.#storage.save(undefined);
    }
    #refreshBody(stored) {
        if (!stored)
            return {};
        return stored.refreshToken === undefined
            ? { sub: stored.sub }
            : { refresh_token: stored.refreshToken };
    }
    /** Reads the tokens of a response. */
    #tokens(action, reply) {
        const { access_token: accessToken, refresh_token: refreshToken } = reply.body;
        const { expires_in: expiresIn } = reply.body;
        if (reply.status !== 200)
            throw refusal(action, reply);
        if (!isToken(accessToken) || typeof expiresIn !== "number")
            throw noResponse(action);
        const tokens = {
            accessToken,
            expiresIn,
            requestedAt: reply.requestedAt,
            sub: subject(accessToken),
        };
        if (this.#hasCookie)
            return tokens;
        if (!isToken(refreshToken))
            throw noResponse(action);
        return { ...tokens, refreshToken };
    }
    /** Sends a request until there is a response other than a 5xx. */
    async #repeat(path, body, key) {
        for (let attempt = 1;; attempt += 1) {
            let wait = WAIT;
            try {
                const reply = await this.#post(path, body, key);
                wait = reply.retryAfter ?? WAIT;
                if (reply.status < 500 || attempt === ATTEMPTS || wait > LONGEST_WAIT)
                    return reply;
            }
            catch (error) {
                if (attempt === ATTEMPTS)
                    throw error;
            }
            await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        }
    }
    async #post(path, body, key) {
        const requestedAt = Date.now();
        const headers = { "content-type": "application/json" };
        if (key !== undefined)
            headers["idempotency-key"] = key;
        let status, text, wait;
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
        }
        catch (cause) {
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
    #exclusively(work) {
        // All tabs share one cookie, whatever they store.
        const name = this.#hasCookie ? "cookie" : this.#storage.name;
        return exclusively(`gatehouse ${this.#url} ${name}`, work);
    }
}
/** Without `sub`, a logout would end the session of whoever has logged in since. */
function revocation(tokens) {
    if (!tokens)
        return {};
    return tokens.refreshToken === undefined ? { sub: tokens.sub } : { token: tokens.refreshToken };
}
function refusal(action, reply) {
    return new GatehouseError(`/${action} returned ${reply.status} ${reply.code}`.trim(), reply);
}
function noResponse(action, cause) {
    return new GatehouseError(`/${action} returned no valid response`, undefined, cause);
}
function isUsable(tokens, refused) {
    const age = (Date.now() - tokens.requestedAt) / 1000;
    const early = Math.min(EARLY, tokens.expiresIn / 10);
    // A negative age: the clock was set back.
    return tokens.accessToken !== refused && age >= 0 && age < tokens.expiresIn - early;
}
/**
 * True if the session has ended, the cookie is another user's, or there is no cookie: without
 * one, the request lacks its token.
 */
function isSessionOver({ status, code }, hasCookie) {
    const isOver = code === "invalid_grant" || (hasCookie && code === "invalid_request");
    return (status === 400 && isOver) || code === "another_account";
}
/**
 * True if the token was refused, and a new one may be accepted: the gateway says only
 * `{"message": …}`. Another 403 means that the user may not do this.
 */
async function isTokenRefused(response) {
    if (response.status !== 401 && response.status !== 403)
        return false;
    const body = parsed(await response.clone().text());
    if (response.status === 401)
        return ["", "unauthorized", "invalid_token"].includes(codeOf(body));
    const names = Object.keys(body).map((name) => name.toLowerCase());
    return names.length === 1 && names[0] === "message";
}
function authorised(request, tokens) {
    request.headers.set("authorization", `Bearer ${tokens.accessToken}`);
    return request;
}
function codeOf(body) {
    const code = body["code"] ?? body["error"];
    return typeof code === "string" && /^[a-z_]{1,64}$/.test(code) ? code : "";
}
/** Parses a JSON object; returns an empty one if it is anything else. */
function parsed(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === "object" && value !== null ? value : {};
    }
    catch {
        // The parser's error would quote the text, and with it a token.
        return {};
    }
}
/** True for text that is safe in a header: an error of `fetch` would quote the rest. */
function isToken(value) {
    return typeof value === "string" && /^[\w.~+/=-]+$/.test(value);
}
/** Reads the claim `sub` without verifying the token, which the service does. */
function subject(accessToken) {
    const payload = accessToken.split(".")[1] ?? "";
    let sub;
    try {
        sub = parsed(atob(payload.replace(/-/g, "+").replace(/_/g, "/")))["sub"];
    }
    catch {
        // Not Base64.
    }
    if (typeof sub !== "string")
        throw new GatehouseError("the access token has no subject");
    return sub;
}
/** An `Idempotency-Key`: 128 random bits, which a thief of the token cannot guess. */
function randomKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
const queues = new Map();
/** Runs `work` alone among those with this name, across tabs if there are Web Locks. */
function exclusively(name, work) {
    const { navigator } = globalThis;
    if (navigator?.locks)
        return navigator.locks.request(name, work);
    const result = (queues.get(name) ?? Promise.resolve()).then(work, work);
    queues.set(name, result);
    const forget = () => {
        if (queues.get(name) === result)
            queues.delete(name);
    };
    result.then(forget, forget);
    return result;
}
