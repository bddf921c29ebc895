import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  formatReplyTopic,
  formatTwinReplyTopic,
  isHubSubscription,
  parseHubTopic,
  parseProvisioningTopic,
} from "./topics.js";

const PUT = "$dps/registrations/PUT/iotdps-register/";
const GET = "$dps/registrations/GET/iotdps-get-operationstatus/";

describe("provisioning topics", () => {
  it.each([
    [`${PUT}?$rid=1`, { operation: "register", rid: "1" }],
    [`${PUT}?$rid=2f6c%2D1`, { operation: "register", rid: "2f6c%2D1" }],
    [`${GET}?$rid=7&operationId=4.1c.8d`, { operation: "operationStatus", rid: "7", operationId: "4.1c.8d" }],
    [`${GET}?operationId=4.1c%2E8d&$rid=7`, { operation: "operationStatus", rid: "7", operationId: "4.1c.8d" }],
  ])("%s", (topic, expected) => expect(parseProvisioningTopic(topic)).toEqual(expected));

  it.each([
    "",
    "$dps",
    PUT,
    `${PUT}?`,
    `${PUT}?$rid=`,
    `${PUT}$rid=1`,
    `${GET}?$rid=1`,
    `${GET}?operationId=4`,
    `${GET}?$rid=1&operationId=%zz`,
    "$dps/registrations/res/200/?$rid=1",
    "$SYS/broker/clients",
    `/${PUT}?$rid=1`,
    `${PUT.toLowerCase()}?$rid=1`,
  ])("%j is not a provisioning topic", (topic) => expect(parseProvisioningTopic(topic)).toBeUndefined());

  test.prop([fc.string()])("any text after a prefix: never throws", (text) => {
    for (const topic of [text, `${PUT}${text}`, `${PUT}?${text}`, `${GET}?${text}`]) parseProvisioningTopic(topic);
  });

  test.prop([fc.stringMatching(/^[^&#+]{1,40}$/)])("$rid is returned unchanged", (rid) => {
    const parsed = parseProvisioningTopic(`${PUT}?$rid=${rid}`);
    expect(parsed).toEqual({ operation: "register", rid });
    expect(formatReplyTopic({ status: 202, rid, retryAfter: 2.2 })).toBe(
      `$dps/registrations/res/202/?$rid=${rid}&retry-after=3`,
    );
  });

  it("a reply without retryAfter has no retry-after in its topic", () => {
    expect(formatReplyTopic({ status: 200, rid: "7" })).toBe("$dps/registrations/res/200/?$rid=7");
  });
});

describe("hub topics", () => {
  it.each([
    ["$iothub/twin/GET/?$rid=1", { operation: "twinGet", rid: "1" }],
    ["$iothub/twin/PATCH/properties/reported/?$rid=1", { operation: "twinReported", rid: "1" }],
    [
      "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=4",
      { operation: "twinReported", rid: "1", baseVersion: 4 },
    ],
    ["$iothub/methods/res/200/?$rid=a1", { operation: "methodReply", status: "200", rid: "a1" }],
    ["devices/d%231/messages/events/a=b", { operation: "telemetry", deviceId: "d#1", properties: "a=b" }],
    [
      "devices/d1/modules/%24edgeHub/messages/events/a=b",
      { operation: "telemetry", deviceId: "d1/$edgeHub", properties: "a=b" },
    ],
    ["devices/d1/messages/events", { operation: "telemetry", deviceId: "d1", properties: "" }],
  ])("%s", (topic, expected) => expect(parseHubTopic(topic)).toEqual(expected));

  it.each([
    "$iothub/twin/GET/",
    "$iothub/twin/res/200/?$rid=1",
    "devices//messages/events/",
    "devices/a/b/messages/events/",
    "devices/%zz/messages/events/",
  ])("%s is not a hub topic", (topic) => expect(parseHubTopic(topic)).toBeUndefined());

  it("writes $rid before $version", () => {
    expect(formatTwinReplyTopic({ status: 204, rid: "9", version: 3 })).toBe("$iothub/twin/res/204/?$rid=9&$version=3");
  });

  it.each([
    ["$iothub/twin/res/#", true],
    ["$iothub/twin/PATCH/properties/desired/#", true],
    ["$iothub/methods/POST/#", true],
    ["devices/d1/messages/devicebound/#", true],
    ["devices/d2/messages/devicebound/#", false],
    ["#", false],
    ["devices/+/messages/devicebound/#", false],
    ["$dps/registrations/res/#", false],
  ])("subscription %s: %s", (filter, allowed) => expect(isHubSubscription(filter, "d1")).toBe(allowed));

  it("grants a module its own filter, however long its escaped ids are, and not that of another module", () => {
    const [deviceId, moduleId] = ["$".repeat(128), "$".repeat(128)];
    const filter = (module: string) =>
      `devices/${encodeURIComponent(deviceId)}/modules/${encodeURIComponent(module)}/inputs/#`;
    expect(filter(moduleId).length).toBeGreaterThan(512);
    expect(isHubSubscription(filter(moduleId), `${deviceId}/${moduleId}`)).toBe(true);
    expect(isHubSubscription(filter("$".repeat(127)), `${deviceId}/${moduleId}`)).toBe(false);
  });
});
