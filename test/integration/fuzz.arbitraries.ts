import { topics } from "@rollcall/protocol";
import fc from "fast-check";
import type { QoS } from "mqtt-packet";

/**
 * An attacker's input on one connection. The attacker knows the ID scope and the id of an enrolled device, but no
 * secret.
 */
export type Attack =
  | { readonly kind: "tcp"; readonly bytes: Uint8Array }
  | { readonly kind: "tls"; readonly bytes: Uint8Array }
  | { readonly kind: "connect"; readonly clientId: string; readonly userName: string; readonly password: string | null }
  | {
      readonly kind: "frame";
      readonly base: "connect" | "subscribe" | "publish";
      readonly at: number;
      readonly byte: number;
    }
  | { readonly kind: "publish"; readonly topic: string; readonly body: Uint8Array; readonly qos: QoS }
  | { readonly kind: "subscribe"; readonly filter: string; readonly qos: QoS }
  | {
      readonly kind: "http";
      readonly method: string;
      readonly path: string;
      readonly authorization: string | null;
      readonly body: Uint8Array;
    }
  | { readonly kind: "httpBytes"; readonly bytes: Uint8Array };

/** The facts that the attacker knows. */
export interface Target {
  readonly idScope: string;
  readonly registrationId: string;
  readonly hub: string;
}

const bytes = fc.uint8Array({ maxLength: 400 });
const anyText = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("/", "?", "&", "=", "%", "$", "#", "+", "\u0000", "a", "2", "F"), maxLength: 60 }),
  fc.constantFrom("__proto__", "constructor", "toString", "", " ", "\u0000", "..", "%00", "a".repeat(5000)),
);

/** The text itself, or a small change of it: near misses find more bugs than random text. */
function near(text: string): fc.Arbitrary<string> {
  const cut = fc.nat({ max: text.length });
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(text) },
    { weight: 2, arbitrary: fc.tuple(cut, anyText).map(([at, more]) => text.slice(0, at) + more + text.slice(at)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(cut, cut)
        .map(([from, to]) => text.slice(0, Math.min(from, to)) + text.slice(Math.max(from, to))),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(text.toUpperCase(), `${text}${text}`, encodeURIComponent(text), `${text}\u0000`),
    },
    { weight: 2, arbitrary: anyText },
  );
}

function tokens({ idScope, registrationId, hub }: Target): fc.Arbitrary<string> {
  const resource = fc.oneof(
    near(`${idScope}/registrations/${registrationId}`),
    near(encodeURIComponent(`${idScope}/registrations/${registrationId}`)),
    near(`${hub}/devices/${registrationId}`),
  );
  const signature = fc.oneof(
    fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((each) => encodeURIComponent(Buffer.from(each).toString("base64"))),
    anyText,
  );
  const expiry = fc.oneof(
    fc.nat().map(String),
    fc.constantFrom("4102444800", "1e99", "-1", "99999999999999999999", "0x1", ""),
  );
  const whole = fc.record({
    resource,
    signature,
    expiry,
    skn: fc.constantFrom("", "&skn=registration", "&skn=", "&sr=x"),
  });
  return fc.oneof(
    {
      weight: 3,
      arbitrary: whole.map(
        (each) => `SharedAccessSignature sr=${each.resource}&sig=${each.signature}&se=${each.expiry}${each.skn}`,
      ),
    },
    { weight: 1, arbitrary: near("SharedAccessSignature sr=a&sig=b&se=4102444800") },
  );
}

function json({ registrationId }: Target): fc.Arbitrary<Uint8Array> {
  const member = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(registrationId));
  const object = fc.record({ registrationId: member, payload: member, tpm: member, csr: member }, { requiredKeys: [] });
  const text = fc.oneof(
    object.map((each) => JSON.stringify(each)),
    fc.record({ endorsementKey: anyText, storageRootKey: anyText }).map((tpm) => JSON.stringify({ tpm })),
    fc.nat({ max: 20_000 }).map((depth) => "[".repeat(depth)),
    near('{"registrationId":"x","__proto__":{"a":1}}'),
  );
  return fc.oneof(
    text.map((each) => Buffer.from(each)),
    bytes,
  );
}

/** A text as Node's client can send it as a request target. */
function pathText(text: string): string {
  const visible = text.replace(/\p{Cs}/gu, "?").replace(/[^\x21-\x7e]/gu, (each) => encodeURIComponent(each));
  return visible.startsWith("/") ? visible : `/${visible}`;
}

const qos = fc.constantFrom<QoS>(0, 1, 2);

/** Any input of an attacker. */
export function attacks(target: Target): fc.Arbitrary<Attack> {
  const { idScope, registrationId, hub } = target;
  const kind = <K extends Attack["kind"]>(value: K) => fc.constant(value);
  const userName = fc.oneof(
    near(`${idScope}/registrations/${registrationId}/api-version=2019-03-31&ClientVersion=x`),
    near(`${hub}/${registrationId}/?api-version=2021-04-12`),
  );
  const clientId = fc.oneof(
    { weight: 3, arbitrary: fc.constant(registrationId) },
    { weight: 1, arbitrary: near(registrationId) },
  );
  const password = fc.option(tokens(target), { nil: null });
  const topic = fc.oneof(
    near(`${topics.register}?$rid=1`),
    near(`${topics.operationStatus}?$rid=1&operationId=4.0000000000000000.00000000-0000-0000-0000-000000000000`),
    near(`${topics.reply}200/?$rid=1`),
    near(`${topics.twinGet}?$rid=1`),
    near(`devices/${registrationId}/messages/events/`),
  );
  const path = fc.oneof(
    near(`/${idScope}/registrations/${registrationId}/register?api-version=2019-03-31`),
    near(`/${idScope}/registrations/${registrationId}/operations/4.0.0?api-version=2019-03-31`),
    near(`/${idScope}/registrations/${registrationId}?api-version=2019-03-31`),
  );
  const headerText = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
  return fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: kind("tcp"), bytes }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("tls"), bytes }) },
    { weight: 5, arbitrary: fc.record({ kind: kind("connect"), clientId, userName, password }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: kind("frame"),
        base: fc.constantFrom("connect" as const, "subscribe" as const, "publish" as const),
        at: fc.nat({ max: 200 }),
        byte: fc.nat({ max: 255 }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ kind: kind("publish"), topic, body: json(target), qos }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: kind("subscribe"), filter: fc.oneof(near(topics.replies), near("#")), qos }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: kind("http"),
        method: fc.constantFrom("PUT", "GET", "POST", "PATCH", "OPTIONS"),
        path: path.map(pathText),
        authorization: fc.option(tokens(target).map(headerText), { nil: null }),
        body: json(target),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind("httpBytes"), bytes }) },
  );
}
