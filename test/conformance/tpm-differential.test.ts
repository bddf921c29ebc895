import fc from "fast-check";
import { createTpm, type VirtualTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vectorState } from "../fixtures/tpm-states.js";
import { base64, hex, tpmVectors } from "../fixtures/tpm-vectors.js";
import { type Swtpm, startSwtpm, swtpmProgram } from "./swtpm.js";
import { decryptionKeys, kinds, makesHandle, mutated, wellFormed } from "./tpm-differential.rows.js";
import { fixedStreams } from "./tpm-differential-fixed.rows.js";

const missing = swtpmProgram === undefined;
const reason = missing ? " (needs swtpm: apt-get install swtpm)" : "";
if (missing) console.warn("swtpm is not on the PATH: that our TPM answers random commands as it does is NOT tested");

const long = process.env["ROLLCALL_TEST"] === "long";
/** Streams of about ten commands each. The seed is fixed; only the long run searches for new differences. */
const streams = long ? 10_000 : 250;
const seed = 20_261_123;

const stream = fc.array(fc.oneof({ weight: 3, arbitrary: wellFormed }, { weight: 1, arbitrary: mutated }), {
  minLength: 5,
  maxLength: 15,
});

const password = "00000009400000090000010000";
/** Between two streams: transient objects and sessions flushed, indices undefined, the lockout reset. */
const tidying: readonly Buffer[] = [
  ...[0x80000000, 0x80000001, 0x80000002, 0x02000000, 0x02000001, 0x02000002, 0x03000000, 0x03000001, 0x03000002].map(
    (handle) => hex(`80010000000e00000165${handle.toString(16).padStart(8, "0")}`),
  ),
  hex(`80020000001b000001394000000a${password}`),
  ...["40000001", "4000000c"].flatMap((authority) =>
    ["01500001", "01500002"].map((index) => hex(`80020000001f00000122${authority}${index}${password}`)),
  ),
];

/** Then: a policy session, and an index that can be locked. */
const preparing: readonly Buffer[] = [
  hex("80010000002b0000017640000007400000070010000000000000000000000000000000000000010010000b"),
  hex(`80020000002d0000012a40000001${password}0000000e01500001000b8002600600000008`),
];

/** Made persistent once: an unrestricted decryption key of each kind. */
function withDecryptionKeys(send: Send): void {
  const templates = {
    [decryptionKeys.ecc]: "0023000b000204720000001000100003001000000000",
    [decryptionKeys.rsa]: "0001000b000204720000001000100800000000000000",
  };
  for (const [handle, template] of Object.entries(templates)) {
    const sized = `${(template.length / 2).toString(16).padStart(4, "0")}${template}`;
    const body = `40000001${password}000400000000${sized}000000000000`;
    const made = send(hex(`8002${(10 + body.length / 2).toString(16).padStart(8, "0")}00000131${body}`));
    expect(codeOf(made), made.toString("hex")).toBe(0);
    const transient = made.subarray(10, 14).toString("hex");
    const target = Number(handle).toString(16);
    expect(codeOf(send(hex(`80020000002300000120${"40000001"}${transient}${password}${target}`)))).toBe(0);
    send(hex(`80010000000e00000165${transient}`));
  }
}

type Send = (command: Buffer) => Buffer;

function codeOf(response: Buffer): number {
  return response.readUInt32BE(6);
}

/** Listed in the package's README, with their reasons. */
function isKnown(command: Buffer, ours: number, theirs: number): boolean {
  const name = kinds.find(({ code }) => code === command.readUInt32BE(6))?.name;
  const unfit = name?.startsWith("RSA_") === true && ours === 0x84 && theirs === 0x101;
  // There, a template of another curve, such as BN-256, is read on to its next fault.
  const ownCurves = (name === "ECC_Parameters" && ours === 0x1e6) || (ours === 0x2e6 && theirs !== 0);
  const ownLists = name === "GetCapability" && ours === theirs;
  const ownBlob = name === "ContextSave" && ours === theirs;
  // swtpm has room for three objects or sessions only.
  const full = ours === 0 && (theirs === 0x902 || theirs === 0x903 || theirs === 0x901);
  return unfit || ownCurves || ownLists || ownBlob || full;
}

interface Difference {
  readonly command: string;
  readonly ours: string;
  readonly theirs: string;
  /** commands that the stream had sent before, for the analysis */
  readonly before: readonly string[];
}

/** Results over many streams. */
interface Comparison {
  commands: number;
  succeeded: number;
  before: string[];
  /** one TPM succeeds and the other refuses, or both succeed with different layouts */
  readonly differences: Difference[];
  /** both refuse, with different codes, since a command may have several faults */
  readonly otherFault: Difference[];
}

/** Compares one pair of answers. @returns false when the TPMs are no longer in the same state */
function compareOne(command: Buffer, ours: Buffer, theirs: Buffer, found: Comparison): boolean {
  const [mine, other] = [codeOf(ours), codeOf(theirs)];
  found.commands += 1;
  if (mine === 0 && other === 0) found.succeeded += 1;
  const layout = ours.length === theirs.length && ours.readUInt16BE(0) === theirs.readUInt16BE(0);
  const [text, before] = [command.toString("hex"), [...found.before]];
  found.before.push(`${text} ${mine.toString(16)}`);
  const difference = { command: text, ours: mine.toString(16), theirs: other.toString(16), before };
  if ((mine !== other || !layout) && !isKnown(command, mine, other)) {
    const bothRefuse = mine !== 0 && other !== 0;
    (bothRefuse ? found.otherFault : found.differences).push(difference);
  }
  if ((mine === 0) !== (other === 0)) return false;
  // There, a persistent key takes a slot while a command uses it, so that a new object may get the next one.
  const made = mine === 0 && makesHandle.includes(command.readUInt32BE(6));
  return !made || ours.readUInt32BE(10) === theirs.readUInt32BE(10);
}

/** Both TPMs before every stream. */
function prepare(send: Send): void {
  for (const each of tidying) send(each);
  for (const each of preparing) expect(codeOf(send(each)), each.toString("hex")).toBe(0);
}

/** Sends a fixed stream. @returns the lengths of the responses */
function sendFixed(send: Send, { steps }: (typeof fixedStreams)[number]): readonly number[] {
  prepare(send);
  return steps.map(([command, code, end = ""]) => {
    const response = send(hex(command));
    expect(codeOf(response).toString(16), command).toBe(code.toString(16));
    expect(response.toString("hex").endsWith(end), response.toString("hex")).toBe(true);
    return response.length;
  });
}

describe("rules that random commands found, on our TPM", () => {
  const tpm = createTpm({ state: vectorState });
  new TpmClient((command) => tpm.send(command)).storageRootKey();
  test.each(fixedStreams)("$title", (fixed) => {
    expect(sendFixed((command) => tpm.send(command), fixed)).toHaveLength(fixed.steps.length);
  });
});

describe.skipIf(missing)(`the same commands to our TPM and to swtpm${reason}`, () => {
  let swtpm: Swtpm;
  let ours: VirtualTpm;
  beforeAll(async () => {
    const { fileName, base64: content } = tpmVectors.rsa.swtpmState;
    swtpm = await startSwtpm({ fileName, content: base64(content) });
    ours = createTpm({ state: vectorState });
    const blob = base64(tpmVectors.rsa.authenticationKeyBase64);
    new TpmClient((command) => swtpm.send(command)).activateIdentityKey(blob);
    new TpmClient((command) => ours.send(command)).activateIdentityKey(blob);
    for (const send of [theirs, (command: Buffer) => ours.send(command)]) withDecryptionKeys(send);
  });
  afterAll(() => swtpm.stop());

  /** Repeats the command while swtpm writes its state and asks for a retry. */
  const theirs: Send = (command) => {
    let response = swtpm.send(command);
    for (let attempt = 0; attempt < 10 && codeOf(response) === 0x922; attempt += 1) response = swtpm.send(command);
    return response;
  };

  test.each(fixedStreams)("$title", (fixed) => {
    expect(sendFixed((command) => ours.send(command), fixed)).toEqual(sendFixed(theirs, fixed));
  });

  test(`${streams} streams of valid and mutated commands: the same codes, the same layouts`, {
    timeout: 1_200_000,
  }, () => {
    const found: Comparison = { commands: 0, succeeded: 0, before: [], differences: [], otherFault: [] };
    for (const commands of fc.sample(stream, { numRuns: streams, seed })) {
      for (const send of [theirs, (command: Buffer) => ours.send(command)]) {
        prepare(send);
      }
      found.before = [];
      commands.every((command) => compareOne(command, ours.send(command), theirs(command), found));
    }
    expect(found.differences).toEqual([]);
    // A command with two faults may be refused for either; so few that no single check can be in the wrong place.
    expect(found.otherFault.length, JSON.stringify(found.otherFault)).toBeLessThan(found.commands / 500);
    expect(found.commands).toBeGreaterThan(streams * 8);
    expect(found.succeeded).toBeGreaterThan(found.commands / 8);
  });
});
