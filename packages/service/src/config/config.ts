import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "./config-error.js";
import { type Config, type ConfigInput, configSchema } from "./config-schema.js";
import {
  flagName,
  readSetting,
  type SettingName,
  type SettingValues,
  settings,
  variableName,
} from "./config-settings.js";
import { nearestWord } from "./did-you-mean.js";
import { YamlFile } from "./yaml-file.js";

export interface LoadConfigOptions {
  readonly flags?: SettingValues;
  /** The file must exist when the user names it. Default: rollcall.yaml in the working directory, if it exists. */
  readonly configFile?: string | undefined;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

type Tree = { [name: string]: unknown };
const settingNames = Object.keys(settings) as SettingName[];

/**
 * Loads the settings. Flags win over environment variables, these over rollcall.yaml, and this over defaults. Throws
 * ConfigError that names the place.
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const { flags = {}, cwd = process.cwd(), environment = process.env } = options;
  const file = openFile(options.configFile, cwd);
  const tree = structuredClone(file?.value ?? {}) as Tree;
  const sources = new Map<string, string>();
  const put = (name: SettingName, value: string | number | boolean | undefined, source: string) => {
    if (value === undefined || value === "") return;
    const { path } = settings[name];
    setIn(tree, path, readSetting(name, value));
    sources.set(path.join("."), source);
  };
  if (file && !isTree(tree)) throw file.error([], "the file is not a list of settings (name: value)");
  for (const name of settingNames) put(name, environment[variableName(name)], variableName(name));
  for (const name of settingNames) put(name, flags[name], flagName(name));
  const parsed = configSchema.safeParse(tree);
  if (parsed.success) return resolvePaths(parsed.data, { cwd, file, sources });
  throw explain(parsed.error, { file, sources });
}

/** Checks settings given in code. Throws ConfigError. */
export function checkConfig(input: ConfigInput): Config {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw explain(parsed.error, { file: undefined, sources: new Map() });
}

function openFile(named: string | undefined, cwd: string): YamlFile | undefined {
  if (named !== undefined) return new YamlFile(resolve(cwd, named));
  const path = resolve(cwd, "rollcall.yaml");
  return existsSync(path) ? new YamlFile(path) : undefined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function setIn(tree: Tree, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = isTree(tree[name]) ? tree[name] : {};
  tree[name] = inner;
  setIn(inner, rest, value);
}

interface Origin {
  readonly file: YamlFile | undefined;
  /** The flag or variable that a setting came from, by the setting's path. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Paths in the file are relative to the file, all others to the working directory. */
function resolvePaths(config: Config, { cwd, file, sources }: Origin & { cwd: string }): Config {
  const base = (path: string) => (file?.has(path.split(".")) && !sources.has(path) ? resolve(file.path, "..") : cwd);
  const { seed, log } = config;
  return {
    ...config,
    location: resolve(base("location"), config.location),
    ...(seed !== undefined && { seed: resolve(base("seed"), seed) }),
    log: { ...log, ...(log.file !== undefined && { file: resolve(base("log.file"), log.file) }) },
  };
}

/** Turns the first issue into an error that names the flag, the variable or the line of the file. */
function explain(error: z.ZodError, { file, sources }: Origin): ConfigError {
  const [issue] = error.issues;
  if (!issue) return new ConfigError(error.message);
  const path = issue.path;
  const name = path.map(String).join(".");
  const source = sources.get(name);
  if (source !== undefined) return new ConfigError(`${source}: ${issue.message}`);
  if (issue.code === "unrecognized_keys") return unknownKey(issue.keys[0] ?? "", path, file);
  const message = name === "" ? issue.message : `${name}: ${issue.message}`;
  return file ? file.error(path, message) : new ConfigError(message);
}

function unknownKey(key: string, path: readonly PropertyKey[], file: YamlFile | undefined): ConfigError {
  const known = keysAt(configSchema, path);
  const nearest = nearestWord(key, known);
  const where = path.length === 0 ? "" : ` in ${path.map(String).join(".")}`;
  const hint = nearest === undefined ? `known are ${known.join(", ")}` : `did you mean ${nearest}?`;
  const message = `there is no setting ${key}${where}; ${hint}`;
  return file ? file.error(path, message, file.keyOffset(path, key)) : new ConfigError(message);
}

/** The names that a schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (;;) {
    if (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault) at = at.def.innerType;
    else if (at instanceof z.ZodArray && path.length > 0) [at, path] = [at.element, path.slice(1)];
    else if (at instanceof z.ZodObject && path.length > 0) [at, path] = [at.shape[String(path[0])], path.slice(1)];
    else return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
  }
}
