import fc from "fast-check";

/** One kind of command: its code, handles to choose from, the number of authorizations, and its parameters. */
interface Kind {
  readonly name: string;
  readonly code: number;
  readonly handles?: readonly (readonly number[])[];
  /** how many of the handles are authorized, with an empty password */
  readonly passwords?: number;
  readonly parameters: fc.Arbitrary<string>;
}

const u8 = (value: number): string => value.toString(16).padStart(2, "0");
const u16 = (value: number): string => value.toString(16).padStart(4, "0");
const u32 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
const sized = (hex: string): string => u16(hex.length / 2) + hex;

const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString("hex"));
const exactly = (length: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array).toString("hex"));
const buffer = (max: number): fc.Arbitrary<string> => bytes(max).map(sized);
const of = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(""));
const from = (write: (value: number) => string, ...values: readonly number[]): fc.Arbitrary<string> =>
  fc.constantFrom(...values).map(write);
const nothing = fc.constant("");

const hashAlg = from(u16, 0x000b, 0x000b, 0x0004, 0x000c, 0x000d, 0x0010, 0x0099);
const hierarchy = from(u32, 0x40000001, 0x4000000b, 0x4000000c, 0x40000007, 0x4000000a, 0x12345678);
const [ek, srk, identity] = [0x81010001, 0x81000001, 0x81000100];
/** Unrestricted decryption keys, which the test makes persistent. */
export const decryptionKeys = { ecc: 0x81000500, rsa: 0x81000501 } as const;
/** Not after another persistent key, which is in the first slot there while a command uses it. */
const persistent = [ek, srk, identity, srk, identity, 0x81000777];
const objects = [...persistent, ...Object.values(decryptionKeys), 0x80000000, 0x80000001];
const sessions = [0x03000000, 0x03000000, 0x03000001, 0x02000000];
const pcrs = [0, 10, 16, 17, 23, 24, 0x40000007];
const hierarchies = [0x40000001, 0x4000000b, 0x4000000c, 0x40000007, 0x4000000a];
const nvIndices = [0x01500001, 0x01500001, 0x01500002];

const selections = fc
  .array(
    of(from(u16, 0x000b, 0x0004, 0x0099), fc.constantFrom("03010000", "03000401", "03ffffff", "020100", "0401000000")),
    {
      maxLength: 3,
    },
  )
  .map((list) => u32(list.length) + list.join(""));
const ticket = of(from(u16, 0x8024, 0x8022), from(u32, 0x40000007, 0x40000001), buffer(32));
const signingScheme = fc.constantFrom("0010", "0014000b", "0016000b", "0018000b", "0005000b", "00140004", "0099");

const authTicket = of(from(u16, 0x8025, 0x8023, 0x8022), from(u32, 0x40000007, 0x40000001), buffer(64));
/** A message that is smaller than the modulus. */
const message = fc.oneof(
  buffer(250),
  exactly(255).map((hex) => sized(`00${hex}`)),
);
const decryptionScheme = fc.constantFrom("0010", "0015", "0017000b", "00170004", "0014000b");
const nvHandles = [[...nvIndices, 0x40000001, 0x40000001, 0x4000000c], nvIndices];
/** The generator of P-256. */
const generator = {
  x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
  y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
};

const attributes = fc
  .subarray([0x2, 0x10, 0x20, 0x40, 0x80, 0x400, 0x800, 0x10000, 0x20000, 0x40000])
  .map((bits) => u32(bits.reduce((all, bit) => all | bit, 0)));
const usualAttributes = fc.oneof(
  attributes,
  from(u32, 0x00030472, 0x00040472, 0x00020472, 0x00060472, 0x00050472, 0x00040440, 0x00000452, 0x00060440),
);
const symmetric = fc.constantFrom(
  "0010",
  "000600800043",
  "000601000043",
  "000600800010",
  "000600800042",
  "000600810043",
);
const keyedHash = of(
  from(u16, 0x0008),
  from(u16, 0x000b, 0x0004),
  usualAttributes,
  fc.constant("0000"),
  fc.constantFrom("0010", "0005000b", "00050004", "000a000b0022", "00050099"),
  fc.constant("0000"),
);
const cipher = of(
  from(u16, 0x0025),
  from(u16, 0x000b),
  usualAttributes,
  fc.constant("0000"),
  symmetric,
  fc.constant("0000"),
);
const ecc = of(
  from(u16, 0x0023),
  from(u16, 0x000b),
  usualAttributes,
  fc.constant("0000"),
  symmetric,
  fc.constantFrom("0010", "0018000b", "0019000b", "0018"),
  from(u16, 3, 3, 4, 0x99),
  fc.constant("0010"),
  fc.constant("00000000"),
);
const template = fc.oneof(keyedHash, cipher, ecc);
const sensitive = of(
  fc.constantFrom("0000", "00020102"),
  fc.oneof(fc.constant("0000"), exactly(16).map(sized), buffer(40)),
).map(sized);
const creation = of(sensitive, template.map(sized), buffer(20), selections);
const nvPublic = of(
  from(u32, ...nvIndices, 0x02000000),
  from(u16, 0x000b),
  from(
    u32,
    ...[0x00020002, 0x00060006, 0x02020002, 0x40010001, 0, 0x00020000, 0x80026002, 0x0002f002, 0x08022002],
    ...[0x00020012, 0x00060016, 0x00020022, 0x00020042, 0x08020012, 0x000200f2, 0x20020002, 0x08020042],
  ),
  fc.constant("0000"),
  from(u16, 8, 8, 32, 32, 0, 3000),
);

/**
 * Commands whose answers two TPMs with the same keys must agree on. Commands that would change persistent state are not
 * listed.
 */
export const kinds: readonly Kind[] = [
  {
    name: "GetCapability",
    code: 0x17a,
    parameters: of(from(u32, 0, 1, 2, 5, 6, 8, 0x77), from(u32, 0, 0x100, 0x81000000, 0x40000000), fc.constant(u32(1))),
  },
  { name: "GetRandom", code: 0x17b, parameters: from(u16, 0, 1, 32, 64, 65, 1000) },
  { name: "StirRandom", code: 0x146, parameters: buffer(140) },
  { name: "Hash", code: 0x17d, parameters: of(buffer(1030), hashAlg, hierarchy) },
  { name: "SelfTest", code: 0x143, parameters: from(u8, 0, 1, 2) },
  { name: "GetTestResult", code: 0x17c, parameters: nothing },
  { name: "Startup", code: 0x144, parameters: from(u16, 0, 1, 2) },
  { name: "ReadPublic", code: 0x173, handles: [[...objects, 0x40000001]], parameters: nothing },
  { name: "PCR_Read", code: 0x17e, parameters: selections },
  {
    name: "PCR_Extend",
    code: 0x182,
    handles: [pcrs],
    passwords: 1,
    parameters: of(from(u32, 1), from(u16, 0x000b), exactly(32)),
  },
  { name: "PCR_Reset", code: 0x13d, handles: [pcrs], passwords: 1, parameters: nothing },
  {
    name: "StartAuthSession",
    code: 0x176,
    handles: [
      [0x40000007, 0x40000007, 0x40000007, srk, ek, identity, 0x80000000],
      [0x40000007, 0x40000007, 0x40000007, 0x40000001, srk, identity, nvIndices[0] ?? 0, 10],
    ],
    parameters: of(
      fc.oneof(exactly(16).map(sized), exactly(32).map(sized), buffer(70)),
      fc.oneof({ weight: 5, arbitrary: fc.constant("0000") }, fc.oneof(exactly(256).map(sized), buffer(70))),
      from(u8, 0, 1, 1, 3, 2),
      fc.constantFrom("0010", "0010", "000600800043", "000601000043", "000a000b", "000600800042", "0099", "000a0099"),
      hashAlg,
    ),
  },
  {
    name: "GetSessionAuditDigest",
    code: 0x14d,
    handles: [
      [0x4000000b, 0x4000000b, 0x40000001],
      [0x40000007, ...objects],
      [0x02000000, 0x03000000, 0x02000001],
    ],
    passwords: 2,
    parameters: of(buffer(20), signingScheme),
  },
  { name: "PolicyGetDigest", code: 0x189, handles: [sessions], parameters: nothing },
  { name: "PolicyAuthValue", code: 0x16b, handles: [sessions], parameters: nothing },
  { name: "PolicyPassword", code: 0x18c, handles: [sessions], parameters: nothing },
  { name: "PolicyRestart", code: 0x180, handles: [sessions], parameters: nothing },
  { name: "PolicyCommandCode", code: 0x16c, handles: [sessions], parameters: from(u32, 0x15e, 0x15d, 0x99999) },
  { name: "PolicyPCR", code: 0x17f, handles: [sessions], parameters: of(buffer(32), selections) },
  {
    name: "PolicyOR",
    code: 0x171,
    handles: [sessions],
    parameters: fc.array(exactly(32).map(sized), { maxLength: 3 }).map((list) => u32(list.length) + list.join("")),
  },
  {
    name: "PolicySecret",
    code: 0x151,
    handles: [[...hierarchies, srk], sessions],
    passwords: 1,
    parameters: of(buffer(16), fc.constantFrom("0000", "0001aa"), buffer(20), from(u32, 0)),
  },
  { name: "HMAC", code: 0x155, handles: [objects], passwords: 1, parameters: of(buffer(1030), hashAlg) },
  { name: "HMAC_Start", code: 0x15b, handles: [objects], passwords: 1, parameters: of(fc.constant("0000"), hashAlg) },
  { name: "HashSequenceStart", code: 0x186, parameters: of(fc.constant("0000"), from(u16, 0x000b, 0x0004, 0x0099)) },
  { name: "SequenceUpdate", code: 0x15c, handles: [objects], passwords: 1, parameters: buffer(1030) },
  { name: "SequenceComplete", code: 0x13e, handles: [objects], passwords: 1, parameters: of(buffer(64), hierarchy) },
  { name: "CreatePrimary", code: 0x131, handles: [hierarchies], passwords: 1, parameters: creation },
  { name: "Create", code: 0x153, handles: [[srk, srk, srk, identity]], passwords: 1, parameters: creation },
  {
    name: "CreateLoaded",
    code: 0x191,
    handles: [[srk, srk, 0x40000001, identity]],
    passwords: 1,
    parameters: of(sensitive, template.map(sized)),
  },
  { name: "LoadExternal", code: 0x167, parameters: of(fc.constant("0000"), template.map(sized), hierarchy) },
  { name: "MakeCredential", code: 0x168, handles: [objects], parameters: of(buffer(40), buffer(40)) },
  {
    name: "Sign",
    code: 0x15d,
    handles: [objects],
    passwords: 1,
    parameters: of(fc.oneof(exactly(32).map(sized), buffer(40)), signingScheme, ticket),
  },
  {
    name: "VerifySignature",
    code: 0x177,
    handles: [objects],
    parameters: of(exactly(32).map(sized), fc.constantFrom("0005000b", "00050004"), exactly(32)),
  },
  {
    name: "Quote",
    code: 0x158,
    handles: [objects],
    passwords: 1,
    parameters: of(buffer(70), signingScheme, selections),
  },
  { name: "Unseal", code: 0x15e, handles: [objects], passwords: 1, parameters: nothing },
  {
    name: "EncryptDecrypt2",
    code: 0x193,
    handles: [objects],
    passwords: 1,
    parameters: of(
      buffer(32),
      from(u8, 0, 1, 2),
      from(u16, 0x43, 0x10, 0x42, 0x99),
      fc.oneof(exactly(16).map(sized), buffer(17)),
    ),
  },
  { name: "ContextSave", code: 0x162, handles: [[...objects, ...sessions]], parameters: nothing },
  { name: "FlushContext", code: 0x165, parameters: from(u32, ...objects, ...sessions) },
  {
    name: "NV_DefineSpace",
    code: 0x12a,
    handles: [[0x40000001, 0x4000000c, 0x40000007]],
    passwords: 1,
    parameters: of(buffer(4), nvPublic.map(sized)),
  },
  {
    name: "NV_UndefineSpace",
    code: 0x122,
    handles: [[0x40000001, 0x4000000c], nvIndices],
    passwords: 1,
    parameters: nothing,
  },
  { name: "NV_ReadPublic", code: 0x169, handles: [nvIndices], parameters: nothing },
  {
    name: "NV_Write",
    code: 0x137,
    handles: [[...nvIndices, 0x40000001, 0x40000001, 0x4000000c], nvIndices],
    passwords: 1,
    parameters: of(buffer(10), from(u16, 0, 1, 4000)),
  },
  {
    name: "NV_Read",
    code: 0x14e,
    handles: [[...nvIndices, 0x40000001, 0x40000001, 0x4000000c], nvIndices],
    passwords: 1,
    parameters: of(from(u16, 0, 4, 8, 2000), from(u16, 0, 1, 4000)),
  },
  { name: "NV_Increment", code: 0x134, handles: nvHandles, passwords: 1, parameters: nothing },
  { name: "NV_SetBits", code: 0x135, handles: nvHandles, passwords: 1, parameters: exactly(8) },
  { name: "NV_Extend", code: 0x136, handles: nvHandles, passwords: 1, parameters: buffer(40) },
  { name: "NV_WriteLock", code: 0x138, handles: nvHandles, passwords: 1, parameters: nothing },
  { name: "NV_ReadLock", code: 0x14f, handles: nvHandles, passwords: 1, parameters: nothing },
  {
    name: "NV_GlobalWriteLock",
    code: 0x132,
    handles: [[0x40000001, 0x4000000c, 0x4000000b]],
    passwords: 1,
    parameters: nothing,
  },
  { name: "NV_ChangeAuth", code: 0x13b, handles: [nvIndices], passwords: 1, parameters: buffer(40) },
  {
    name: "NV_UndefineSpaceSpecial",
    code: 0x11f,
    handles: [nvIndices, [0x4000000c, 0x40000001]],
    passwords: 2,
    parameters: nothing,
  },
  {
    name: "NV_Certify",
    code: 0x184,
    handles: [[0x40000007, ...objects], ...nvHandles],
    passwords: 2,
    parameters: of(buffer(20), signingScheme, from(u16, 0, 4, 8, 2000), from(u16, 0, 1, 4000)),
  },
  {
    name: "PolicyNV",
    code: 0x149,
    handles: [...nvHandles, sessions],
    passwords: 1,
    parameters: of(
      fc.oneof(exactly(8).map(sized), buffer(12)),
      from(u16, 0, 0, 1, 9),
      from(u16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    ),
  },
  { name: "PolicyAuthorizeNV", code: 0x192, handles: [...nvHandles, sessions], passwords: 1, parameters: nothing },
  {
    name: "PolicySigned",
    code: 0x160,
    handles: [objects, sessions],
    parameters: of(
      fc.oneof(fc.constant("0000"), buffer(16)),
      buffer(4),
      buffer(20),
      from(u32, 0, 0, 100, 0xffffff9c),
      of(fc.constantFrom("0005000b", "00050004"), exactly(32)),
    ),
  },
  {
    name: "PolicyTicket",
    code: 0x172,
    handles: [sessions],
    parameters: of(fc.oneof(exactly(8).map(sized), buffer(8)), buffer(4), buffer(20), buffer(34), authTicket),
  },
  {
    name: "PolicyAuthorize",
    code: 0x16a,
    handles: [sessions],
    parameters: of(
      fc.oneof(fc.constant(sized("00".repeat(32))), buffer(32)),
      buffer(20),
      fc.oneof(
        exactly(32).map((hex) => sized(`000b${hex}`)),
        buffer(34),
      ),
      of(from(u16, 0x8022, 0x8024), from(u32, 0x40000007, 0x40000001), buffer(64)),
    ),
  },
  {
    name: "PolicyCpHash",
    code: 0x16e,
    handles: [sessions],
    parameters: fc.oneof(fc.constant(sized("11".repeat(32))), exactly(32).map(sized), buffer(34)),
  },
  {
    name: "PolicyNameHash",
    code: 0x170,
    handles: [sessions],
    parameters: fc.oneof(exactly(32).map(sized), buffer(34)),
  },
  {
    name: "PolicyTemplate",
    code: 0x190,
    handles: [sessions],
    parameters: fc.oneof(fc.constant(sized("11".repeat(32))), exactly(32).map(sized), buffer(34)),
  },
  {
    name: "PolicyDuplicationSelect",
    code: 0x188,
    handles: [sessions],
    parameters: of(buffer(34), buffer(34), from(u8, 0, 1, 2)),
  },
  { name: "PolicyNvWritten", code: 0x18f, handles: [sessions], parameters: from(u8, 0, 1, 2) },
  { name: "PolicyLocality", code: 0x16f, handles: [sessions], parameters: from(u8, 0, 1, 2, 3, 31, 32, 255) },
  { name: "PolicyPhysicalPresence", code: 0x187, handles: [sessions], parameters: nothing },
  {
    name: "PolicyCounterTimer",
    code: 0x16d,
    handles: [sessions],
    parameters: of(exactly(4).map(sized), from(u16, 16, 0, 24, 40), from(u16, 7, 12)),
  },
  {
    name: "Certify",
    code: 0x148,
    handles: [objects, [0x40000007, ...persistent]],
    passwords: 2,
    parameters: of(buffer(20), signingScheme),
  },
  {
    name: "CertifyCreation",
    code: 0x14a,
    handles: [[0x40000007, ...objects], persistent],
    passwords: 1,
    parameters: of(
      buffer(20),
      buffer(32),
      signingScheme,
      of(from(u16, 0x8021, 0x8024), from(u32, 0x40000007, 0x40000001), buffer(64)),
    ),
  },
  {
    name: "GetTime",
    code: 0x14c,
    handles: [
      [0x4000000b, 0x4000000b, 0x40000001],
      [0x40000007, ...objects],
    ],
    passwords: 2,
    parameters: of(buffer(20), signingScheme),
  },
  {
    name: "ObjectChangeAuth",
    code: 0x150,
    handles: [objects, [srk, ek, 0x40000001]],
    passwords: 1,
    parameters: buffer(40),
  },
  {
    name: "Duplicate",
    code: 0x14b,
    handles: [objects, [srk, 0x40000007, identity]],
    passwords: 1,
    parameters: of(fc.constantFrom("0000", "0001aa"), symmetric),
  },
  {
    name: "Rewrap",
    code: 0x152,
    handles: [
      [srk, 0x40000007, identity],
      [srk, 0x40000007, identity],
    ],
    passwords: 1,
    parameters: of(buffer(40), buffer(34), fc.oneof(fc.constant("0000"), exactly(256).map(sized), buffer(20))),
  },
  {
    name: "RSA_Encrypt",
    code: 0x174,
    handles: [objects],
    parameters: of(message, decryptionScheme, fc.constantFrom("0000", "000161", "00026100")),
  },
  {
    name: "RSA_Decrypt",
    code: 0x159,
    handles: [objects],
    passwords: 1,
    parameters: of(message, decryptionScheme, fc.constantFrom("0000", "000161", "00026100")),
  },
  { name: "ECDH_KeyGen", code: 0x163, handles: [objects], parameters: nothing },
  {
    name: "ECDH_ZGen",
    code: 0x154,
    handles: [objects],
    passwords: 1,
    parameters: fc.oneof(
      fc.constant(sized(sized(generator.x) + sized(generator.y))),
      of(buffer(34), buffer(34)).map(sized),
    ),
  },
  { name: "ECC_Parameters", code: 0x178, parameters: from(u16, 3, 4, 0x99) },
  {
    name: "TestParms",
    code: 0x18a,
    parameters: of(
      from(u16, 1, 8, 0x23, 0x25, 0x99),
      fc.constantFrom("0010", "000600800043", "0005000b"),
      fc.constantFrom("0010", "0014000b", "0018000b"),
      fc.constantFrom("080000000000", "00030010", "00040010"),
    ),
  },
  {
    name: "SetPrimaryPolicy",
    code: 0x12e,
    handles: [[...hierarchies, srk]],
    passwords: 1,
    parameters: fc.constantFrom("00000010", "0000000b", "0001aa000b", "0001aa0010", "00000099"),
  },
  {
    name: "EventSequenceComplete",
    code: 0x185,
    handles: [pcrs, objects],
    passwords: 2,
    parameters: buffer(64),
  },
  {
    name: "ClockRateAdjust",
    code: 0x130,
    handles: [[0x40000001, 0x4000000c, 0x4000000b]],
    passwords: 1,
    parameters: from(u8, 0, 3, 4, 0xfd, 0xfc),
  },
  {
    name: "DictionaryAttackLockReset",
    code: 0x139,
    handles: [[0x4000000a, 0x40000001]],
    passwords: 1,
    parameters: nothing,
  },
];

const password = "400000090000010000";

/** A well-formed command of some kind; the TPM may still refuse its content. */
export const wellFormed: fc.Arbitrary<Buffer> = fc
  .constantFrom(...kinds)
  .chain(({ code, handles = [], passwords = 0, parameters }) =>
    fc.tuple(fc.tuple(...handles.map((choice) => fc.constantFrom(...choice))), parameters).map(([chosen, text]) => {
      const area = passwords > 0 ? u32((passwords * password.length) / 2) + password.repeat(passwords) : "";
      const body = chosen.map(u32).join("") + area + text;
      return Buffer.from(`${passwords > 0 ? "8002" : "8001"}${u32(10 + body.length / 2)}${u32(code)}${body}`, "hex");
    }),
  );

/** Changes one or two places behind the command code; the size field follows, so that the change gets past the header. */
const change = fc.tuple(fc.nat(2), fc.nat(400), fc.nat(255));
export const mutated: fc.Arbitrary<Buffer> = fc
  .tuple(wellFormed, fc.array(change, { minLength: 1, maxLength: 2 }))
  .map(([command, changes]) => {
    let bytes = command;
    for (const [kind, position, value] of changes) {
      if (bytes.length <= 10) continue;
      const at = 10 + (position % (bytes.length - 10));
      if (kind === 0) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at + 1)]);
      if (kind === 1) bytes = bytes.subarray(0, at);
      if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at)]);
    }
    const sizedBytes = Buffer.from(bytes);
    sizedBytes.writeUInt32BE(sizedBytes.length, 2);
    return sizedBytes;
  });

/** Commands whose response begins with a new handle. */
export const makesHandle: readonly number[] = [0x131, 0x191, 0x15b, 0x186, 0x167, 0x176];
