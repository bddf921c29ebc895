import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer as createTlsServer } from "node:tls";
import { Worker } from "node:worker_threads";
import { issueRoot, issueServerCertificate, toPem } from "@rollcall/pki";
import { expect, it } from "vitest";
import {
  commonName,
  dearKeys,
  type HostileChain,
  manyConstraints,
  manyUsages,
} from "../../packages/engine/src/testing/hostile-chains.js";
import { createPki, x509Group } from "./certificates.js";
import { startService } from "./service.js";

const long = process.env["ROLLCALL_TEST"] === "long";
const rounds = 7;
const requests = 50;
/** Milliseconds by which the service may answer later than a server that looks at nothing. */
const allowed = 100;

/** Asks a URL again and again from a thread of its own, and tells the longest time that an answer took. */
const watcher = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { get, Agent } = require("node:http");
  const agent = new Agent({ keepAlive: true });
  let longest = 0;
  let asked = false;
  parentPort.on("message", () => { asked = true; });
  const ask = () => {
    const begun = performance.now();
    get(workerData, { agent }, (response) => {
      response.resume().on("end", () => {
        longest = Math.max(longest, performance.now() - begun);
        if (asked) parentPort.postMessage(longest), agent.destroy(), parentPort.close();
        else setTimeout(ask, 2);
      });
    });
  };
  ask();
`;

/** The longest stall of a health page while something happens, in milliseconds. */
async function stallOf(url: string, happen: () => Promise<void>): Promise<number> {
  const worker = new Worker(watcher, { eval: true, workerData: url });
  await new Promise((resolve) => worker.once("online", resolve));
  await new Promise((resolve) => setTimeout(resolve, 30));
  await happen();
  const told = new Promise<number>((resolve) => worker.once("message", resolve));
  worker.postMessage("enough");
  const longest = await told;
  await worker.terminate();
  return longest;
}

/** One handshake with a chain, and so many register requests at once; ends when all are answered. */
function ask(port: number, { chain, key }: HostileChain, path: string): Promise<void> {
  const cert = chain.map((der) => toPem(der)).join("");
  const keyPem = key.export({ type: "pkcs8", format: "pem" });
  const body = '{"registrationId":"pump-7"}';
  const head = `PUT ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, cert, key: keyPem, rejectUnauthorized: false };
    const socket = connect(options, () => socket.write((head + body).repeat(requests)));
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (text.split("HTTP/1.1 ").length <= requests) return;
      expect(text).toContain("HTTP/1.1 401");
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${text.length} bytes`)));
  });
}

/** A server that asks for a certificate as ours does, and looks at nothing. */
async function bareServer() {
  const root = await issueRoot({ commonName: "Bare" });
  const { certificatePem, privateKeyPem } = await issueServerCertificate({
    commonName: "bare",
    parent: root,
    hosts: ["127.0.0.1"],
  });
  const options = { cert: certificatePem, key: privateKeyPem, requestCert: true, rejectUnauthorized: false };
  const tls = createTlsServer(options, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const count = data.toString("latin1").split("PUT ").length - 1;
      socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".repeat(count));
    });
  });
  const health = createServer((_, response) => response.end("ok"));
  for (const server of [tls, health]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const portOf = (server: typeof tls | typeof health) => (server.address() as AddressInfo).port;
  return {
    port: portOf(tls),
    health: `http://127.0.0.1:${portOf(health)}/`,
    [Symbol.dispose]() {
      tls.close();
      health.close();
      health.closeAllConnections();
    },
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const inputs: readonly (readonly [string, (subject: Buffer) => HostileChain])[] = [
  ["6,600 constraints against 3,300 names", (subject) => manyConstraints("pump-7", subject)],
  ["exponents of 3,072 bits", (subject) => dearKeys("pump-7", subject)],
  ["9,000 extended key usages", (subject) => manyUsages("pump-7", subject)],
  ["70 CA certificates", (subject) => dearKeys("pump-7", subject, 69)],
];

it.skipIf(!long).each(inputs)(
  "%s stall the service no longer than a server that looks at nothing (needs the long run)",
  { timeout: 120_000 },
  async (_, make) => {
    const pki = await createPki("Stall");
    await using service = await startService({ seed: { enrollmentGroups: [x509Group("g", pki.root)] } });
    using bare = await bareServer();
    const { ports } = service.rollcall.info;
    const health = `http://127.0.0.1:${ports.dashboard}/healthz`;
    const path = `/${service.idScope}/registrations/pump-7/register?api-version=2021-06-01`;
    const differences: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const chain = make(commonName(pki.root.certificate.commonName ?? ""));
      const theirs = await stallOf(bare.health, () => ask(bare.port, chain, path));
      const ours = await stallOf(health, () => ask(ports.https, chain, path));
      // The first round compiles, and warms both.
      if (round > 0) differences.push(ours - theirs);
    }
    expect(median(differences), JSON.stringify(differences)).toBeLessThanOrEqual(allowed);
  },
);
