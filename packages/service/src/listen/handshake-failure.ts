import { type Finding, finding } from "@rollcall/protocol";
import { type ClientHello, readClientHello } from "./client-hello.js";
import { type Ending, plainRecord } from "./plain-records.js";
import { alertNames, cipherNames, groupNames, namesOf, signatureNames, versionNames } from "./tls-names.js";

/** How Node reports OpenSSL's errors: `code` is ERR_SSL_ and the reason, `message` holds the function and the alert. */
export interface HandshakeError {
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly library?: string | undefined;
  readonly message?: string | undefined;
}

/** The facts that were seen of a handshake that ended early. */
export interface EndedHandshake {
  readonly error?: HandshakeError | undefined;
  /** The first bytes of the client, 4 KiB at most. */
  readonly first: Uint8Array;
  /** Bytes that the service had sent: its answer to the ClientHello, or an alert. */
  readonly bytesWritten: number;
  readonly patienceMs: number;
}

interface Seen extends EndedHandshake {
  readonly error: HandshakeError;
  readonly hello: ClientHello | undefined;
}

const P_256 = 23;
const ALERT_RECORD = 21;
/** A fatal alert alone, in its record. */
const ALERT_BYTES = 7;
/** A HelloRetryRequest has about 100 bytes, the flight with the smallest certificate over 500. */
const FLIGHT_BYTES = 300;

const states = {
  beforeHello: "before its ClientHello",
  hello: "at its ClientHello",
  certificateSent: "after the service had sent its certificate",
  clientCertificate: "at the client's certificate",
  certificateVerify: "at the client's CertificateVerify",
} as const;
type State = keyof typeof states;

interface ServerCause {
  /** OpenSSL's reasons, without ERR_SSL_. */
  readonly reasons: readonly string[];
  /** The alert that OpenSSL sends for these reasons. OpenSSL sends no alert to a client that does not speak TLS. */
  readonly alert: number;
  readonly state: State;
  readonly found: (ending: Ending, seen: Seen) => Finding;
}

const newestOf = ({ hello }: Seen) => {
  const known = (hello?.versions ?? []).filter((version) => version in versionNames);
  return namesOf(known.length > 0 ? [Math.max(...known)] : undefined, versionNames);
};

const noCommonGroup = (ending: Ending, { hello }: Seen) =>
  finding("tls.noCommonGroup", {
    values: { ...ending, groups: namesOf(hello?.groups, groupNames) },
    expected: "secp256r1",
  });

/** OpenSSL says "no shared cipher" also when a cipher would do and the certificate's curve is what is not offered. */
function noCommonCipher(ending: Ending, seen: Seen): Finding {
  const { ciphers, groups } = seen.hello ?? {};
  const hasCipher = ciphers?.some((each) => cipherNames[each]?.startsWith("ECDHE-")) ?? false;
  if (hasCipher && groups !== undefined && !groups.includes(P_256)) return noCommonGroup(ending, seen);
  return finding("tls.noCommonCipher", { values: { ...ending }, got: namesOf(ciphers, cipherNames) });
}

/** The causes for which the service ends a handshake: one row each. */
const serverCauses: readonly ServerCause[] = [
  {
    reasons: ["UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW"],
    alert: 70,
    state: "hello",
    found: (ending, seen) =>
      finding("tls.versionTooOld", { values: { ...ending, newest: newestOf(seen) }, expected: "TLS 1.2 or TLS 1.3" }),
  },
  { reasons: ["NO_SHARED_CIPHER"], alert: 40, state: "hello", found: noCommonCipher },
  { reasons: ["NO_SUITABLE_KEY_SHARE"], alert: 40, state: "hello", found: noCommonGroup },
  {
    reasons: ["NO_SUITABLE_SIGNATURE_ALGORITHM", "NO_SHARED_SIGNATURE_ALGORITHMS"],
    alert: 40,
    state: "hello",
    found: (ending, { hello }) =>
      finding("tls.noCommonSignature", {
        values: { ...ending, signatureAlgorithms: namesOf(hello?.signatureAlgorithms, signatureNames) },
      }),
  },
  {
    reasons: ["WRONG_CURVE"],
    alert: 47,
    state: "certificateVerify",
    found: (values) => finding("tls.certificateCurve", { values }),
  },
  {
    reasons: ["BAD_SIGNATURE"],
    alert: 51,
    state: "certificateVerify",
    found: (values) => finding("tls.certificateVerifyFailed", { values }),
  },
];

/** The causes that the alerts of a client stand for: one row each. An alert without a row is reported as it is. */
const clientCauses: readonly { readonly alerts: readonly number[]; readonly found: (ending: Ending) => Finding }[] = [
  { alerts: [48], found: (values) => finding("tls.distrusted", { values }) },
  { alerts: [42, 43, 44, 46], found: (values) => finding("tls.certificateRejected", { values }) },
  { alerts: [45], found: (values) => finding("tls.certificateExpired", { values }) },
];

/** `alert 48 (unknown_ca)`. */
const alertText = (alert: number) => `alert ${alert} (${alertNames[alert] ?? "unknown"})`;
const byService = (alert: number, state: State): Ending => ({
  ended: `The service ended the TLS handshake with ${alertText(alert)}`,
  state: states[state],
});

/** The number of the alert that the client sent: OpenSSL's message has it, and a client that gives up at once says it first. */
function clientAlert(error: HandshakeError | undefined, first: Uint8Array): number | undefined {
  if (first[0] === ALERT_RECORD) return first[ALERT_BYTES - 1];
  const text = /SSL alert number (\d+)/.exec(error?.message ?? "")?.[1];
  return text === undefined ? undefined : Number(text);
}

function stateByBytes({ hello, bytesWritten }: Seen): State {
  if (!hello) return "beforeHello";
  return bytesWritten > FLIGHT_BYTES ? "certificateSent" : "hello";
}

function alertFinding(alert: number, state: string): Finding {
  const ending = { ended: `The client ended the TLS handshake with ${alertText(alert)}`, state };
  const row = clientCauses.find(({ alerts }) => alerts.includes(alert));
  return row ? row.found(ending) : finding("tls.clientAlert", { values: ending });
}

/** OpenSSL names the function that stumbled, not the field: of a certificate, only these two are integers. */
function whereNotDer({ message = "", reason = "" }: HandshakeError): string {
  const where = /c2i_ibuf|INTEGER/.test(message)
    ? "at its serial number (or version), an INTEGER"
    : `at a place that OpenSSL does not name${message === "" ? "" : ` (${/routines:(\w*):/.exec(message)?.[1] ?? "?"})`}`;
  return `${where}: ${reason}`;
}

function byServiceFinding(seen: Seen): Finding {
  const { error } = seen;
  if (error.library === "asn1 encoding routines") {
    const values = { ...byService(50, "clientCertificate"), where: whereNotDer(error) };
    return finding("tls.certificateNotDer", { values });
  }
  const row = serverCauses.find(({ reasons }) => reasons.some((each) => error.code === `ERR_SSL_${each}`));
  if (row) return row.found(byService(row.alert, row.state), seen);
  const ended = `The service ended the TLS handshake ${seen.bytesWritten > 0 ? "with an alert" : "without an alert"}`;
  const reason = error.reason ? `${error.reason} (${error.code})` : (error.code ?? "no reason");
  return finding("tls.failed", { values: { ended, state: states[stateByBytes(seen)], reason } });
}

const SILENT: readonly (string | undefined)[] = [undefined, "ECONNRESET", "EPIPE"];

function causeOf(seen: Seen): Finding {
  const { error, first } = seen;
  const plain = plainRecord(first);
  const isClosed = SILENT.includes(error.code);
  const state = states[stateByBytes(seen)];
  const side = isClosed ? "client closed the connection" : "service ended the TLS handshake";
  const silent = { ended: `The ${side} without an alert`, state };
  if (plain) return plain(silent);
  const alert = clientAlert(error, first);
  if (alert !== undefined) return alertFinding(alert, state);
  if (isClosed) return finding("tls.closedWithoutAlert", { values: silent });
  if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT")
    return finding("tls.timedOut", { values: { ...silent, seconds: seen.patienceMs / 1000 } });
  return byServiceFinding(seen);
}

function offerOf(hello: ClientHello): Finding {
  return finding("tls.offer", {
    values: {
      versions: namesOf(hello.versions, versionNames),
      ciphers: namesOf(hello.ciphers, cipherNames),
      groups: namesOf(hello.groups, groupNames),
      signatureAlgorithms: namesOf(hello.signatureAlgorithms, signatureNames),
      serverName: hello.serverName ?? "none",
    },
  });
}

/** Why a handshake ended early, and what the client had offered where its ClientHello came. */
export function handshakeFailure(ended: EndedHandshake): readonly Finding[] {
  const hello = readClientHello(ended.first);
  const cause = causeOf({ ...ended, error: ended.error ?? {}, hello });
  return hello ? [cause, offerOf(hello)] : [cause];
}

/** The TLS version and the cipher on which the handshake had agreed. */
export interface Agreed {
  readonly version: string;
  readonly cipher: string;
}

/** Why a client that finished the handshake left before it said anything; `undefined` when its error is no alert. */
export function leftAfterHandshake(agreed: Agreed, error?: HandshakeError): Finding | undefined {
  const alert = clientAlert(error, new Uint8Array());
  if (alert !== undefined) return alertFinding(alert, "right after the handshake");
  return error ? undefined : finding("tls.leftAfterHandshake", { values: { ...agreed } });
}
