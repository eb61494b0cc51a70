// Requests: to the service, as any client sends them, and for the data of the console.

/** Returns the latest of what `send` has sent and received; `exchanged` fires for each. */
export const exchanges = new EventTarget();

/**
 * Sends a request to the service. Returns `{ request, response, id }`; a failed connection has
 * no response.
 */
export async function send(method, path, { json, form, token } = {}) {
  const headers = {};
  let body;
  if (json) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(json);
  } else if (form) {
    headers["Content-Type"] = "application/x-www-form-urlencoded";
    body = new URLSearchParams(form).toString();
  }
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  const exchange = { request: { method, path, headers, body: json ?? form }, response: null, id: null };
  try {
    // Cookies are not part of this API's own clients.
    const response = await fetch(path, { method, headers, body, credentials: "omit" });
    const text = await response.text();
    exchange.id = response.headers.get("apigw-requestid");
    exchange.response = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: parsed(text),
    };
  } catch (error) {
    exchange.failure = `The service did not respond: ${error.message}`;
  }
  exchanges.dispatchEvent(new CustomEvent("exchanged", { detail: exchange }));
  return exchange;
}

/** Says in a sentence why a request was refused. */
export function problem({ response, failure }) {
  if (!response) {
    return failure;
  }
  const body = response.body ?? {};
  const fields = (body.errors ?? []).map((error) => `${error.field} ${error.detail}`);
  const text = [body.detail ?? body.error_description ?? body.message ?? body.error, ...fields];
  return `${response.status}: ${text.filter(Boolean).join("; ")}`;
}

/** Reads data of the console, or sends `body` to it. Throws an error with its message. */
export async function data(name, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`/_gatehouse/data/${name}`, options);
  const value = await response.json();
  if (!response.ok) {
    throw new Error(value.message);
  }
  return value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
