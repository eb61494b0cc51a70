// Several https hosts on this machine, each on port 443 as far as Chromium can see: a
// small TLS proxy, its certificate made at run time, and the flags that lead to it.

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer, request as forward } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

/**
 * Serves `hosts`: by name, a function of request and response. `plain`, if there is one,
 * serves all of them without TLS. Calls `script` with the flags for Chromium, and stops
 * when it ends.
 */
export async function withHosts(hosts, script, plain = (_, response) => response.destroy()) {
  const names = Object.keys(hosts);
  const { key, cert } = certificate(names);
  const server = createServer({ key, cert }, (request, response) => {
    const host = hosts[request.headers.host];
    return host ? host(request, response) : response.writeHead(421).end();
  });
  const servers = { 443: server, 80: createPlainServer(plain) };
  const rules = [];
  for (const [port, each] of Object.entries(servers)) {
    await new Promise((listening) => each.listen(0, "127.0.0.1", listening));
    const address = `127.0.0.1:${each.address().port}`;
    rules.push(...names.map((name) => `MAP ${name}:${port} ${address}`));
  }
  // No other name is resolved: a page that needs the network fails.
  rules.push("MAP * ~NOTFOUND");
  try {
    await script([
      `--host-resolver-rules=${rules.join(", ")}`,
      `--ignore-certificate-errors-spki-list=${fingerprint(cert)}`,
    ]);
  } finally {
    for (const each of Object.values(servers)) {
      each.closeAllConnections();
      each.close();
    }
  }
}

/** Serves an HTML page at every path, with further headers. */
export function page(html, headers = {}) {
  return (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers });
    response.end(`<!doctype html>${html}`);
  };
}

/**
 * Serves the files of a folder. `change` gets the text of each, and returns what is sent.
 */
export function files(folder, headers = {}, change = (text) => text) {
  const types = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" };
  return (request, response) => {
    const { pathname } = new URL(request.url, "https://host");
    const path = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    const type = types[extname(path)];
    if (!type || !existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, ...headers });
    response.end(change(readFileSync(path, "utf8")));
  };
}

/**
 * Passes every request on to the server at `target`, unchanged. `onResponse`, if there is
 * one, gets the request and the response: it can change the response's `rawHeaders`, and
 * returns false to close the connection instead of responding.
 */
export function proxy(target, onResponse = () => true) {
  return (request, response) => {
    const options = { method: request.method, headers: request.rawHeaders };
    const onward = forward(new URL(request.url, target), options, async (answer) => {
      if ((await onResponse(request, answer)) === false) {
        // Unread, it would keep its connection and this process alive.
        answer.destroy();
        return response.destroy();
      }
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };
}

function certificate(names) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-hosts-"));
  const [keyFile, certFile] = [join(folder, "key"), join(folder, "cert")];
  try {
    execFileSync("openssl", [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-days", "2", "-subj", "/CN=gatehouse",
      "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`,
      "-keyout", keyFile, "-out", certFile,
    ], { stdio: "pipe" });
    return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The SHA-256 of the public key, by which Chromium trusts the certificate. */
function fingerprint(cert) {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}
