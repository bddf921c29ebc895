import { dpsErrors, errorBody } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../terminal/exit-codes.js";
import { refusal, refusalOf } from "./service-refusal.js";

const now = new Date(0);
const answer = (kind: keyof typeof dpsErrors, message?: string, info?: Record<string, string>) =>
  Response.json(
    errorBody(kind, { trackingId: "t", now, ...(message !== undefined && { message }), ...(info && { info }) }),
    {
      status: dpsErrors[kind].status,
    },
  );

describe("a refusal of the service", () => {
  it.each<[keyof typeof dpsErrors, number]>([
    ["badRequest", 2],
    ["payloadTooLarge", 2],
    ["throttled", 3],
    ["enrollmentNotFound", 4],
    ["enrollmentGroupNotFound", 4],
    ["registrationNotFound", 4],
    ["certificateNotFound", 4],
    ["deviceNotFound", 4],
    ["alreadyExists", 5],
    ["inUse", 5],
    ["preconditionFailed", 5],
    ["quotaExceeded", 5],
    ["internal", 1],
  ])("%s exits %i with the service's words", async (kind, code) => {
    const error = await refusalOf(answer(kind));
    expect(exitCodes[error.kind].code).toBe(code);
    expect(error.message).toContain(dpsErrors[kind].message);
  });

  it("names the flag of the member, and says what to type next", async () => {
    const asked = { flagOf: (member: string) => (member === "a.b" ? "--ab" : undefined), next: { usage: "look here" } };
    const info = { path: "a.b" };
    expect(await refusalOf(answer("badRequest", "a.b: is odd.", info), asked)).toMatchObject({
      message: "--ab: a.b: is odd.",
      next: "look here",
    });
    expect((await refusalOf(answer("badRequest", "is odd", info), asked)).message).toBe("--ab: a.b: is odd");
    expect((await refusalOf(answer("badRequest", "is odd", { path: "c" }), asked)).message).toBe("c: is odd");
    // Bulk answers have no info.
    expect(refusal({ status: 400, message: "a.b: is odd" }, asked).message).toBe("--ab: a.b: is odd");
  });

  it("names the subject, unless the service named it", async () => {
    const about = async (message: string, subject: string) =>
      (await refusalOf(answer("enrollmentNotFound", message), { subject })).message;
    expect(await about("Enrollment not found.", "dev1")).toBe("dev1: Enrollment not found.");
    expect(await about("Enrollment not found.", "e")).toBe("e: Enrollment not found.");
    expect(await about("There is no dev1.", "dev1")).toBe("There is no dev1.");
    expect(await about("dev1: not found", "dev1")).toBe("dev1: not found");
  });

  it("suggests no next command when the quota is used up", async () => {
    const error = await refusalOf(answer("quotaExceeded"), { next: { conflict: "rollcall enrollment update" } });
    expect([error.kind, error.next]).toEqual(["conflict", undefined]);
  });

  it("gives the position in a query", async () => {
    const error = await refusalOf(answer("badRequest", "WHERE has no end", { position: "17" }));
    expect(error.message).toBe("WHERE has no end (at character 17)");
  });

  it.each([
    ["no JSON", new Response("<html>", { status: 404, statusText: "Not Found" }), "Not Found"],
    ["nothing", new Response(null, { status: 400 }), "no reason given"],
    ["null", new Response("null", { status: 400, statusText: "Bad" }), "Bad"],
    ["other JSON", Response.json({ message: 7, info: 3 }, { status: 400, statusText: "Bad" }), "Bad"],
  ])("accepts an answer that is %s", async (_, response, message) => {
    expect((await refusalOf(response)).message).toBe(message);
  });
});
