import { spawn, spawnSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls, Server } from "node:tls";
import { fileURLToPath } from "node:url";
import { AttemptLog } from "@rollcall/engine";
import { issueLeaf, issueRoot, issueServerCertificate } from "@rollcall/pki";
import type { AttemptRecord } from "@rollcall/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tlsServerOptions, watchServer } from "./tls-server.js";

const authority = await issueRoot({ commonName: "server root" });
const other = await issueRoot({ commonName: "other" });
const device = await issueLeaf({ commonName: "pump-7", parent: other });
const stranger = await issueLeaf({ commonName: "pump-8", parent: other });
const identity = await issueServerCertificate({ commonName: "localhost", hosts: ["localhost"], parent: authority });

const PATIENCE_MS = 1_000;
const GNUTLS = "gnutls-cli";
const hasGnutls = spawnSync(GNUTLS, ["--version"]).status === 0;
const fieldCase = (name: string) =>
  fileURLToPath(new URL(`../../../../test/fixtures/field-cases/tls-blame/${name}`, import.meta.url));

let folder: string;
let server: Server;
let attempts: AttemptLog;
let port: number;

/** An EC key file (RFC 5915) with the private half of one key and the public half of another: OpenSSL takes it for both. */
function crookedKey(): string {
  const [shown, used] = [device, stranger].map((each) =>
    createPrivateKey(each.privateKeyPem).export({ format: "jwk" }),
  );
  const part = (value: string | undefined) => Buffer.from(value ?? "", "base64url");
  const start = Buffer.from("30770201010420", "hex");
  const curve = Buffer.from("a00a06082a8648ce3d030107a14403420004", "hex");
  const der = Buffer.concat([start, part(used?.d), curve, part(shown?.x), part(shown?.y)]);
  return `-----BEGIN EC PRIVATE KEY-----\n${der.toString("base64")}\n-----END EC PRIVATE KEY-----\n`;
}

const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-handshakes-"));
  writeFileSync(file("device.pem"), device.certificatePem);
  writeFileSync(file("crooked.key"), crookedKey());
  writeFileSync(file("other.pem"), other.certificatePem);
  const openssl = (...args: string[]) => expect(spawnSync("openssl", args).status).toBe(0);
  openssl("ecparam", "-name", "brainpoolP256r1", "-genkey", "-noout", "-out", file("curve.key"));
  openssl(
    "req",
    "-x509",
    "-new",
    "-key",
    file("curve.key"),
    "-out",
    file("curve.pem"),
    "-subj",
    "/CN=pump-9",
    "-days",
    "9",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  attempts = new AttemptLog(Date.now);
  server = new Server({ ...tlsServerOptions(identity), handshakeTimeout: PATIENCE_MS });
  const onSecure = (socket: { resume(): unknown }) => void socket.resume();
  watchServer(server, { transport: "mqtt", clock: Date.now, attempts, patienceMs: PATIENCE_MS, onSecure });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A cast: a server on TCP has an address with a port.
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => void server.close());

async function theAttempt(): Promise<AttemptRecord> {
  await expect.poll(() => attempts.recent(1)[0]?.findings.length ?? 0, { timeout: 5_000 }).toBeGreaterThan(0);
  const [record] = attempts.recent(2);
  if (!record) throw new Error("no attempt");
  expect(attempts.size).toBe(1);
  expect(record.outcome).toBe("abandoned");
  expect(record.remote).toMatch(/^127\.0\.0\.1:\d+$/);
  return record;
}

/** Runs a client until it ends, with an open standard input; returns what it said. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  // A client that takes the answer of TLS 1.3 for a success learns of its end only when it reads.
  const hangUp = setTimeout(() => child.stdin.end(), 600);
  child.stdin.on("error", () => undefined);
  await ended;
  clearTimeout(hangUp);
  return (await said).join("");
}

const openssl = (...args: string[]) =>
  run("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "dps.test", ...args]);

/** One client: what it does, and what is said of it. `sees` is the alert that the client itself reports. */
interface Row {
  readonly name: string;
  readonly connect: () => Promise<string>;
  readonly code: string;
  readonly title: readonly string[];
  readonly remedy: string;
  readonly sees?: string;
  readonly offer?: readonly string[];
  readonly registrationId?: string;
}

const service = (alert: string, state: string) => [`The service ended the TLS handshake with alert ${alert}, ${state}`];
const client = (alert: string, state: string) => [`The client ended the TLS handshake with alert ${alert}, ${state}`];
const CERTIFICATE_SENT = "after the service had sent its certificate";

const rows: readonly Row[] = [
  {
    name: "TLS 1.1",
    connect: () => openssl("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    code: "tls.versionTooOld",
    title: [...service("70 (protocol_version)", "at its ClientHello"), "the client offers is TLS 1.1."],
    remedy: "TLS 1.2 or newer",
    sees: "SSL alert number 70",
    offer: ["The client offered TLS 1.1;", "server name dps.test."],
  },
  {
    name: "a cipher without forward secrecy",
    connect: () => openssl("-tls1_2", "-cipher", "AES128-SHA"),
    code: "tls.noCommonCipher",
    title: service("40 (handshake_failure)", "at its ClientHello"),
    remedy: "ECDHE-ECDSA-AES128-GCM-SHA256",
    sees: "SSL alert number 40",
    offer: ["TLS 1.2; ciphers AES128-SHA; groups "],
  },
  {
    name: "a group that the service does not have",
    connect: () => openssl("-tls1_2", "-curves", "brainpoolP256r1"),
    code: "tls.noCommonGroup",
    title: [...service("40 (handshake_failure)", "at its ClientHello"), "only brainpoolP256r1."],
    remedy: "secp256r1",
    sees: "SSL alert number 40",
    offer: ["groups brainpoolP256r1;", "signature algorithms ecdsa_secp256r1_sha256, "],
  },
  {
    name: "signatures that the service's key cannot make",
    connect: () => openssl("-tls1_3", "-sigalgs", "RSA-PSS+SHA256"),
    code: "tls.noCommonSignature",
    title: [...service("40 (handshake_failure)", "at its ClientHello"), "only rsa_pss_rsae_sha256"],
    remedy: "ecdsa_secp256r1_sha256",
    sees: "SSL alert number 40",
  },
  {
    name: "a certificate on a curve that TLS does not take",
    connect: () => openssl("-tls1_2", "-cert", file("curve.pem"), "-key", file("curve.key")),
    code: "tls.certificateCurve",
    title: service("47 (illegal_parameter)", "at the client's CertificateVerify"),
    remedy: "secp256r1",
    sees: "SSL alert number 47",
    registrationId: "pump-9",
  },
  ...["-tls1_2", "-tls1_3"].map((version) => ({
    name: `a key that is not the certificate's, ${version}`,
    connect: () => openssl(version, "-cert", file("device.pem"), "-key", file("crooked.key")),
    code: "tls.certificateVerifyFailed",
    title: service("51 (decrypt_error)", "at the client's CertificateVerify"),
    remedy: "openssl pkey -in <key> -pubout",
    sees: "SSL alert number 51",
    registrationId: "pump-7",
  })),
  ...["-tls1_2", "-tls1_3"].map((version) => ({
    name: `OpenSSL's that does not know the CA, ${version}`,
    connect: () => openssl(version, "-CAfile", file("other.pem"), "-verify_return_error"),
    code: "tls.distrusted",
    title: client("48 (unknown_ca)", CERTIFICATE_SENT),
    remedy: "NODE_EXTRA_CA_CERTS=<file>",
  })),
  {
    name: "OpenSSL's that cannot even begin",
    connect: () => openssl("-tls1_3", "-curves", "brainpoolP256r1"),
    code: "tls.clientAlert",
    title: client("80 (internal_error)", "before its ClientHello"),
    remedy: "its log",
  },
];

/** Strangers that send bytes and hang up. */
const plain =
  (bytes: string, hangUpAfterMs = 200) =>
  async () => {
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("error", () => undefined);
    setTimeout(() => socket.end(), hangUpAfterMs);
    return text(socket).catch(() => "");
  };
const noTls = (code: string, remedy: string, more: string[] = []) => ({
  code,
  title: ["The service ended the TLS handshake without an alert, before its ClientHello", ...more],
  remedy,
});
const plainRows: readonly Row[] = [
  {
    name: "plain MQTT",
    connect: plain("\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0000"),
    ...noTls("tls.plainMqtt", "mqtts://"),
  },
  { name: "plain HTTP", connect: plain("GET / HTTP/1.1\r\n\r\n"), ...noTls("tls.plainHttp", "https://") },
  { name: "plain HTTP: DELETE", connect: plain("DELETE /a HTTP/1.1\r\n\r\n"), ...noTls("tls.plainHttp", "https://") },
  { name: "CONNECT", connect: plain("CONNECT a:1 HTTP/1.1\r\n\r\n"), ...noTls("tls.httpProxyRequest", "HTTPS_PROXY") },
  {
    name: "a proxy's preamble",
    connect: plain("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    ...noTls("tls.proxyPreamble", "proxy_protocol", ["version 1"]),
  },
  {
    name: "a proxy's preamble in binary",
    connect: plain("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"),
    ...noTls("tls.proxyPreamble", "proxy_protocol", ["version 2"]),
  },
  { name: "noise", connect: plain("\x01\x02\x03\x04\x05\x06"), ...noTls("tls.notTls", "TLS 1.2", ["010203040506"]) },
  {
    name: "closing in the middle of a ClientHello",
    connect: plain("\x16\x03\x01\x00"),
    code: "tls.closedWithoutAlert",
    title: ["The client closed the connection without an alert, before its ClientHello."],
    remedy: "client's log",
  },
  {
    name: "saying no more",
    connect: plain("\x16\x03\x01\x02\x00\x01", 4_000),
    code: "tls.timedOut",
    title: ["The service ended the TLS handshake without an alert, before its ClientHello", "within 1 seconds"],
    remedy: "holds the client up",
  },
  {
    name: "a ClientHello that is cut off",
    connect: plain("\x16\x03\x01\x00\x04\x01\x00\x00\x00"),
    code: "tls.failed",
    title: ["The service ended the TLS handshake with an alert", "length too short (ERR_SSL_LENGTH_TOO_SHORT)"],
    remedy: "RFC 8446",
  },
];

async function check({ connect, code, title, remedy, sees, offer, registrationId = "" }: Row): Promise<void> {
  const [said, record] = await Promise.all([connect(), theAttempt()]);
  if (sees !== undefined) expect(said).toContain(sees);
  const [found, offered] = record.findings;
  expect(found).toMatchObject({ code, severity: "error" });
  for (const part of title) expect(found?.title).toContain(part);
  expect(found?.remedy).toContain(remedy);
  expect(record.registrationId).toBe(registrationId);
  if (offer) expect(offered?.code).toBe("tls.offer");
  for (const part of offer ?? []) expect(offered?.title).toContain(part);
}

describe("a handshake that ends early says who ended it, with which alert, and why", () => {
  it.each([...rows, ...plainRows])("$name", check);

  it.each(["TLSv1.2", "TLSv1.3"] as const)("Node's that does not know the CA, %s", async (version) => {
    const { certificatePem: cert, privateKeyPem: key } = device;
    const only = { minVersion: version, maxVersion: version };
    const socket = connectTls({ host: "127.0.0.1", port, ca: other.certificatePem, cert, key, ...only });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    const record = await theAttempt();
    const [found] = record.findings;
    expect(["tls.leftAfterHandshake", "tls.closedWithoutAlert"]).toContain(found?.code);
    expect(found?.title).toContain("The client closed the connection without an alert");
    expect(found?.remedy).toContain("rollcall info caPath");
    if (found?.code === "tls.leftAfterHandshake") expect(record.registrationId).toBe("pump-7");
  });

  it.skipIf(!hasGnutls).each(["NORMAL", "NORMAL:-VERS-TLS1.3"])(
    "a certificate that is not valid DER, by gnutls-cli %s (needs gnutls-cli of gnutls-bin)",
    async (priority) => {
      const credentials = ["--x509certfile", fieldCase("illegal-padding-serial.pem")];
      const key = ["--x509keyfile", fieldCase("illegal-padding-serial.key")];
      const args = ["--insecure", "--priority", priority, ...credentials, ...key, "-p", String(port), "127.0.0.1"];
      await check({
        name: "not DER",
        connect: () => run(GNUTLS, args),
        code: "tls.certificateNotDer",
        title: [
          ...service("50 (decode_error)", "at the client's certificate"),
          "at its serial number",
          "illegal padding",
        ],
        remedy: "Issue the certificate again",
        sees: "Received alert [50]",
      });
    },
  );

  it.skipIf(!hasGnutls)("GnuTLS's that does not know the CA (needs gnutls-cli of gnutls-bin)", () =>
    check({
      name: "distrust",
      connect: () => run(GNUTLS, ["-p", String(port), "127.0.0.1"]),
      code: "tls.certificateRejected",
      title: client("42 (bad_certificate)", CERTIFICATE_SENT),
      remedy: "SSL_CERT_FILE",
    }),
  );

  it("says nothing of a client that is served", async () => {
    const ca = authority.certificatePem;
    const { certificatePem: cert, privateKeyPem: key } = device;
    const socket = connectTls({ host: "127.0.0.1", servername: "localhost", port, ca, cert, key });
    await once(socket, "secureConnect");
    socket.end("hello");
    await once(socket.resume(), "close");
    expect(attempts.size).toBe(0);
  });
});
