import { createHash } from "node:crypto";

// Fixed streams that the long random run found: each command, and the code with which both TPMs answer.

/** A command in hex, and its response code; for a success also the hex with which the response may have to end. */
type Step = readonly [command: string, code: number, end?: string];

/** One rule. Its commands come after those that the test sends before each stream. */
export interface FixedStream {
  readonly title: string;
  readonly steps: readonly Step[];
}

const u16 = (value: number): string => value.toString(16).padStart(4, "0");
const u32 = (value: number): string => value.toString(16).padStart(8, "0");
const sized = (hex: string): string => u16(hex.length / 2) + hex;
const sha256 = (hex: string): string => createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");

const empty = "400000090000010000";

interface Parts {
  readonly handles?: readonly number[];
  readonly passwords?: number;
  readonly parameters?: string;
}

function command(code: number, { handles = [], passwords = 0, parameters = "" }: Parts): string {
  const area = passwords === 0 ? "" : u32((passwords * empty.length) / 2) + empty.repeat(passwords);
  const body = handles.map(u32).join("") + area + parameters;
  return `${passwords === 0 ? "8001" : "8002"}${u32(10 + body.length / 2)}${u32(code)}${body}`;
}

const [owner, nobody, srk] = [0x40000001, 0x40000007, 0x81000001];
/** The policy session that the test has started, and the first object that a stream makes. */
const [policy, made] = [0x03000000, 0x80000000];

const [digest, other] = [sha256("aabb"), "22".repeat(32)];
const cpHash = (value: string) => command(0x16e, { handles: [policy], parameters: sized(value) });
const nameHash = (value: string) => command(0x170, { handles: [policy], parameters: sized(value) });
const template = (value: string) => command(0x190, { handles: [policy], parameters: sized(value) });
/** Of the objects `aa` and `bb`, whose nameHash is {@link digest}. */
const duplication = command(0x188, { handles: [policy], parameters: "0001aa0001bb01" });
const secret = (value: string) =>
  command(0x151, { handles: [owner, policy], passwords: 1, parameters: `0000${sized(value)}000000000000` });
const restart = command(0x180, { handles: [policy] });

/** Of the digests that a policy pins, the one of another kind is refused, even when it is equal. */
const pins: readonly FixedStream[] = [
  ["PolicyCpHash", cpHash(digest), [0, 0x151, 0x151, 0x151]],
  ["PolicyNameHash", nameHash(digest), [0x151, 0x151, 0x151, 0x151]],
  ["PolicyTemplate", template(digest), [0x151, 0x151, 0, 0x151]],
  ["PolicyDuplicationSelect", duplication, [0x151, 0x151, 0x151, 0x151]],
  ["PolicySecret with a cpHash", secret(digest), [0, 0x151, 0x151, 0x151]],
].map(([title, first, codes]) => ({
  title: `${String(title)}, then PolicyCpHash, PolicyNameHash, PolicyTemplate and PolicyDuplicationSelect of the same digest`,
  steps: [cpHash(digest), nameHash(digest), template(digest), duplication].flatMap((second, index): Step[] => [
    [String(first), 0],
    [second, Number((codes as readonly number[])[index])], // the third column of the table above
    [restart, 0],
  ]),
}));

const attributesAt2 = 0x2c2;
/** TPMT_PUBLIC of an EC, AES or sealed-data key; its secret data if the caller gives it. */
const eccArea = (attributes: number) => `0023000b${u32(attributes)}0000${"0010".repeat(2)}0003001000000000`;
const storageArea = (attributes: number) => `0023000b${u32(attributes)}000000060080004300100003001000000000`;
const dataArea = (attributes: number) => `0008000b${u32(attributes)}000000100000`;
const creation = (area: string, data = "0000") => `${sized(`0000${data}`)}${sized(area)}000000000000`;
const primary = (area: string) => command(0x131, { handles: [owner], passwords: 1, parameters: creation(area) });
const child = (area: string, data?: string) =>
  command(0x153, { handles: [made], passwords: 1, parameters: creation(area, data) });

const attributes: readonly FixedStream[] = [
  {
    title: "an asymmetric key that neither signs nor decrypts",
    steps: [
      [
        "8002000000520000013140000007000000094000000900000100000014000000100152f881201f44fc6ad7ae77640a312a00160023000b0000086000000010001000030010000000000003478d3c00000000",
        attributesAt2,
      ],
      [primary(eccArea(0x60)), attributesAt2],
      [primary(eccArea(0x20060)), 0],
      [primary(eccArea(0x40060)), 0],
      [command(0x131, { handles: [owner], passwords: 1, parameters: creation(dataArea(0x40), "0003616263") }), 0],
    ],
  },
  ...[
    { parent: "without encryptedDuplication", bits: 0, wrong: 0x800 },
    { parent: "with encryptedDuplication", bits: 0x800, wrong: 0 },
  ].map(
    ({ parent, bits, wrong }): FixedStream => ({
      title: `children of a parent that may leave the TPM, ${parent}`,
      steps: [
        [primary(storageArea(0x30060 | bits)), 0],
        [child(eccArea(0x40060 | wrong)), attributesAt2],
        [child(eccArea(0x40060 | bits)), 0],
        [child(dataArea(0x40 | wrong), "0003616263"), attributesAt2],
        [child(dataArea(0x50 | bits), "0003616263"), 0],
      ],
    }),
  ),
];

const seed = "22".repeat(32);
/** Import of the data `abc`, not encrypted. */
const imported = (parent: number, bits: number, unique = sha256(`${seed}616263`)) =>
  command(0x156, {
    handles: [parent],
    passwords: 1,
    parameters: `0000${sized(`0008000b${u32(bits)}00000010${sized(unique)}`)}${sized(sized(`00080000${sized(seed)}0003616263`))}00000010`,
  });

const imports: readonly FixedStream[] = [
  {
    title: "Import of data that wants encryptedDuplication, without an inner wrapper and without an outer one",
    steps: [
      [imported(srk, 0x40), 0],
      [imported(srk, 0x840), 0x1c2],
      [
        command(0x156, {
          handles: [srk],
          passwords: 1,
          parameters: `${sized("33".repeat(16))}${sized(dataArea(0x840))}${sized("44".repeat(60))}0000000600800043`,
        }),
        0x4c2,
      ],
    ],
  },
  {
    title: "Import leaves the checks to Load under a parent that may leave the TPM, and only there",
    steps: [
      [primary(storageArea(0x30860)), 0],
      [imported(made, 0x40), 0],
      [imported(made, 0x40, other), 0],
      [imported(srk, 0x40, other), 0xa5],
    ],
  },
];

const certify = (signer: number, scheme: string) =>
  command(0x148, { handles: [made, signer], passwords: 2, parameters: `0002abcd${scheme}` });
/** An empty Name and an empty qualified Name, no signature, and the answers to two passwords. */
const unsigned = `000000000010${"0000010000".repeat(2)}`;

const sequences: readonly FixedStream[] = ["0000000b", "00000010"].map((start) => ({
  title: `a sequence where commands take an object: ${start === "0000000b" ? "of a hash" : "of an event"}`,
  steps: [
    [command(0x186, { parameters: start }), 0],
    [certify(nobody, "0010"), 0, unsigned],
    [certify(srk, "0010"), 0x29c],
    [certify(made, "0010"), 0x29c],
    [command(0x14a, { handles: [nobody, made], passwords: 1, parameters: "000000000010802140000007" + "0000" }), 0x4e0],
    [command(0x14a, { handles: [srk, made], passwords: 1, parameters: "000000000010802140000007" + "0000" }), 0x19c],
    [command(0x151, { handles: [made, policy], passwords: 1, parameters: "00000000000000000000" }), 0],
    [command(0x176, { handles: [nobody, made], parameters: `0010${"00".repeat(16)}0000000010000b` }), 0],
    [command(0x176, { handles: [made, nobody], parameters: `0010${"00".repeat(16)}0000000010000b` }), 0x19c],
    [command(0x173, { handles: [made] }), 0x103],
    [command(0x150, { handles: [made, srk], passwords: 1, parameters: "0000" }), 0x18a],
    [command(0x120, { handles: [owner, made], passwords: 1, parameters: "81000009" }), 0x282],
    [command(0x15e, { handles: [made], passwords: 1 }), 0x18a],
  ],
}));

export const fixedStreams: readonly FixedStream[] = [
  ...pins,
  {
    title: "PolicyTemplate, PolicySecret with the same digest as cpHash: PolicyTemplate may come again",
    steps: [
      [template(digest), 0],
      [template(other), 0x1c4],
      [cpHash(digest), 0x151],
      [secret(digest), 0],
      [template(digest), 0],
      [template(other), 0x1c4],
      [cpHash(digest), 0],
      [nameHash(digest), 0x151],
    ],
  },
  ...attributes,
  ...imports,
  ...sequences,
];
