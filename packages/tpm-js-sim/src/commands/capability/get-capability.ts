import { command } from "../../memory/command.js";
import { countsAsChange, mayExtend, mayReset, pcrBanks } from "../../memory/pcrs.js";
import type { TpmMemory } from "../../memory/state.js";
import { variableProperties } from "../../memory/variable-properties.js";
import { algorithmAttributes, algorithms, curves } from "../../tables/algorithms.js";
import { firstHandles, handleType, handleTypes, hierarchies, permanentHandles } from "../../tables/handles.js";
import { capabilities, pcrCount, properties } from "../../tables/properties.js";
import { type Codec, checked, type Reader, struct, u8, u16, u32 } from "../../wire/codec.js";
import { TpmsPcrSelection } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** One item of a list: its number, with which GetCapability's `property` is compared, and its bytes. */
interface Item {
  readonly property: number;
  readonly bytes: Buffer;
}

function word(value: number): Item {
  return { property: value, bytes: u32.encode(value) };
}

/** Part 2, table 27: these two types list loaded and saved sessions, of either kind, by their slot. */
function sessionItems(type: number, handles: Iterable<number>): readonly Item[] {
  return [...handles].map((handle) => ({
    property: ((type << 24) | (handle & 0x00ff_ffff)) >>> 0,
    bytes: u32.encode(handle),
  }));
}

function handlesOf(memory: TpmMemory, first: number): readonly Item[] {
  const { hmacSession: loaded, policySession: saved } = handleTypes;
  if (handleType(first) === loaded) return sessionItems(loaded, memory.sessions.keys());
  if (handleType(first) === saved) {
    // As the reference implementation lists them: without the kind of a saved session.
    return sessionItems(saved, memory.savedSessions.keys()).map(({ property }) => ({
      property,
      bytes: u32.encode(firstHandles.hmacSession | (property & 0x00ff_ffff)),
    }));
  }
  const groups: ReadonlyMap<number, readonly number[]> = new Map([
    [handleTypes.pcr, Array.from({ length: pcrCount }, (_, pcr) => pcr)],
    [handleTypes.nvIndex, [...memory.nv.keys()]],
    [handleTypes.permanent, permanentHandles],
    [handleTypes.transient, [...memory.transient.keys()]],
    [handleTypes.persistent, [...memory.persistent.keys()]],
  ]);
  return (groups.get(handleType(first)) ?? []).map(word);
}

const allBanks: readonly Item[] = pcrBanks.map((hash) => ({
  property: 0xffff_ffff,
  bytes: TpmsPcrSelection.encode({ hash, select: Buffer.alloc(pcrCount / 8, 0xff) }),
}));

type Lists = ReadonlyMap<number, (memory: TpmMemory, first: number) => readonly Item[]>;

/** The list of each capability, sorted or not. The commands are an argument, since GetCapability is one of them. */
function lists(commandAttributes: () => readonly Item[]): Lists {
  return new Map([
    [
      capabilities.algorithms,
      () =>
        [...algorithmAttributes].map(([algorithm, bits]) => ({
          property: algorithm,
          bytes: Buffer.concat([u16.encode(algorithm), u32.encode(bits)]),
        })),
    ],
    [capabilities.handles, handlesOf],
    [capabilities.commands, commandAttributes],
    [
      capabilities.properties,
      (memory) =>
        [...properties, ...variableProperties(memory)].map(([property, value]) => ({
          property,
          bytes: Buffer.concat([u32.encode(property), u32.encode(value)]),
        })),
    ],
    [capabilities.physicalPresence, () => []],
    [capabilities.audit, () => []],
    // Always listed as a whole.
    [capabilities.pcrs, () => allBanks],
    [capabilities.pcrProperties, pcrPropertyItems],
    [capabilities.authPolicies, policyItems],
    [capabilities.curves, () => Object.values(curves).map((curve) => ({ property: curve, bytes: u16.encode(curve) }))],
  ]);
}

/**
 * Part 2, table 25 (TPM_PT_PCR): which PCRs have each property; PC Client platform, as in the reference implementation.
 */
const pcrProperties: ReadonlyMap<number, (pcr: number) => boolean> = new Map([
  [0x00, (pcr) => pcr < 16], // SAVE
  [0x01, mayExtend], // EXTEND_L0
  [0x02, mayReset], // RESET_L0
  [0x11, (pcr) => !countsAsChange(pcr)], // NO_INCREMENT
]);

function pcrPropertyItems(): readonly Item[] {
  return [...pcrProperties].map(([property, holds]) => {
    const select = Buffer.alloc(pcrCount / 8);
    for (let pcr = 0; pcr < pcrCount; pcr += 1) {
      if (holds(pcr)) select.writeUInt8((select[pcr >> 3] ?? 0) | (1 << (pcr & 7)), pcr >> 3);
    }
    return { property, bytes: Buffer.concat([u32.encode(property), u8.encode(select.length), select]) };
  });
}

/** TPMS_TAGGED_POLICY of every hierarchy that can have a policy. */
function policyItems({ policies }: TpmMemory): readonly Item[] {
  return policyHierarchies.map((handle) => {
    const { hashAlg, digest } = policies.get(handle) ?? { hashAlg: algorithms.null, digest: Buffer.alloc(0) };
    return { property: handle, bytes: Buffer.concat([u32.encode(handle), u16.encode(hashAlg), digest]) };
  });
}

const policyHierarchies = Object.values(hierarchies).filter((handle) => handle !== hierarchies.null);

/** TPMS_CAPABILITY_DATA: the list's items stay bytes, since their shape depends on the capability. */
const TpmsCapabilityData: Codec<{ readonly capability: number; readonly count: number; readonly items: Buffer }> = {
  read: (reader: Reader) => ({ capability: u32.read(reader), count: u32.read(reader), items: reader.rest() }),
  encode: ({ capability, count, items }) => Buffer.concat([u32.encode(capability), u32.encode(count), items]),
};

/** At most this many items fit into a response. The caller asks again for the rest. */
const maxItems = 127;

/** Part 3, TPM2_GetCapability. @param commandAttributes TPMA_CC of every command */
export function getCapabilityOf(commandAttributes: () => readonly number[]) {
  const items = () => commandAttributes().map((bits) => ({ property: bits & 0xffff, bytes: u32.encode(bits) }));
  const known = lists(items);
  return command({
    name: "GetCapability",
    code: 0x17a,
    handles: [],
    parameters: struct({
      capability: checked(u32, (value) => known.has(value), "value"),
      property: u32,
      propertyCount: u32,
    }),
    response: struct({ moreData: u8, capabilityData: TpmsCapabilityData }),
    run: (memory, _entities, { capability, property, propertyCount }) => {
      const list = known.get(capability) ?? (() => []);
      const whole = capability === capabilities.pcrs;
      if (whole && property !== 0) throw new TpmError("value", parameter(2));
      const following = [...list(memory, property)]
        .filter((item) => item.property >= property)
        .sort((left, right) => left.property - right.property);
      const given = following.slice(0, whole ? maxItems : Math.min(propertyCount, maxItems));
      const bytes = Buffer.concat(given.map((item) => item.bytes));
      const moreData = given.length < following.length ? 1 : 0;
      return { moreData, capabilityData: { capability, count: given.length, items: bytes } };
    },
  });
}
