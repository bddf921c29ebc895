import { describe, expect, it } from "vitest";
import { checkTarget, TargetRefusedError } from "./check-target.js";

describe("checkTarget", () => {
  it.each(["127.0.0.1", "127.9.8.7", "::1", "localhost", "LocalHost.", "hub.localhost"])("accepts %s", (host) => {
    expect(() => checkTarget(host, false)).not.toThrow();
  });

  it.each([
    "10.0.0.1",
    "0.0.0.0",
    "::",
    "::ffff:10.0.0.1",
    "fe80::1",
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "global.azure-devices-provisioning.net",
    "GLOBAL.Azure-Devices-Provisioning.net.",
  ])("refuses %s unless the target is the user's own", (host) => {
    expect(() => checkTarget(host, false)).toThrow(TargetRefusedError);
    expect(() => checkTarget(host, true)).not.toThrow();
  });
});
