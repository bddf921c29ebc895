import type { ResponseCodeName } from "../tables/response-codes.js";
import { TpmError } from "./tpm-error.js";

/** A cursor over bytes. Reading past the end throws TPM_RC_INSUFFICIENT, as in the reference implementation. */
export class Reader {
  readonly bytes: Buffer;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  take(length: number): Buffer {
    if (length > this.remaining) throw new TpmError("insufficient");
    const taken = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return taken;
  }

  rest(): Buffer {
    return this.take(this.remaining);
  }
}

/** How one wire structure is read and written. Methods, so that codecs of different types fit one table. */
export interface Codec<T> {
  /** a TPM2B: 16-bit length, then its content. Only such a first parameter can be encrypted in a session */
  readonly isSized?: true;
  read(reader: Reader): T;
  encode(value: T): Buffer;
}

/** The value type of a codec. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

type Fields = Readonly<Record<string, Codec<unknown>>>;
export type StructOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

/** A structure that knows its fields, so that the dispatcher can say which parameter is wrong. */
export interface StructCodec<F extends Fields> extends Codec<StructOf<F>> {
  readonly fields: F;
}

/** Reads a whole buffer; bytes left over are TPM_RC_SIZE. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  const value = codec.read(reader);
  if (reader.remaining > 0) throw new TpmError("size");
  return value;
}

function unsigned(length: 1 | 2 | 4): Codec<number> {
  return {
    read: (reader) => reader.take(length).readUIntBE(0, length),
    encode: (value) => {
      const bytes = Buffer.alloc(length);
      bytes.writeUIntBE(value, 0, length);
      return bytes;
    },
  };
}

export const u8 = unsigned(1);
export const u16 = unsigned(2);
export const u32 = unsigned(4);

/**
 * A value that must satisfy a condition. It is checked while it is read, before the next value is read (Part 2's
 * interface types).
 */
export function checked<T>(codec: Codec<T>, allowed: (value: T) => boolean, otherwise: ResponseCodeName): Codec<T> {
  return {
    read: (reader) => {
      const value = codec.read(reader);
      if (!allowed(value)) throw new TpmError(otherwise);
      return value;
    },
    encode: (value) => codec.encode(value),
  };
}

/** A 64-bit integer. */
export const u64: Codec<bigint> = {
  read: (reader) => reader.take(8).readBigUInt64BE(0),
  encode: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
  },
};

/** A signed 32-bit integer. */
export const i32: Codec<number> = {
  read: (reader) => reader.take(4).readInt32BE(0),
  encode: (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
};

/** A TPM2B of plain bytes: 16-bit length, then at most `max` bytes (more is TPM_RC_SIZE). */
export function sized(max: number): Codec<Buffer> {
  return {
    isSized: true,
    read: (reader) => {
      const length = u16.read(reader);
      if (length > max) throw new TpmError("size");
      return reader.take(length);
    },
    encode: (value) => Buffer.concat([u16.encode(value.length), value]),
  };
}

/** A TPM2B that wraps a structure: the length must be exactly the structure's, and not zero. */
export function sizedStruct<T>(inner: Codec<T>): Codec<T> {
  return {
    isSized: true,
    read: (reader) => {
      const length = u16.read(reader);
      if (length === 0) throw new TpmError("size");
      const start = reader.offset;
      const value = inner.read(reader);
      if (reader.offset - start !== length) throw new TpmError("size");
      return value;
    },
    encode: (value) => {
      const bytes = inner.encode(value);
      return Buffer.concat([u16.encode(bytes.length), bytes]);
    },
  };
}

/** Fields one after another, in the order of declaration. */
export function struct<const F extends Fields>(fields: F): StructCodec<F> {
  const entries = Object.entries(fields);
  return {
    fields,
    read: (reader) =>
      // The entries are those of F, so the object has exactly F's keys.
      Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(reader)])) as StructOf<F>,
    encode: (value) => Buffer.concat(entries.map(([name, codec]) => codec.encode(value[name]))),
  };
}

/** Whether the first field is a TPM2B. */
export function startsSized({ fields }: StructCodec<Fields>): boolean {
  return Object.values(fields)[0]?.isSized === true;
}

/** A 32-bit count, then that many items; more than `max` is TPM_RC_SIZE. */
export function list<T>(item: Codec<T>, max: number): Codec<readonly T[]> {
  return {
    read: (reader) => {
      const count = u32.read(reader);
      if (count > max) throw new TpmError("size");
      return Array.from({ length: count }, () => item.read(reader));
    },
    encode: (values) => Buffer.concat([u32.encode(values.length), ...values.map((value) => item.encode(value))]),
  };
}

type Arms = Readonly<Record<number, Codec<object>>>;
export type TaggedOf<K extends string, A extends Arms> = {
  [N in keyof A & number]: { readonly [T in K]: N } & Infer<A[N]>;
}[keyof A & number];

/**
 * A 16-bit selector and the structure that it selects, as one discriminated union.
 * @param tag the name of the selector in the value
 * @param arms a structure for each selector
 * @param unknown the error for any other selector
 */
export function tagged<const K extends string, const A extends Arms>(
  tag: K,
  arms: A,
  unknown: ResponseCodeName,
): Codec<TaggedOf<K, A>> {
  const armOf = (selector: number): Codec<object> => {
    const arm = Object.hasOwn(arms, selector) ? arms[selector] : undefined;
    if (arm === undefined) throw new TpmError(unknown);
    return arm;
  };
  return {
    read: (reader) => {
      const selector = u16.read(reader);
      // A cast: the selector has chosen the arm, as the union says.
      return { [tag]: selector, ...armOf(selector).read(reader) } as TaggedOf<K, A>;
    },
    encode: (value) => {
      const selector: number = value[tag];
      return Buffer.concat([u16.encode(selector), armOf(selector).encode(value)]);
    },
  };
}
