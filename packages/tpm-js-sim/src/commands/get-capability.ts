import { type Codec, type Reader, struct, u8, u16, u32 } from "../codec.js";
import { command } from "../command.js";
import type { TpmMemory } from "../state.js";
import { algorithmAttributes, curves } from "../tables/algorithms.js";
import { handleType, handleTypes, hierarchies } from "../tables/handles.js";
import { capabilities, properties } from "../tables/properties.js";
import { parameter, TpmError } from "../tpm-error.js";

/** One item of a list: what GetCapability's `property` counts by, and its bytes. */
interface Item {
  readonly property: number;
  readonly bytes: Buffer;
}

function word(value: number): Item {
  return { property: value, bytes: u32.encode(value) };
}

function handlesOf(memory: TpmMemory, first: number): readonly Item[] {
  const sessions = [...memory.sessions.keys()];
  const groups: ReadonlyMap<number, readonly number[]> = new Map([
    [handleTypes.hmacSession, sessions.filter((handle) => handleType(handle) === handleTypes.hmacSession)],
    [handleTypes.policySession, sessions.filter((handle) => handleType(handle) === handleTypes.policySession)],
    [handleTypes.permanent, Object.values(hierarchies)],
    [handleTypes.transient, [...memory.transient.keys()]],
    [handleTypes.persistent, [...memory.persistent.keys()]],
  ]);
  return (groups.get(handleType(first)) ?? []).map(word);
}

type Lists = ReadonlyMap<number, (memory: TpmMemory, first: number) => readonly Item[]>;

/** Each capability's list, sorted or not. Commands are injected: this row is one of them. */
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
      () =>
        [...properties].map(([property, value]) => ({
          property,
          bytes: Buffer.concat([u32.encode(property), u32.encode(value)]),
        })),
    ],
    [capabilities.curves, () => Object.values(curves).map((curve) => ({ property: curve, bytes: u16.encode(curve) }))],
  ]);
}

/** TPMS_CAPABILITY_DATA: the list's items stay bytes, for their shape depends on the capability. */
const TpmsCapabilityData: Codec<{ readonly capability: number; readonly count: number; readonly items: Buffer }> = {
  read: (reader: Reader) => ({ capability: u32.read(reader), count: u32.read(reader), items: reader.rest() }),
  encode: ({ capability, count, items }) => Buffer.concat([u32.encode(capability), u32.encode(count), items]),
};

/** More than fits a response is never sent; the caller asks again from where it ended. */
const maxItems = 127;

/** Part 3, TPM2_GetCapability. @param commandAttributes TPMA_CC of every command */
export function getCapabilityOf(commandAttributes: () => readonly number[]) {
  const items = () => commandAttributes().map((bits) => ({ property: bits & 0xffff, bytes: u32.encode(bits) }));
  const known = lists(items);
  return command({
    name: "GetCapability",
    code: 0x17a,
    handles: [],
    parameters: struct({ capability: u32, property: u32, propertyCount: u32 }),
    response: struct({ moreData: u8, capabilityData: TpmsCapabilityData }),
    run: (memory, _entities, { capability, property, propertyCount }) => {
      const list = known.get(capability);
      if (list === undefined) throw new TpmError("value", parameter(1));
      const following = [...list(memory, property)]
        .filter((item) => item.property >= property)
        .sort((left, right) => left.property - right.property);
      const given = following.slice(0, Math.min(propertyCount, maxItems));
      const bytes = Buffer.concat(given.map((item) => item.bytes));
      const moreData = given.length < following.length ? 1 : 0;
      return { moreData, capabilityData: { capability, count: given.length, items: bytes } };
    },
  });
}
