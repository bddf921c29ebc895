/**
 * The offer of a client in its ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2), as far as its bytes came. A list that
 * was not seen is absent. Values are the numbers of the wire.
 */
export interface ClientHello {
  readonly versions: readonly number[];
  readonly ciphers?: readonly number[];
  readonly groups?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  readonly serverName?: string;
}

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RANDOM_BYTES = 32;
const extensionTypes = { serverName: 0, groups: 10, signatureAlgorithms: 13, versions: 43 } as const;

/** Reads forward; a part that is not whole is `undefined`, and after it everything is. */
class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.left) {
      this.#at = this.#bytes.length;
      return undefined;
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(bytes: number): number | undefined {
    return this.take(bytes)?.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** A part behind its own length, which has that many bytes. */
  sized(lengthBytes: number): Uint8Array | undefined {
    const length = this.number(lengthBytes);
    return length === undefined ? undefined : this.take(length);
  }

  rest(): Uint8Array {
    return this.take(this.left) ?? new Uint8Array();
  }
}

function numbers(bytes: Uint8Array | undefined): readonly number[] | undefined {
  if (bytes === undefined) return undefined;
  return Array.from(
    { length: bytes.length >> 1 },
    (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0),
  );
}

/** The handshake message of the first records; a client may cut it into several. */
function handshakeBytes(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes);
  const fragments: Uint8Array[] = [];
  while (reader.left > 0 && reader.number(1) === HANDSHAKE_RECORD) {
    reader.number(2);
    const length = reader.number(2);
    if (length === undefined) break;
    fragments.push(reader.take(Math.min(length, reader.left)) ?? new Uint8Array());
  }
  return Buffer.concat(fragments);
}

function readServerName(extension: Uint8Array): string | undefined {
  const entry = new Reader(new Reader(extension).sized(2) ?? new Uint8Array());
  if (entry.number(1) !== 0) return undefined;
  const name = entry.sized(2);
  return name && Buffer.from(name).toString("latin1");
}

function readExtensions(reader: Reader): Partial<ClientHello> {
  const seen = new Map<number, Uint8Array>();
  while (reader.left > 0) {
    const type = reader.number(2);
    const body = reader.sized(2);
    if (type === undefined || body === undefined) break;
    if (!seen.has(type)) seen.set(type, body);
  }
  const list = (type: number, lengthBytes: number) => {
    const body = seen.get(type);
    return body && numbers(new Reader(body).sized(lengthBytes));
  };
  const versions = list(extensionTypes.versions, 1);
  const groups = list(extensionTypes.groups, 2);
  const signatureAlgorithms = list(extensionTypes.signatureAlgorithms, 2);
  const nameBody = seen.get(extensionTypes.serverName);
  const serverName = nameBody && readServerName(nameBody);
  return {
    ...(versions && { versions }),
    ...(groups && { groups }),
    ...(signatureAlgorithms && { signatureAlgorithms }),
    ...(serverName !== undefined && { serverName }),
  };
}

/**
 * Reads the first bytes of a connection; a stranger wrote them. The work grows with their number only, never throws, and
 * `undefined` says that they are no ClientHello.
 */
export function readClientHello(bytes: Uint8Array): ClientHello | undefined {
  const reader = new Reader(handshakeBytes(bytes));
  if (reader.number(1) !== CLIENT_HELLO) return undefined;
  reader.number(3);
  const legacyVersion = reader.number(2);
  if (legacyVersion === undefined) return undefined;
  reader.take(RANDOM_BYTES);
  reader.sized(1);
  const ciphers = numbers(reader.sized(2));
  reader.sized(1);
  // The length of all extensions is passed over: of a ClientHello that was cut off, those that came are read.
  reader.number(2);
  return {
    versions: [legacyVersion],
    ...(ciphers && { ciphers }),
    ...readExtensions(new Reader(reader.rest())),
  };
}
