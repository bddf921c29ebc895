import { describe, expect, test } from "vitest";
import { base64, type Exchange, hex, tpmVectors } from "../../../test/fixtures/tpm-vectors.js";
import { commandsByCode } from "./commands/index.js";
import type { Command } from "./memory/command.js";
import { hierarchies, persistentHandles } from "./tables/handles.js";
import { tags } from "./tables/tags.js";
import { createTpm, stateWithKeys } from "./virtual-tpm.js";
import { decode, Reader } from "./wire/codec.js";
import { encodeCommand, encodeResponse, readAuthorizations, readCommandFrame, readResponse } from "./wire/frame.js";
import type { Tpm2bPublic, TpmsCreationData } from "./wire/structures.js";

const { rsa, sdkTranscript } = tpmVectors;
const { commands } = sdkTranscript;

function rowOf(exchange: Exchange): Command {
  const row = commandsByCode.get(readCommandFrame(hex(exchange.command)).code);
  if (row === undefined) throw new Error(`no command ${exchange.name}`);
  return row;
}

/** A command read into values and written again. */
function commandAgain(exchange: Exchange): Buffer {
  const row = rowOf(exchange);
  const { tag, code, body } = readCommandFrame(hex(exchange.command));
  const reader = new Reader(body);
  const handles = row.handles.map(() => reader.take(4).readUInt32BE());
  const authorizations = tag === tags.sessions ? readAuthorizations(reader) : [];
  const parameters = row.parameters.encode(decode(row.parameters, reader.rest()));
  return encodeCommand({ code, handles, authorizations, parameters });
}

/** A response read into values and written again. */
function responseAgain(exchange: Exchange): Buffer {
  const row = rowOf(exchange);
  const response = readResponse(hex(exchange.response), row.makesHandle);
  if (response.code !== 0) return encodeResponse(response);
  return encodeResponse({ ...response, parameters: row.response.encode(decode(row.response, response.parameters)) });
}

describe("a transcript of the Node SDK on swtpm, through the codecs", () => {
  test.each(commands.map((exchange, index) => ({ index, exchange })))("$index $exchange.name", ({ exchange }) => {
    expect(rowOf(exchange).name).toBe(exchange.name);
    expect(commandAgain(exchange).toString("hex")).toBe(exchange.command);
    expect(responseAgain(exchange).toString("hex")).toBe(exchange.response);
  });

  test("this TPM has every command of it", () => {
    const known = new Set([...commandsByCode.values()].map(({ name }) => name));
    expect(commands.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});

function at(name: string, nth = 0): Exchange {
  const found = commands.filter((exchange) => exchange.name === name)[nth];
  if (found === undefined) throw new Error(`the transcript has no ${name} ${nth}`);
  return found;
}

const vectorState = stateWithKeys({
  seed: "vector",
  keys: [
    {
      handle: persistentHandles.endorsementKey,
      hierarchy: hierarchies.endorsement,
      publicKey: base64(rsa.ek.tpm2bPublicBase64),
      privateKey: { pkcs8: base64(rsa.ek.privatePkcs8DerBase64) },
    },
    {
      handle: persistentHandles.storageRootKey,
      hierarchy: hierarchies.owner,
      publicKey: base64(rsa.srk.tpm2bPublicBase64),
      privateKey: { pkcs8: base64(rsa.srk.privatePkcs8DerBase64) },
    },
  ],
});

describe("the transcript, replayed on our TPM", () => {
  /** swtpm's random bytes, where the transcript shows them: with them our answers are equal to the last bit. */
  function randomOfTranscript() {
    const shown = [
      hex(at("GetRandom").response).subarray(12),
      hex(at("StartAuthSession").response).subarray(16),
      hex(at("ActivateCredential").response).subarray(39, 59),
    ];
    return (length: number): Buffer =>
      length === 20 ? (shown.shift() ?? Buffer.alloc(20)) : Buffer.alloc(length, 0x5a);
  }

  test("answers a fresh TPM's refusals byte for byte", () => {
    const tpm = createTpm({ seed: "fresh" });
    const same = [at("Startup"), at("ReadPublic", 0), at("ReadPublic", 1), at("ReadPublic", 2), at("GetCapability")];
    for (const { command, response } of same) expect(tpm.send(hex(command)).toString("hex")).toBe(response);
  });

  test("activates and signs with the vector's keys", () => {
    const tpm = createTpm({ state: vectorState, random: randomOfTranscript() });
    const replay = (exchange: Exchange, command = exchange.command): string => tpm.send(hex(command)).toString("hex");
    for (const name of ["GetRandom", "StartAuthSession", "PolicySecret", "ActivateCredential"]) {
      expect(replay(at(name))).toBe(at(name).response);
    }
    // Each TPM has its own format of the private blob, so Load takes ours.
    const imported = readResponse(hex(replay(at("Import"))), false);
    expect(imported.code).toBe(0);
    const load = hex(at("Load").command);
    const publicArea = load.subarray(load.length - 82);
    const parameters = Buffer.concat([imported.parameters, publicArea]);
    const password = { sessionHandle: 0x40000009, nonce: Buffer.alloc(0), attributes: 1, hmac: Buffer.alloc(0) };
    const ours = encodeCommand({ code: 0x157, handles: [0x81000001], authorizations: [password], parameters });
    // swtpm loads a persistent parent into a slot of its own, so its child is 80000001; here it is the first.
    expect(replay(at("Load"), ours.toString("hex"))).toBe(at("Load").response.replace("80000001", "80000000"));
    expect(replay(at("EvictControl", 2))).toBe(at("EvictControl", 2).response);
    const evict = at("EvictControl", 3);
    expect(replay(evict, evict.command.replace("80000001", "80000000"))).toBe(evict.response);
    const flush = at("FlushContext", 2);
    expect(replay(flush, flush.command.replace("80000001", "80000000"))).toBe(flush.response);
    for (const exchange of [at("FlushContext", 3), at("GetCapability"), at("HMAC")]) {
      expect(replay(exchange)).toBe(exchange.response);
    }
  });

  test.each([0, 1])("makes the same creation data for primary key %i", (nth) => {
    const exchange = at("CreatePrimary", nth);
    const row = rowOf(exchange);
    const fieldsOf = (response: Buffer) => {
      const read = readResponse(response, true);
      const { outPublic, creationData, creationHash, creationTicket, name } = decode(row.response, read.parameters) as {
        outPublic: ReturnType<(typeof Tpm2bPublic)["read"]>;
        creationData: ReturnType<(typeof TpmsCreationData)["read"]>;
        creationHash: Buffer;
        creationTicket: { tag: number; hierarchy: number; digest: Buffer };
        name: Buffer;
      }; // the row is CreatePrimary's
      return { handle: read.handle, outPublic, creationData, creationHash, creationTicket, name };
    };
    const tpm = createTpm({ seed: "creation" });
    const [ours, theirs] = [fieldsOf(tpm.send(hex(exchange.command))), fieldsOf(hex(exchange.response))];
    expect(ours.handle).toBe(theirs.handle);
    expect(ours.creationData).toEqual(theirs.creationData);
    expect(ours.creationHash).toEqual(theirs.creationHash);
    expect({ ...ours.outPublic, unique: 0 }).toEqual({ ...theirs.outPublic, unique: 0 });
    // A ticket's digest depends on each TPM's own secret; its tag and hierarchy do not.
    expect({ ...ours.creationTicket, digest: 0 }).toEqual({ ...theirs.creationTicket, digest: 0 });
    expect(ours.name).toHaveLength(34);
  });
});
