import { readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { EnrollmentError, loadSeed, type RecordContext, type SeedCount, type Store } from "@rollcall/engine";
import { type Seed, type SeedInput, seedSchema } from "@rollcall/protocol";
import { ConfigError } from "./config/config-error.js";
import { YamlFile } from "./config/yaml-file.js";

const extensions: ReadonlySet<string> = new Set([".json", ".yaml", ".yml"]);

/**
 * Loads enrollments from a file, a folder of files, or a value. Existing enrollments stay as they are. Certificates are
 * PEM or base64 of DER. Throws ConfigError that names file, line, member and reason; nothing of a file with an error is
 * loaded.
 */
export async function seedStore(store: Store, seed: string | SeedInput, context: RecordContext): Promise<SeedCount> {
  if (typeof seed !== "string") return loadOne(store, seed, { context });
  const count = { individuals: 0, groups: 0, kept: 0 };
  for (const path of seedFiles(seed)) {
    const file = new YamlFile(path);
    const loaded = await loadOne(store, file.value ?? {}, { context, file });
    count.individuals += loaded.individuals;
    count.groups += loaded.groups;
    count.kept += loaded.kept;
  }
  return count;
}

async function loadOne(
  store: Store,
  value: unknown,
  { context, file }: { context: RecordContext; file?: YamlFile },
): Promise<SeedCount> {
  const fail = (path: readonly PropertyKey[], message: string) => {
    const name = path.map(String).join(".");
    const text = name === "" ? message : `${name}: ${message}`;
    return file ? file.error(path, text) : new ConfigError(`seed: ${text}`);
  };
  const seed = parseSeed(value, fail);
  try {
    return await loadSeed(store, seed, context);
  } catch (error) {
    if (!(error instanceof EnrollmentError)) throw error;
    throw fail(
      error.path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      error.message,
    );
  }
}

function parseSeed(value: unknown, fail: (path: readonly PropertyKey[], message: string) => ConfigError): Seed {
  const parsed = seedSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw issue ? fail(issue.path, issue.message) : new ConfigError(parsed.error.message);
}

function seedFiles(path: string): readonly string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => extensions.has(extname(name)))
    .sort()
    .map((name) => join(path, name));
}
