// Several https hosts on this machine, each on port 443 as far as Chromium can see: a
// small TLS proxy, its certificate made at run time, and the flags that lead to it.

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as forward } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Serves `hosts`, by name: a function of request and response, or the URL of a server that
 * gets every request unchanged. Calls `script` with the flags for Chromium, and stops.
 */
export async function withHosts(hosts, script) {
  const { key, cert } = certificate(Object.keys(hosts));
  const server = createServer({ key, cert }, (request, response) => {
    const host = hosts[request.headers.host];
    if (typeof host === "string") return proxy(host, request, response);
    return host ? host(request, response) : response.writeHead(421).end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `127.0.0.1:${server.address().port}`;
  // No other name is resolved: a page that needs the network fails.
  const rules = [...Object.keys(hosts).map((name) => `MAP ${name}:443 ${address}`), "MAP * ~NOTFOUND"];
  try {
    await script([
      `--host-resolver-rules=${rules.join(", ")}`,
      `--ignore-certificate-errors-spki-list=${fingerprint(cert)}`,
    ]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Returns a handler that serves an HTML page, with further headers. */
export function page(html, headers = {}) {
  return (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers });
    response.end(`<!doctype html>${html}`);
  };
}

function proxy(target, request, response) {
  const options = { method: request.method, headers: request.rawHeaders };
  const onward = forward(new URL(request.url, target), options, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
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
