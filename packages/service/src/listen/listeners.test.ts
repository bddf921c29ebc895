import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { AttemptLog } from "@rollcall/engine";
import { type Identity, issueIntermediate, issueLeaf, issueRoot, issueServerCertificate } from "@rollcall/pki";
import type { ClientConnection } from "@rollcall/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BACKLOG, listenAddresses } from "./listen.js";
import { Listeners } from "./listeners.js";
import { tlsServerOptions } from "./tls-server.js";

const OPENSSL = "openssl";
const root = await issueRoot({ commonName: "root" });
const other = await issueRoot({ commonName: "other" });
const intermediate = await issueIntermediate({ commonName: "intermediate", parent: root });
const leaf = await issueLeaf({ commonName: "leaf", parent: intermediate });
const authority = await issueRoot({ commonName: "server root" });
const server = () =>
  issueServerCertificate({ commonName: "localhost", hosts: ["localhost", "127.0.0.1", "::1"], parent: authority });
const identity = await server();

const attempts = new AttemptLog(Date.now);
let listeners: Listeners;
interface Accepted {
  readonly socket: TLSSocket;
  readonly connection: ClientConnection;
}
let accepted: Accepted[];
let whenAccepted: (connection: ClientConnection) => void;
let mqtt: number;
let https: number;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-listeners-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  accepted = [];
  whenAccepted = () => undefined;
  listeners = new Listeners({ identity, clock: Date.now, attempts });
  const where = { purpose: "test", flag: "--test", port: 0, addresses: listenAddresses("127.0.0.1") };
  mqtt = await listeners.mqtt(where, (socket, connection) => {
    whenAccepted(connection);
    accepted.push({ socket, connection });
    socket.resume();
  });
  https = await listeners.https(where, {
    request: (request, response) => void response.end(listeners.connectionOf(request.socket).transport),
    upgrade: (_request, socket, _head, connection) => void socket.end(`upgraded ${connection.transport}`),
  });
});
afterEach(() => listeners.close());

const options = (more: ConnectionOptions = {}): ConnectionOptions => ({
  host: "127.0.0.1",
  port: mqtt,
  ca: authority.certificatePem,
  ...more,
});

async function open(more: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls(options(more));
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

/** The connection that the server has for a client's socket. */
async function acceptedOf(client: TLSSocket): Promise<Accepted> {
  const mine = () => accepted.find(({ connection }) => connection.remote === `127.0.0.1:${client.localPort}`);
  await expect.poll(mine).toBeDefined();
  const found = mine();
  if (!found) throw new Error("not accepted");
  return found;
}

describe("the certificates that a device presented, exactly as sent", () => {
  const chains: readonly (readonly [string, readonly Identity[]])[] = [
    ["none", []],
    ["the leaf only", [leaf]],
    ["leaf and intermediate", [leaf, intermediate]],
    ["leaf, intermediate and root", [leaf, intermediate, root]],
    ["an unrelated certificate between", [leaf, other, intermediate]],
    ["an unrelated certificate at the end", [leaf, intermediate, other]],
    ["root before intermediate", [leaf, root, intermediate]],
    ["an intermediate twice", [leaf, intermediate, intermediate]],
    ["all of them twice", [leaf, intermediate, leaf, intermediate]],
  ];
  const rows = chains.flatMap(([name, sent]) =>
    (["TLSv1.2", "TLSv1.3"] as const).map((version) => ({ name, sent, version })),
  );
  it.each(rows)("$name, over $version", async ({ sent, version }) => {
    const cert = sent.map(({ certificatePem }) => certificatePem).join("");
    const credentials = sent.length > 0 ? { cert, key: leaf.privateKeyPem } : {};
    const client = await open({ ...credentials, minVersion: version, maxVersion: version });
    const { connection } = await acceptedOf(client);
    const expected = sent.map(({ certificate }) => certificate.der.toString("hex"));
    const presented = () => connection.presented().map((der) => Buffer.from(der).toString("hex"));
    expect(presented()).toEqual(expected);
    // Node consumes the chain while it is read: the second call must return the saved certificates.
    expect(presented()).toEqual(expected);
    client.destroy();
  });
});

describe("a connection", () => {
  it("says where it comes from, when, and what name it asked for", async () => {
    const before = Date.now();
    const client = await open({ servername: "localhost" });
    const { connection, socket } = await acceptedOf(client);
    expect(connection).toMatchObject({ transport: "mqtt", loopback: true, serverName: "localhost" });
    expect(connection.acceptedAt).toBeGreaterThanOrEqual(before);
    expect(connection.securedAt).toBeGreaterThanOrEqual(connection.acceptedAt);
    expect(socket.alpnProtocol).toBe(false);
    const plain = await open();
    expect((await acceptedOf(plain)).connection.serverName).toBeUndefined();
    client.destroy();
    plain.destroy();
  });

  it("is known to the handlers of HTTPS and of upgrades, also to clients that want HTTP/2", async () => {
    const ask = async (request: string, more: ConnectionOptions = {}) => {
      const socket = await open({ port: https, ...more });
      socket.write(request);
      return text(socket);
    };
    expect(await ask("GET / HTTP/1.0\r\n\r\n", { ALPNProtocols: ["h2"] })).toMatch(/http$/);
    expect(await ask("GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n")).toBe(
      "upgraded mqtt-ws",
    );
  });

  it("is served over plain HTTP by Host only, over HTTPS by any", async () => {
    const where = { purpose: "test", flag: "--test", port: 0, addresses: listenAddresses("127.0.0.1") };
    const plain = await listeners.http(where, (_request, response) => void response.end("served"));
    const asked = connectTcp(plain, "127.0.0.1", () => asked.write("GET / HTTP/1.1\r\n\r\n"));
    expect(await text(asked)).toMatch(/^HTTP\/1\.1 400 /);
    const socket = await open({ port: https });
    socket.write("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("is served on both loopbacks", async () => {
    const client = await open({ host: "::1" }).catch(() => undefined);
    await expect
      .poll(() => accepted.map(({ connection }) => connection.remote.slice(0, 6)))
      .toEqual(client ? ["[::1]:"] : []);
    client?.destroy();
  });

  it.each(["-tls1_2", "-tls1_3"])("never resumes a session: openssl s_client %s", async (version) => {
    const chainLengths: number[] = [];
    whenAccepted = (connection) => chainLengths.push(connection.presented().length);
    const files = {
      key: join(folder, "key.pem"),
      cert: join(folder, "cert.pem"),
      chain: join(folder, "chain.pem"),
      session: join(folder, `s${version}.pem`),
    };
    writeFileSync(files.key, leaf.privateKeyPem);
    writeFileSync(files.cert, leaf.certificatePem);
    writeFileSync(files.chain, intermediate.certificatePem);
    const base = [
      "s_client",
      "-connect",
      `127.0.0.1:${mqtt}`,
      version,
      "-cert",
      files.cert,
      "-cert_chain",
      files.chain,
      "-key",
      files.key,
    ];
    const run = (...more: string[]) =>
      promisify(execFile)("sh", ["-c", 'sleep 0.3 | "$0" "$@"', OPENSSL, ...base, ...more]);
    const first = await run("-sess_out", files.session);
    expect(first.stdout).toContain("New, TLSv1");
    const second = await run("-sess_in", files.session);
    expect(second.stdout).toContain("New, TLSv1");
    expect(second.stdout).not.toContain("Reused");
    if (version === "-tls1_2") expect((await run("-reconnect")).stdout).not.toContain("Reused");
    expect(chainLengths).toEqual(chainLengths.map(() => 2));
    expect(chainLengths.length).toBe(accepted.length);
  });

  it("refuses TLS 1.1", async () => {
    await expect(
      open({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
    ).rejects.toThrow();
  });
});

describe("a client that leaves", () => {
  it("without sending anything, or after it was served, is not recorded as an attempt", async () => {
    const count = attempts.size;
    const silent = connectTcp(mqtt, "127.0.0.1", () => silent.end());
    await once(silent, "close");
    const served = await open();
    served.write("x");
    await acceptedOf(served);
    served.end();
    await once(served, "close");
    await expect.poll(() => listeners.connections).toBe(0);
    expect(attempts.size).toBe(count);
  });
});

it("shows a renewed certificate to new connections, and still requests client certificates", async () => {
  const before = await open();
  const next = await server();
  listeners.renew(next);
  const after = await open({ cert: leaf.chainPem, key: leaf.privateKeyPem });
  expect(after.getPeerX509Certificate()?.raw.equals(next.certificate.der)).toBe(true);
  expect(before.getPeerX509Certificate()?.raw.equals(identity.certificate.der)).toBe(true);
  const { connection, socket } = await acceptedOf(after);
  expect(connection.presented()).toHaveLength(2);
  expect(socket.isSessionReused()).toBe(false);
  before.destroy();
  after.destroy();
});

it("closes every kind of connection: in the handshake, idle, talking, kept alive", async () => {
  const handshake = connectTcp(mqtt, "127.0.0.1", () => handshake.write(Buffer.from("1603", "hex")));
  handshake.on("error", () => undefined).resume();
  const talking = await open();
  talking.write("x");
  const unused = await open({ port: https });
  const keptAlive = await open({ port: https });
  keptAlive.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(keptAlive, "data");
  await expect.poll(() => listeners.connections).toBe(4);
  const closed = [handshake, talking, unused, keptAlive].map((socket) => once(socket.resume(), "close"));
  await listeners.close();
  await Promise.all(closed);
  expect(listeners.connections).toBe(0);
});

it("cuts off clients that do not leave", async () => {
  const client = connectTls(options({ port: mqtt, allowHalfOpen: true } as ConnectionOptions));
  client.on("error", () => undefined);
  await once(client, "secureConnect");
  client.write("x");
  await acceptedOf(client);
  await listeners.close();
  expect(listeners.connections).toBe(0);
  client.destroy();
});

it("listens with a queue for a whole fleet, and without Nagle's algorithm", () => {
  expect(BACKLOG).toBe(4096);
  expect(tlsServerOptions(identity)).toMatchObject({ noDelay: true, handshakeTimeout: 30_000, requestCert: true });
});
