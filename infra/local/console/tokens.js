// Decodes tokens, and explains each part. It verifies nothing: only the service can.

import { h } from "./elements.js";
import { countdown, shortened, time } from "./view.js";

const HEADER = {
  alg: "The algorithm of the signature; a verifier accepts only the one that the key is for.",
  kid: "Which of the published keys verifies the signature.",
  typ: "What kind of token it is (RFC 9068), so that no other JWT passes for an access token.",
};

const CLAIMS = {
  iss: "The issuer: the service that signed the token.",
  sub: "The subject: the user's id, which never changes and is never reused.",
  aud: "The audience: whoever is not it must reject the token.",
  client_id: "The client that requested the token.",
  iat: "When the token was issued.",
  exp: "When the token expires.",
  jti: "The token's own id, by which this one token can be revoked.",
  sid: "The session of the token; when it ends, the token is refused.",
  ver: "The user's token version; changing roles or the password raises it, and refuses older tokens.",
  auth_time: "When the user last entered the password.",
  scope: "What this token may be used for.",
  roles: "What the user may do, as of the time of issue.",
};

const TIMES = ["iat", "exp", "auth_time"];

/** Returns the claims of an access token. */
export function claimsOf(token) {
  return decodedJson(token.split(".")[1]);
}

/** Returns the parts of a refresh token, as `shared/auth/src/refresh/token.rs` lays them out. */
export function refreshParts(token) {
  const prefix = "gh_rt_";
  const bytes = decoded(token.slice(prefix.length));
  let start = 0;
  const take = (count) => bytes.slice(start, (start += count));
  const version = take(1)[0];
  const [key, sub, sid] = [8, 16, 16].map((count) => encoded(take(count)));
  const generation = new DataView(take(4).buffer).getUint32(0);
  return { prefix, version, key, sub, sid, generation, mac: encoded(take(32)) };
}

/** Returns the id of the key that signed an access token. */
export const keyOf = (token) => decodedJson(token.split(".")[0]).kid;

/** Returns the access token's three parts as tables. */
export function accessView(token) {
  const [header, claims, signature] = token.split(".");
  return [
    table("Header", decodedJson(header), HEADER),
    table("Claims", decodedJson(claims), CLAIMS),
    table("Signature", { signature: shortened(signature) }, {
      signature: "Made with the private key over header and claims: a changed character makes it invalid.",
    }),
  ];
}

/** Returns the refresh token's parts as a table. */
export function refreshView(token) {
  const parts = refreshParts(token);
  const rows = {
    prefix: [parts.prefix, "By which people and secret scanners recognise a refresh token."],
    version: [parts.version, "The layout of what follows."],
    "MAC key": [parts.key, "Which key of the ring authenticates the token."],
    sub: [parts.sub, "The subject: whose session it refreshes."],
    sid: [parts.sid, "The session, which is in the table; the token is not."],
    generation: [parts.generation, "How often the session had been refreshed; only the latest generation is valid."],
    MAC: [shortened(parts.mac), "HMAC-SHA-256 over all of it, without which anyone could make one."],
  };
  const values = Object.fromEntries(Object.entries(rows).map(([name, [value]]) => [name, value]));
  const meanings = Object.fromEntries(Object.entries(rows).map(([name, [, text]]) => [name, text]));
  return [table("Parts", values, meanings)];
}

function table(caption, values, meanings) {
  const rows = Object.entries(values).map(([name, value]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", class: "value" }, name),
      h("td", { class: "value" }, ...shown(name, value)),
      h("td", { class: "meaning" }, meanings[name] ?? "A claim that Gatehouse does not issue."),
    ),
  );
  const head = ["Name", "Value", "Meaning"].map((text) => h("th", { scope: "col" }, text));
  return h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
}

function shown(name, value) {
  if (!TIMES.includes(name)) {
    return [typeof value === "string" ? value : JSON.stringify(value)];
  }
  const left = name === "exp" ? ["; left: ", countdown(value)] : [];
  return [`${value} (`, time(value), ")", ...left];
}

function decoded(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function encoded(bytes) {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decodedJson(text) {
  return JSON.parse(new TextDecoder().decode(decoded(text)));
}
