import { type Finding, finding } from "@rollcall/protocol";

/** Who ended the handshake and how far it had come, as the titles of the findings say it. */
export interface Ending {
  readonly ended: string;
  readonly state: string;
}

const TLS_RECORDS: readonly number[] = [20, 21, 22];
/** The two-byte length of an SSL 2.0 record, whose ClientHello OpenSSL reads too, has its highest bit set. */
const isSsl2Hello = (bytes: Uint8Array) => (bytes[0] ?? 0) >= 0x80 && (bytes.length < 3 || bytes[2] === 1);
const HTTP_METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|PRI) /;
const PROXY_2 = "\r\n\r\n\0\r\nQUIT\n";
/** A CONNECT names its protocol behind the packet's type and one to four bytes of length: MQTT 3.1, and 3.1.1 and 5. */
const MQTT_CONNECT = 0x10;
const MQTT_NAMES = ["\0\x04MQTT", "\0\x06MQIsdp"];
const isMqttConnect = (text: string) =>
  text.charCodeAt(0) === MQTT_CONNECT && MQTT_NAMES.some((name) => [2, 3, 4, 5].includes(text.indexOf(name)));
const SHOWN_BYTES = 12;

interface PlainRecord {
  readonly isIt: (text: string) => boolean;
  readonly found: (ending: Ending, bytes: Uint8Array) => Finding;
}

/** The protocols that clients speak to a TLS port without TLS, by their first bytes. The last row matches any bytes. */
const plainRecords: readonly PlainRecord[] = [
  { isIt: isMqttConnect, found: (values) => finding("tls.plainMqtt", { values }) },
  { isIt: (text) => text.startsWith("CONNECT "), found: (values) => finding("tls.httpProxyRequest", { values }) },
  { isIt: (text) => HTTP_METHOD.test(text), found: (values) => finding("tls.plainHttp", { values }) },
  {
    isIt: (text) => text.startsWith("PROXY "),
    found: (ending) => finding("tls.proxyPreamble", { values: { ...ending, version: 1 } }),
  },
  {
    isIt: (text) => text.startsWith(PROXY_2),
    found: (ending) => finding("tls.proxyPreamble", { values: { ...ending, version: 2 } }),
  },
  {
    isIt: () => true,
    found: (ending, bytes) =>
      finding("tls.notTls", {
        values: { ...ending, bytes: Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString("hex") },
      }),
  },
];

/** Recognises the first bytes of a connection without TLS. Undefined for TLS, an SSL 2 hello, and no bytes at all. */
export function plainRecord(bytes: Uint8Array): ((ending: Ending) => Finding) | undefined {
  if (bytes.length === 0 || TLS_RECORDS.includes(bytes[0] ?? 0) || isSsl2Hello(bytes)) return undefined;
  const text = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  const row = plainRecords.find(({ isIt }) => isIt(text));
  return row && ((ending) => row.found(ending, bytes));
}
