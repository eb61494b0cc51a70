// Prints the names that the pages must map, from the type declarations of npm packages:
// {LIST: [NAME, ...]} as JSON. Nothing of the packages is run.

import { readFileSync } from "node:fs";

const read = (path) =>
  readFileSync(new URL(`node_modules/${path}`, import.meta.url), "utf8");

/** The text of a declaration, up to its closing brace in the first column. */
function declaration(text, begins) {
  const start = text.indexOf(begins);
  if (start < 0) throw new Error(`${begins} is not declared`);
  return text.slice(start, text.indexOf("\n}", start));
}

/** The names that a pattern captures, sorted, each once. */
const names = (text, pattern) => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1])),
].sort();

const spa = "@auth0/auth0-spa-js/dist/typings";
const auth0 = declaration(read(`${spa}/Auth0Client.d.ts`), "export declare class Auth0Client");
const options = declaration(read(`${spa}/global.d.ts`), "export interface Auth0ClientOptions");
const firebase = read("@firebase/auth/dist/auth-public.d.ts");
const keycloak = read("keycloak-js/lib/keycloak.d.ts");
const adapter = declaration(keycloak, "declare class Keycloak");
const realm = read("@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.d.ts");

const lists = {
  "auth0.methods": [
    ...names(auth0, /^    (?!constructor)([a-zA-Z]+)(?:<[^(]*>)?\(/gm),
    ...names(auth0, /^    readonly ([a-zA-Z]+):/gm),
  ],
  "auth0.options": names(options, /^    ([a-zA-Z]+)\??:/gm),
  "firebase.functions": names(firebase, /^export declare function ([a-zA-Z]+)/gm),
  "keycloak.methods": names(adapter, /^  ([a-zA-Z]+) \(.*\): /gm),
  "keycloak.properties": names(adapter, /^  ([a-zA-Z]+)(?:\??: |\? \()/gm),
  "keycloak.init": names(
    declaration(keycloak, "export interface KeycloakInitOptions"),
    /^  ([a-zA-Z]+)\??:/gm,
  ),
  "keycloak.realm": names(realm, /^    ([a-zA-Z0-9]+)\?:/gm),
};
console.log(JSON.stringify(lists));
