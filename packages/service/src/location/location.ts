import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "@rollcall/pki";
import { decodeBase64 } from "@rollcall/protocol";
import { z } from "zod";
import { openAuthority, openServerIdentity } from "./location-identities.js";
import { isLocationInUse, lockLocation } from "./location-lock.js";
import { errorCode, LocationError, readPrivateFile, writePrivateFile } from "./private-files.js";

const secret = z
  .string()
  .refine((text) => (decodeBase64(text)?.length ?? 0) >= 32, "is not base64 of 32 bytes or more");
const secretsSchema = z.strictObject({ policyKey: secret, clusterSecret: secret, managementToken: z.string().min(32) });

/** The keys that a location keeps besides certificates; base64. */
export type Secrets = z.output<typeof secretsSchema>;

export interface OpenLocationOptions {
  /** Absent: a private temporary folder, removed on close. */
  readonly path?: string | undefined;
  readonly now: number;
  readonly random: (size: number) => Buffer;
}

/** The folder of a running service: mode 0700, every file 0600, locked while it is open. */
export interface Location {
  readonly path: string;
  readonly caPath: string;
  readonly authority: Identity;
  readonly secrets: Secrets;
  /**
   * The certificate for these names and addresses. A new one is issued when the stored certificate is not sufficient.
   */
  serverIdentity(hosts: readonly string[], now: number): Promise<Identity>;
  /**
   * Writes instance.json when the service is ready. `rollcall info`, `stop` and other commands find the service by it.
   */
  writeInstance(instance: unknown): void;
  /** Releases the folder. */
  close(): void;
}

/**
 * Makes or opens the folder of a service. Throws LocationInUseError and LocationError. Existing files are not
 * overwritten.
 */
export async function openLocation({ path, now, random }: OpenLocationOptions): Promise<Location> {
  const folder = path === undefined ? mkdtempSync(join(tmpdir(), "rollcall-")) : makeFolder(path);
  const unlock = lockLocation(folder);
  const close = () => {
    rmSync(instancePath(folder), { force: true });
    unlock();
    if (path === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    // An instance.json that exists now was left by a process that was killed.
    rmSync(instancePath(folder), { force: true });
    const secrets = openSecrets(folder, random);
    const authority = await openAuthority(folder, now);
    return {
      path: folder,
      caPath: join(folder, "ca.pem"),
      authority,
      secrets,
      serverIdentity: (hosts, at) => openServerIdentity(folder, { authority, hosts, now: at }),
      writeInstance: (instance) =>
        writePrivateFile(instancePath(folder), `${JSON.stringify(instance, undefined, 2)}\n`),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** A service that runs in a location, as another process sees it. */
export interface RunningInstance {
  /** The info that `startRollcall` wrote. */
  readonly info: unknown;
  readonly managementToken: string;
}

/** Finds the service that runs in a location; undefined when no service runs, or it is not ready yet. */
export function readInstance(path: string): RunningInstance | undefined {
  if (!existsSync(path) || !isLocationInUse(path)) return undefined;
  const text = readPrivateFile(instancePath(path));
  const secrets = readSecrets(path);
  return text === undefined || !secrets
    ? undefined
    : { info: JSON.parse(text), managementToken: secrets.managementToken };
}

function instancePath(folder: string): string {
  return join(folder, "instance.json");
}

function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const names = readdirSync(path);
    // The mode of a folder that holds other files too is its owner's decision.
    if (names.length === 0 || names.includes("secrets.json")) chmodSync(path, 0o700);
    return path;
  } catch (cause) {
    const why =
      errorCode(cause) === "EEXIST" || errorCode(cause) === "ENOTDIR" ? "it is not a folder" : errorCode(cause);
    throw new LocationError(path, `${path} cannot be used as location: ${why}. Choose another with --location.`, {
      cause,
    });
  }
}

function openSecrets(folder: string, random: (size: number) => Buffer): Secrets {
  const stored = readSecrets(folder);
  if (stored) return stored;
  const made: Secrets = {
    policyKey: random(32).toString("base64"),
    clusterSecret: random(48).toString("base64"),
    managementToken: random(32).toString("base64url"),
  };
  writePrivateFile(join(folder, "secrets.json"), `${JSON.stringify(made, undefined, 2)}\n`);
  return made;
}

function readSecrets(folder: string): Secrets | undefined {
  const path = join(folder, "secrets.json");
  const text = readPrivateFile(path);
  if (text === undefined) return undefined;
  const damaged = (why: string, cause?: unknown) =>
    new LocationError(
      path,
      `${path} is damaged: ${why}. Restore it from a backup, or delete it: new keys are made, and connection strings have to be copied again.`,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // JSON.parse quotes the text that it could not read, and this is a file of keys: its error is left out.
    throw damaged("it is not JSON", cause instanceof SyntaxError ? undefined : cause);
  }
  const parsed = secretsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(`${issue?.path.map(String).join(".") || "the top level"}: ${issue?.message ?? "unexpected"}`);
}
