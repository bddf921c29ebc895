import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatHubUserName, formatProvisioningUserName, parseUserName } from "./user-names.js";

describe("user names of devices that register (wire.md#user-name)", () => {
  const base = { kind: "provisioning", idScope: "0ne1", registrationId: "dev-1" };
  it.each([
    [
      "Node",
      "0ne1/registrations/dev-1/api-version=2019-03-31&ClientVersion=azure-iot-provisioning-device%2F1.9.1",
      { ...base, apiVersion: "2019-03-31", clientVersion: "azure-iot-provisioning-device/1.9.1" },
    ],
    [
      "C",
      "0ne1/registrations/dev-1/api-version=2021-06-01&ClientVersion=1.15.0",
      { ...base, apiVersion: "2021-06-01", clientVersion: "1.15.0" },
    ],
    [
      "Java",
      "0ne1/registrations/dev-1/api-version=2019-03-31&ClientVersion=2019-03-31",
      { ...base, apiVersion: "2019-03-31", clientVersion: "2019-03-31" },
    ],
    ["embedded C", "0ne1/registrations/dev-1/api-version=2019-03-31", { ...base, apiVersion: "2019-03-31" }],
    [
      ".NET, an id with a colon",
      "0ne1/registrations/symmetrickey:1b/api-version=2019-03-31&ClientVersion=x%2Fy",
      { ...base, registrationId: "symmetrickey:1b", apiVersion: "2019-03-31", clientVersion: "x/y" },
    ],
    ["no api-version", "0ne1/registrations/dev-1/", base],
    [
      "a client version with a slash",
      "0ne1/registrations/dev-1/api-version=2019-03-31&ClientVersion=a/b",
      { ...base, apiVersion: "2019-03-31", clientVersion: "a/b" },
    ],
  ])("%s", (_, text, expected) => expect(parseUserName(text)).toEqual(expected));
});

describe("user names of devices that connect to their hub (wire.md#hub-user-name)", () => {
  it.each([
    [
      "127.0.0.1/dev-1/?api-version=2021-04-12&DeviceClientType=x",
      { kind: "hub", hub: "127.0.0.1", deviceId: "dev-1", apiVersion: "2021-04-12" },
    ],
    [
      "127.0.0.1:18883/dev-1/?api-version=2021-04-12",
      { kind: "hub", hub: "127.0.0.1:18883", deviceId: "dev-1", apiVersion: "2021-04-12" },
    ],
    [
      "h.test/dev-1/mod/?api-version=2020-09-30",
      { kind: "hub", hub: "h.test", deviceId: "dev-1", moduleId: "mod", apiVersion: "2020-09-30" },
    ],
    [
      "h.test/registrations/?api-version=2020-09-30",
      { kind: "hub", hub: "h.test", deviceId: "registrations", apiVersion: "2020-09-30" },
    ],
  ])("%s", (text, expected) => expect(parseUserName(text)).toEqual(expected));
});

describe("other user names", () => {
  it.each([
    "",
    "x",
    "a/b",
    "/registrations/d/api-version=1",
    "0ne1/registrations//api-version=1",
    "h//?api-version=1",
    "h/a/b/c/?x",
    "a/b/c",
    "x".repeat(5000),
  ])("%j is malformed", (text) => expect(parseUserName(text).kind).toBe("malformed"));

  test.prop([fc.string()])("never throws", (text) => {
    expect(["provisioning", "hub", "malformed"]).toContain(parseUserName(text).kind);
  });
});

test.prop([fc.stringMatching(/^[A-Za-z0-9\-._:]{1,60}$/), fc.stringMatching(/^[ -~]{1,40}$/)])(
  "a formatted user name is parsed to the same values",
  (id, clientVersion) => {
    const apiVersion = "2019-03-31";
    expect(
      parseUserName(formatProvisioningUserName({ idScope: "0ne1", registrationId: id, apiVersion, clientVersion })),
    ).toEqual({
      kind: "provisioning",
      idScope: "0ne1",
      registrationId: id,
      apiVersion,
      clientVersion,
    });
    expect(parseUserName(formatHubUserName({ hub: "h.test", deviceId: id, apiVersion, clientVersion }))).toEqual({
      kind: "hub",
      hub: "h.test",
      deviceId: id,
      apiVersion,
    });
  },
);
