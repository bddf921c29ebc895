import { describe, expect, it } from "vitest";
import { DEFAULT_TRANSPORT, portOf, transportRows, transports } from "./transports.js";

describe("the table of transports", () => {
  it("has the port of each, and the transport to its hub", () => {
    expect(transports.map((name) => [name, transportRows[name].defaultPort, transportRows[name].hub])).toEqual([
      ["mqtt", 8883, "mqtt"],
      ["mqtt-ws", 443, "mqtt-ws"],
      ["http", 443, "mqtt"],
    ]);
  });

  it.each(transports)("%s reaches its hub over a transport that a hub speaks", (name) => {
    const { hub } = transportRows[name];
    expect(transportRows[hub].hub).toBe(hub);
  });

  it("finds the port of a transport among given ports", () => {
    const ports = { mqttPort: 1, httpsPort: 2 };
    expect(transports.map((name) => portOf(ports, name))).toEqual([1, 2, 2]);
    expect(transports.map((name) => portOf({ httpsPort: 2 }, name))).toEqual([undefined, 2, 2]);
  });

  it("has the default transport", () => {
    expect(transports).toContain(DEFAULT_TRANSPORT);
  });
});
