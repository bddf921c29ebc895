import { fc, it as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { type ClientHello, readClientHello } from "./client-hello.js";
import { handshakeFailure } from "./handshake-failure.js";

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u16s = (values: readonly number[]) => Buffer.concat(values.map(u16));
const sized = (lengthBytes: 1 | 2 | 3, body: Uint8Array) => {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([length, body]);
};
const extension = (type: number, body: Uint8Array) => Buffer.concat([u16(type), sized(2, body)]);

type Whole = Required<ClientHello>;

/** A ClientHello in records of `recordBytes`. */
function write({ versions, ciphers, groups, signatureAlgorithms, serverName }: Whole, recordBytes: number): Buffer {
  const name = Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(serverName))]);
  const extensions = Buffer.concat([
    extension(0, sized(2, name)),
    extension(10, sized(2, u16s(groups))),
    extension(13, sized(2, u16s(signatureAlgorithms))),
    extension(43, sized(1, u16s(versions))),
  ]);
  const body = [u16(0x0303), Buffer.alloc(32, 7), sized(1, Buffer.alloc(8)), sized(2, u16s(ciphers))];
  const hello = Buffer.concat([...body, sized(1, Buffer.from([0])), sized(2, extensions)]);
  const message = Buffer.concat([Buffer.from([1]), sized(3, hello)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes)
    records.push(Buffer.from("160301", "hex"), sized(2, message.subarray(at, at + recordBytes)));
  return Buffer.concat(records);
}

const values = (maxLength: number) => fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength });
const wholeHello: fc.Arbitrary<Whole> = fc.record({
  versions: values(6),
  ciphers: values(60),
  groups: values(20),
  signatureAlgorithms: values(30),
  serverName: fc.stringMatching(/^[a-z0-9.-]{1,60}$/),
});
const sample: Whole = {
  versions: [0x0304, 0x0303],
  ciphers: [0x1301, 0xc02b],
  groups: [26, 23],
  signatureAlgorithms: [0x0403],
  serverName: "dps.test",
};

describe("a ClientHello", () => {
  property.prop([wholeHello, fc.integer({ min: 16, max: 2_000 })])(
    "is read as it was written",
    (hello, recordBytes) => {
      expect(readClientHello(write(hello, recordBytes))).toEqual(hello);
    },
  );

  property.prop([wholeHello, fc.nat(900)])(
    "that was cut off gives what came whole, and nothing else",
    (hello, length) => {
      const read = readClientHello(write(hello, 4_000).subarray(0, length)) ?? {};
      for (const [name, value] of Object.entries(read))
        if (name !== "versions") expect(value).toEqual(hello[name as keyof Whole]);
    },
  );

  property.prop([fc.uint8Array({ maxLength: 4_096 }), fc.constantFrom("", "16030100ff010000fb0303")])(
    "of a stranger never throws, and always has a finding",
    (noise, start) => {
      const bytes = Buffer.concat([Buffer.from(start, "hex"), noise]).subarray(0, 4_096);
      const read = readClientHello(bytes);
      expect((read?.ciphers?.length ?? 0) * 2).toBeLessThanOrEqual(bytes.length);
      const found = handshakeFailure({ first: bytes, bytesWritten: 0, patienceMs: 1 });
      expect(found[0]?.severity).toBe("error");
      expect(found.length).toBe(read ? 2 : 1);
    },
  );

  it("without extensions names the version of its head", () => {
    const old = Buffer.from(`1603010031${`0100002d0302${"07".repeat(32)}000006c009002f00ff0100`}`, "hex");
    expect(readClientHello(old)).toEqual({ versions: [0x0302], ciphers: [0xc009, 0x002f, 0x00ff] });
  });

  it.each([
    ["over TLS 1.3, when no key share is left", { code: "ERR_SSL_NO_SUITABLE_KEY_SHARE" }, sample, "tls.noCommonGroup"],
    ["when a cipher fits", { code: "ERR_SSL_NO_SHARED_CIPHER" }, { ...sample, groups: [29] }, "tls.noCommonGroup"],
    ["when P-256 is there", { code: "ERR_SSL_NO_SHARED_CIPHER" }, sample, "tls.noCommonCipher"],
    [
      "when no cipher fits",
      { code: "ERR_SSL_NO_SHARED_CIPHER" },
      { ...sample, ciphers: [0x2f], groups: [29] },
      "tls.noCommonCipher",
    ],
  ])("tells groups from ciphers: %s", (_, error, hello, code) => {
    const [found, offer] = handshakeFailure({ error, first: write(hello, 4_000), bytesWritten: 7, patienceMs: 1 });
    expect(found?.code).toBe(code);
    expect(offer?.title).toContain("The client offered TLS 1.3, TLS 1.2; ciphers ");
  });
});
