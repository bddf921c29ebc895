import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createTpm, prepareTpm, type TpmState, type VirtualTpm } from "tpm-js-sim";
import {
  describeResponseCode,
  hierarchies,
  type PcrBank,
  paddedEkTemplate,
  quotePcrs,
  readPcrs,
  registrationIdOf,
  srkTemplate,
  TpmClient,
  TpmCommandError,
} from "tpm-js-sim/client";
import { cleared, lockedOut, withOtherEndorsementKey } from "tpm-js-sim/damaged-states";
import { CliError, reasonOf } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { readUserFile, writeNewFiles } from "../../terminal/files.js";
import { formatRecord, type OutputFormat, toJson, wantsTable } from "../../terminal/output.js";
import { findState, openState, requireTpm, saveState, stateFile } from "./state.js";

interface StateFlag {
  readonly state: string;
}

function clientOf(tpm: VirtualTpm): TpmClient {
  return new TpmClient((command) => tpm.send(command));
}

interface CreateFlags extends StateFlag {
  readonly seed?: string;
  readonly ecc?: boolean;
  readonly from?: string;
  readonly clear?: boolean;
  readonly swapEk?: boolean;
  readonly lockout?: boolean;
  readonly force?: boolean;
}

/** Searches the RSA keys in worker threads, since that takes a while. */
async function freshState({ seed = randomBytes(32).toString("hex"), ecc }: CreateFlags): Promise<TpmState> {
  if (ecc === true) return createTpm({ seed, keys: "ecc" }).snapshot();
  return createTpm({ seed, hints: await prepareTpm({ seed }) }).snapshot();
}

async function originOf(flags: CreateFlags): Promise<TpmState> {
  if (flags.from === undefined) return freshState(flags);
  if (flags.seed !== undefined || flags.ecc !== undefined) {
    throw new CliError("usage", "--from copies a TPM with its keys: --seed and --ecc do not go with it");
  }
  return (await requireTpm(flags.from)).snapshot();
}

/** `tpm create`. */
export async function create(flags: CreateFlags, { terminal }: Context): Promise<void> {
  if (flags.force !== true && (await findState(flags.state)) !== undefined) {
    throw new CliError("conflict", `${stateFile(flags.state)} exists; --force replaces it`);
  }
  let state = await originOf(flags);
  if (flags.clear === true) state = cleared(state);
  if (flags.swapEk === true) state = withOtherEndorsementKey(state, flags.state);
  const tpm = openState(state, flags.state);
  const client = clientOf(tpm);
  const endorsementKey = client.endorsementKey();
  client.storageRootKey();
  await saveState(flags.state, flags.lockout === true ? lockedOut(tpm.snapshot()) : tpm.snapshot());
  terminal.note(`Made a virtual TPM in ${flags.state}.`);
  terminal.out(`registrationId\t${registrationIdOf(endorsementKey)}`);
  terminal.out(`endorsementKey\t${endorsementKey.toString("base64")}`);
  terminal.note("This endorsement key is persistent at 0x81010001, where every client looks first.");
  terminal.note(`Next: rollcall tpm serve --state ${flags.state}`);
}

/**
 * The EK that a client creates when it finds no persistent one. Works on a copy, so that nothing becomes persistent.
 */
function paddedKey(tpm: VirtualTpm): Buffer {
  const { seeds, hints } = tpm.snapshot();
  const copy = createTpm({ seeds, hints });
  const primaries = [
    { hierarchy: hierarchies.endorsement, template: paddedEkTemplate },
    { hierarchy: hierarchies.owner, template: srkTemplate },
  ];
  return new TpmClient((command) => copy.send(command), { primaries }).endorsementKey();
}

const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr);

/** `tpm show`. */
export async function show(
  { state, output }: StateFlag & { readonly output?: OutputFormat },
  { terminal }: Context,
): Promise<void> {
  const tpm = await requireTpm(state);
  const client = clientOf(tpm);
  const endorsementKey = client.endorsementKey();
  const send = (command: Uint8Array) => tpm.send(command);
  const value = {
    registrationId: registrationIdOf(endorsementKey),
    endorsementKey: endorsementKey.toString("base64"),
    endorsementKeyCsharp: paddedKey(tpm).toString("base64"),
    storageRootKey: client.storageRootKey().toString("base64"),
    identityKey: tpm.snapshot().persistent.some(({ handle }) => handle === 0x81000100),
    failedTries: tpm.snapshot().lockout?.failedTries ?? 0,
    pcrs: { sha256: readPcrs(send, "sha256", allPcrs).map((pcr) => pcr.toString("hex")) },
  };
  if (output === "json") {
    terminal.out(toJson(value));
    return;
  }
  const pairs: (readonly [string, string])[] = Object.entries(value)
    .filter(([name]) => name !== "pcrs")
    .map(([name, text]) => [name, String(text)]);
  for (const [pcr, text] of value.pcrs.sha256.entries()) pairs.push([`pcr ${pcr} sha256`, text]);
  terminal.out(formatRecord(pairs, wantsTable(terminal, output)));
  terminal.note(
    "endorsementKey: Node, C and Java, and every client once it is persistent. endorsementKeyCsharp: C# and",
  );
  terminal.note("IoT Edge on a TPM where nothing is persistent yet: their template has 256 zero bytes in `unique`.");
}

/** `tpm export-ek`. */
export async function exportEk(
  { state, for: client }: StateFlag & { readonly for: string },
  { terminal }: Context,
): Promise<void> {
  const tpm = await requireTpm(state);
  const padded = client === "csharp" || client === "iot-edge";
  const key = padded ? paddedKey(tpm) : clientOf(tpm).endorsementKey();
  terminal.out(key.toString("base64"));
  terminal.note(
    padded
      ? "The EK of C# and IoT Edge (256 zero bytes in `unique`), on a TPM where nothing is persistent yet."
      : "The EK of the Node, C and Java SDKs (empty `unique`); C# and IoT Edge: --for csharp.",
  );
}

interface ActivateFlags extends StateFlag {
  readonly truncate?: number;
  /** a challenge for another TPM or another SRK, or a challenge that was damaged on the way */
  readonly fault?: "foreign" | "wrong-srk" | "damaged";
  readonly sign?: string;
}

/** The TPM that gets the challenge. Another EK or SRK in the TPM has the same effect as a challenge for another TPM. */
function tpmFor({ state, fault }: ActivateFlags, tpm: VirtualTpm): VirtualTpm {
  if (fault === "foreign") return openState(withOtherEndorsementKey(tpm.snapshot(), state), state);
  return fault === "wrong-srk" ? openState(cleared(tpm.snapshot()), state) : tpm;
}

function challengeFor({ truncate, fault }: ActivateFlags, bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  // Flips a bit of the credential.
  if (fault === "damaged") damaged[40] = (damaged[40] ?? 0) ^ 1;
  return truncate === undefined ? damaged : damaged.subarray(0, truncate);
}

/** `tpm activate`. */
export async function activate(text: string, flags: ActivateFlags, { terminal }: Context): Promise<void> {
  const tpm = tpmFor(flags, await requireTpm(flags.state));
  const source = text.startsWith("@") ? await readUserFile(text.slice(1), "<authentication-key>") : text;
  const bytes = Buffer.from(source.trim(), "base64");
  if (bytes.length === 0) throw new CliError("usage", "<authentication-key> is not base64");
  const client = clientOf(tpm);
  try {
    client.activateIdentityKey(challengeFor(flags, bytes));
  } catch (error) {
    const code = error instanceof TpmCommandError ? error.responseCode : undefined;
    const said = code === undefined ? reasonOf(error) : `${reasonOf(error)}: ${describeResponseCode(code)}`;
    throw new CliError("refused", `the TPM did not accept the authentication key: ${said}`, { cause: error });
  }
  await saveState(flags.state, tpm.snapshot());
  terminal.note(`Activated: the key is in the TPM of ${flags.state}, at 0x81000100.`);
  if (flags.sign !== undefined) terminal.out(client.sign(Buffer.from(flags.sign)).toString("hex"));
}

interface QuoteFlags extends StateFlag {
  readonly pcrs: string;
  readonly nonce: string;
  readonly outDir: string;
  readonly force?: boolean;
}

function parsePcrs(text: string): { readonly bank: PcrBank; readonly pcrs: readonly number[] } {
  const [, bank, list] = /^(sha1|sha256):(\d+(?:,\d+)*)$/.exec(text) ?? [];
  const pcrs = list?.split(",").map(Number) ?? [];
  if ((bank !== "sha1" && bank !== "sha256") || pcrs.some((pcr) => pcr > 23)) {
    throw new CliError("usage", `--pcrs ${text}: expected something like sha256:0,1,7`);
  }
  return { bank, pcrs };
}

/** `tpm quote`. */
export async function quote(flags: QuoteFlags, { terminal }: Context): Promise<void> {
  const { bank, pcrs } = parsePcrs(flags.pcrs);
  if (!/^(?:[0-9a-f]{2}){0,64}$/i.test(flags.nonce)) throw new CliError("usage", "--nonce: up to 64 bytes as hex");
  const tpm = await requireTpm(flags.state);
  const nonce = Buffer.from(flags.nonce, "hex");
  const made = quotePcrs((command) => tpm.send(command), { bank, pcrs, nonce });
  const path = (name: string): string => join(flags.outDir, name);
  const key = made.attestationKey.export({ format: "pem", type: "spki" });
  const files = [
    { path: path("quote.msg"), content: made.quoted },
    { path: path("quote.sig"), content: made.signature },
    { path: path("ak.pem"), content: key },
  ];
  await writeNewFiles(files, flags.force === true);
  await saveState(flags.state, tpm.snapshot());
  for (const file of files) terminal.out(file.path);
  terminal.note(`Check: tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -g sha256 -q ${flags.nonce || '""'}`);
}
