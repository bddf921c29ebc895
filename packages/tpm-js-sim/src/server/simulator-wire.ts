// TpmTcpProtocol.h and TcpServer.c of the reference implementation; tss.js, TpmDevice.js for the resource manager's form.

/** The action that a message asks for. */
export type WireAction =
  | { readonly do: "answer"; readonly bytes: Buffer }
  | { readonly do: "powerOn" | "powerOff" | "reset" | "close" }
  /** `bare` came without a frame, and is answered without one */
  | { readonly do: "command"; readonly command: Buffer; readonly bare: boolean };

/** One message, and how many bytes it took. */
export interface WireMessage {
  readonly length: number;
  readonly action: WireAction;
}

const zero = Buffer.alloc(4);
const answerZero: WireAction = { do: "answer", bytes: zero };
/** Longer than any TPM command: a client that announces this length speaks another protocol. */
const maxCommand = 65_536;

/** Server version 1, then its capabilities: platform, raw mode, physical presence. */
const handshake = Buffer.from("000000010000000d00000000", "hex");

const platformActions = new Map<number, WireAction>([
  [1, { do: "powerOn" }],
  [2, { do: "powerOff" }],
  // Physical presence, cancel, NV and key cache: nothing here depends on them.
  ...[3, 4, 9, 10, 11, 12, 13, 14].map((code) => [code, answerZero] as const),
  [17, { do: "reset" }],
  [18, { do: "reset" }],
]);

const sessionEnd = 20;
const stop = 21;
const closing: WireAction = { do: "close" };

/** `length ‖ bytes` at an offset; undefined until all of it has arrived. */
function sizedAt(bytes: Buffer, offset: number): { readonly length: number; readonly content: Buffer } | undefined {
  if (bytes.length < offset + 4) return undefined;
  const size = bytes.readUInt32BE(offset);
  const end = offset + 4 + size;
  if (bytes.length < end) return undefined;
  return { length: end, content: bytes.subarray(offset + 4, end) };
}

function isAbsurd(bytes: Buffer, offset: number): boolean {
  return bytes.length >= offset + 4 && bytes.readUInt32BE(offset) > maxCommand;
}

function commandAt(bytes: Buffer, offset: number): WireMessage | undefined {
  if (isAbsurd(bytes, offset)) return { length: bytes.length, action: closing };
  const found = sizedAt(bytes, offset);
  return found && { length: found.length, action: { do: "command", command: found.content, bare: false } };
}

const bareTags: readonly number[] = [0x8001, 0x8002];

/** A command without a frame, as IBM's "raw" and go-tpm send them: it begins with a tag, which no message code does. */
function bareCommand(bytes: Buffer): WireMessage | undefined {
  if (isAbsurd(bytes, 2)) return { length: bytes.length, action: closing };
  // Its size field counts the whole command. The TPM itself refuses a command that is too short for a header.
  const length = bytes.length < 6 ? 6 : Math.max(6, bytes.readUInt32BE(2));
  if (bytes.length < length) return undefined;
  return { length, action: { do: "command", command: bytes.subarray(0, length), bare: true } };
}

function readCommandPort(code: number, bytes: Buffer, headLength: number): WireMessage | undefined {
  if (code === 8) return commandAt(bytes, headLength);
  if (code === 15) {
    return bytes.length < 8 ? undefined : { length: 8, action: { do: "answer", bytes: handshake } };
  }
  if (code === 5 || code === 7) return { length: 4, action: answerZero };
  if (code !== 6) return { length: bytes.length, action: closing };
  if (isAbsurd(bytes, 4)) return { length: bytes.length, action: closing };
  const found = sizedAt(bytes, 4);
  return found && { length: found.length, action: answerZero };
}

/**
 * The first message in the received bytes.
 * @param form the resource manager's has two more bytes before a command's length
 * @returns undefined until the message is complete
 */
export function readWire(form: "command" | "platform" | "resourceManager", bytes: Buffer): WireMessage | undefined {
  if (bytes.length < 4) return undefined;
  const code = bytes.readUInt32BE(0);
  if (code === sessionEnd || code === stop) return { length: 4, action: closing };
  if (form === "command" && bareTags.includes(bytes.readUInt16BE(0))) return bareCommand(bytes);
  if (form === "platform") return { length: 4, action: platformActions.get(code) ?? closing };
  return readCommandPort(code, bytes, form === "resourceManager" ? 7 : 5);
}
