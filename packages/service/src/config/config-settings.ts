/** A setting that has a flag and a variable of the same name: `--mqtt-port`, `ROLLCALL_MQTT_PORT`. */
interface SettingRow {
  readonly path: readonly string[];
  readonly kind: "text" | "integer" | "boolean";
}

/** One row each; the key is the name of the flag in camel case. */
export const settings = {
  host: { path: ["listen", "host"], kind: "text" },
  mqttPort: { path: ["listen", "mqtt"], kind: "integer" },
  httpsPort: { path: ["listen", "https"], kind: "integer" },
  httpsFallbackPort: { path: ["listen", "httpsFallback"], kind: "integer" },
  dashboardPort: { path: ["listen", "dashboard"], kind: "integer" },
  location: { path: ["location"], kind: "text" },
  inMemory: { path: ["inMemory"], kind: "boolean" },
  store: { path: ["store"], kind: "text" },
  idScope: { path: ["idScope"], kind: "text" },
  hubHost: { path: ["hubHost"], kind: "text" },
  seed: { path: ["seed"], kind: "text" },
  assigningFor: { path: ["registration", "assigningFor"], kind: "text" },
  retryAfter: { path: ["registration", "retryAfter"], kind: "text" },
  registrationsPerMinute: { path: ["limits", "registrationsPerMinute"], kind: "integer" },
  tpmOverMqtt: { path: ["tpmOverMqtt"], kind: "boolean" },
  strictX509: { path: ["strictX509"], kind: "boolean" },
  queries: { path: ["queries"], kind: "text" },
  apiVersions: { path: ["apiVersions"], kind: "text" },
  logLevel: { path: ["log", "level"], kind: "text" },
  logFormat: { path: ["log", "format"], kind: "text" },
  logFile: { path: ["log", "file"], kind: "text" },
} as const satisfies Record<string, SettingRow>;

export type SettingName = keyof typeof settings;
/** Values of flags; a text is converted to the type of its setting. */
export type SettingValues = { readonly [name in SettingName]?: string | number | boolean | undefined };

const words = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `mqttPort` → `--mqtt-port`. */
export function flagName(name: SettingName): string {
  return `--${words(name)}`;
}

/** `mqttPort` → `ROLLCALL_MQTT_PORT`. */
export function variableName(name: SettingName): string {
  return `ROLLCALL_${words(name).replaceAll("-", "_").toUpperCase()}`;
}

/**
 * Converts a text to the type of its setting. A text that cannot be converted stays as it is, and the schema reports
 * it.
 */
export function readSetting(name: SettingName, value: string | number | boolean): unknown {
  const { kind } = settings[name];
  if (typeof value !== "string" || kind === "text") return value;
  if (kind === "integer") return /^\d+$/.test(value) ? Number(value) : value;
  return { true: true, "1": true, yes: true, false: false, "0": false, no: false }[value.toLowerCase()] ?? value;
}
