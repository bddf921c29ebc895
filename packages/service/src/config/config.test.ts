import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkConfig, loadConfig } from "./config.js";
import { ConfigError } from "./config-error.js";
import { configJsonSchema, milliseconds } from "./config-schema.js";
import { type SettingName, settings, variableName } from "./config-settings.js";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "rollcall-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (text: string, name = "rollcall.yaml") => writeFileSync(join(cwd, name), text);
const load = (options: Parameters<typeof loadConfig>[0] = {}) => loadConfig({ cwd, environment: {}, ...options });
const problem = (options: Parameters<typeof loadConfig>[0] = {}) => {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
};

it("has a default for everything", () => {
  expect(load()).toEqual({
    idScope: "0ne00000000",
    location: join(cwd, ".rollcall"),
    inMemory: false,
    listen: { host: "127.0.0.1", mqtt: 8883, https: 443, httpsFallback: 8443, dashboard: 8080 },
    allocationPolicy: "hashed",
    registration: { assigningFor: 0, retryAfter: 3 },
    policies: [],
    limits: { registrationsPerMinute: "off", webhookTimeout: 5 },
    log: { level: "info" },
    strictX509: false,
    queries: "lenient",
    apiVersions: "accept-newer",
  });
});

it("takes flags before variables before the file before defaults", () => {
  write("listen: { mqtt: 1001, https: 1002, dashboard: 1003 }\nidScope: 0neFILE\n");
  const { listen, idScope } = load({
    environment: { ROLLCALL_MQTT_PORT: "2001", ROLLCALL_HTTPS_PORT: "2002", ROLLCALL_HOST: "" },
    flags: { mqttPort: "3001", dashboardPort: undefined },
  });
  expect({ ...listen, idScope }).toEqual({
    host: "127.0.0.1",
    mqtt: 3001,
    https: 2002,
    httpsFallback: 8443,
    dashboard: 1003,
    idScope: "0neFILE",
  });
});

it("refuses custom as the policy of the whole service, and a webhook timeout out of range", () => {
  write("allocationPolicy: custom\n");
  expect(() => load()).toThrow(/allocationPolicy: .*hashed, geoLatency, static/);
  for (const wrong of ["0", "0.1ms", "11m", "36000m"]) {
    write(`limits: { webhookTimeout: ${wrong} }\n`);
    expect(() => load()).toThrow(/limits.webhookTimeout: is not 1ms to 10m/);
  }
  write("allocationPolicy: static\nlimits: { webhookTimeout: 2m }\n");
  expect(load()).toMatchObject({ allocationPolicy: "static", limits: { webhookTimeout: "2m" } });
});

it("returns settings that are valid input again", () => {
  write("hubs: [{ host: hub-a.test }]\nregistration: { assigningFor: 1500ms, retryAfter: 2 }\n");
  const config = load();
  expect(checkConfig(config)).toEqual(config);
});

it("takes paths of the file relative to the file, others to the working directory", () => {
  write("location: state\nseed: seed.yaml\nlog: { file: a.log }\n", "other.yaml");
  const sub = load({ configFile: "other.yaml", flags: { seed: "mine.yaml" }, cwd });
  expect([sub.location, sub.seed, sub.log.file]).toEqual(
    ["state", "mine.yaml", "a.log"].map((name) => join(cwd, name)),
  );
});

describe("errors name the place", () => {
  it.each([
    ["listen:\n  mqttt: 1\n", 2, 3, "there is no setting mqttt in listen; did you mean mqtt?"],
    ["idscope: x\n", 1, 1, "there is no setting idscope; did you mean idScope?"],
    [
      "idScope: a\nhubs:\n  - host: hub.test\n    wait: 3\n",
      4,
      5,
      "there is no setting wait in hubs.0; known are host, name",
    ],
    ["# first\nlisten: { mqtt: 70000 }\n", 2, 17, "listen.mqtt: "],
    ["hubs:\n  - host: hub\n", 2, 11, "hubs.0.host: needs a dot in it"],
    ["hubs:\n  - host: https://a.b\n", 2, 11, "hubs.0.host: is not a host name or address"],
    ["hubs: [{ host: a.b }, { host: A.B }]\n", 1, 7, "hubs: names a host twice"],
    ["hubs:\n  - weight: 3\n", 2, 5, "hubs.0.host: "],
    ["registration: { retryAfter: soon }\n", 1, 29, "registration.retryAfter: "],
    ["a: [1\nb: 2\n", 2, 1, ""],
    ["idScope: a\nidScope: b\n", 2, 1, "Map keys must be unique"],
    ["- a\n- b\n", 1, 1, "the file is not a list of settings"],
    ["\u0000\u0001\u0002", 1, 1, ""],
  ])("%j", (text, line, column, message) => {
    write(text);
    const error = problem();
    expect(error.message).toContain(`rollcall.yaml:${line}:${column}: ${message}`);
    expect(error.place).toEqual({ file: join(cwd, "rollcall.yaml"), line, column });
  });

  it("of a variable, a flag, and a missing file", () => {
    expect(problem({ environment: { ROLLCALL_MQTT_PORT: "many" } }).message).toMatch(/^ROLLCALL_MQTT_PORT: /);
    expect(problem({ flags: { httpsPort: "-1" } }).message).toMatch(/^--https-port: /);
    expect(problem({ flags: { inMemory: "perhaps" } }).message).toMatch(/^--in-memory: /);
    expect(problem({ configFile: "nowhere.yaml" }).message).toBe(`${join(cwd, "nowhere.yaml")}: there is no such file`);
  });

  it("survives aliases that would fill the memory", () => {
    write(
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
        .split("")
        .map(
          (name, i) => `${name}: &${name} [${"*abcdefghij"[0]}${"abcdefghij"[i]}${`,*${"abcdefghij"[i]}`.repeat(8)}]`,
        )
        .join("\n")}\n`,
    );
    expect(problem()).toBeInstanceOf(ConfigError);
  });
});

it.each([
  [3, 3000],
  ["3s", 3000],
  ["1.5s", 1500],
  ["500ms", 500],
  ["2m", 120_000],
  [0, 0],
])("reads the duration %s", (text, expected) => {
  expect(milliseconds(text)).toBe(expected);
});

it("has a variable for every flag, and a JSON Schema for editors", () => {
  expect(variableName("mqttPort")).toBe("ROLLCALL_MQTT_PORT");
  const schema = configJsonSchema() as { properties: Record<string, unknown> };
  for (const name of Object.keys(settings) as SettingName[]) {
    expect(Object.keys(schema.properties)).toContain(settings[name].path[0]);
  }
});
