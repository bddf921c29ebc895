import { Attempt, type DeviceRequest, type Engine } from "@rollcall/engine";
import { expect, it } from "vitest";
import { watchVersions } from "./watch-versions.js";

const connection = {
  acceptedAt: 0,
  securedAt: 0,
  transport: "mqtt",
  remote: "127.0.0.1:1",
  loopback: true,
  presented: () => [],
} as const;

function requestOf(apiVersion: string | undefined): DeviceRequest {
  const facts = { at: "service", registrationId: "a", transport: "mqtt", remote: "", acceptedAt: 0 } as const;
  const attempt = new Attempt(facts, () => 0);
  return { idScope: "s", registrationId: "a", apiVersion, credentials: { kind: "tls" }, connection, attempt };
}

/** Sends a request with each version. Returns the versions that reached the engine, and the warnings. */
async function ask(versions: readonly (string | undefined)[]) {
  const asked: (string | undefined)[] = [];
  const warnings: string[] = [];
  const never = () => Promise.reject(new Error("not asked"));
  const engine: Engine = {
    idScope: "s",
    admit: async ({ apiVersion }) => {
      asked.push(apiVersion);
      return { kind: "admitted" };
    },
    register: never,
    operationStatus: never,
    lookUp: never,
  };
  const watched = watchVersions(engine, (version) => warnings.push(version));
  for (const version of versions) await watched.admit(requestOf(version));
  return { asked, warnings };
}

it("warns once about each newer version, and lets all pass", async () => {
  const versions = ["2019-03-31", "2030-01-01", "2030-01-01", "2031-01-01-preview", "nonsense", undefined];
  expect(await ask(versions)).toEqual({ asked: versions, warnings: ["2030-01-01", "2031-01-01-preview"] });
});

it("remembers a limited number of versions", async () => {
  const versions = Array.from({ length: 300 }, (_, index) => `${3000 + index}-01-01`);
  expect((await ask(versions)).warnings).toHaveLength(100);
});
