import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Aedes, type Client } from "aedes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientMembers, serverMembers } from "./insides.js";

/** Names of the members that an object does not have, or that have a different type. */
function missing(
  object: object,
  members: Readonly<Record<string, { readonly type: string; readonly isNullable?: true }>>,
): readonly string[] {
  return Object.entries(members).flatMap(([name, { type, isNullable }]) => {
    const value: unknown = Reflect.get(object, name);
    const isThere = typeof value === type && value !== null;
    return isThere || (isNullable && value === null) ? [] : [name];
  });
}

let server: Aedes;
let client: Client;

beforeAll(async () => {
  server = await Aedes.createBroker();
  client = server.handle(new PassThrough());
});
afterAll(async () => {
  client.close();
  await new Promise<void>((resolve) => server.close(resolve));
});

describe("the installed Aedes has each private member that we use", () => {
  it.each(Object.entries(clientMembers))("client.%s", (name, member) => {
    expect(missing(client, { [name]: member })).toEqual([]);
  });

  it.each(Object.entries(serverMembers))("server.%s", (name, member) => {
    expect(missing(server, { [name]: member })).toEqual([]);
  });

  it("the parser of a client parses, and knows the length of the current packet", () => {
    const parser: unknown = Reflect.get(client, "_parser");
    expect(parser).toMatchObject({ parse: expect.any(Function), packet: { length: expect.any(Number) } });
    expect((parser as { listenerCount(event: string): number }).listenerCount("packet")).toBe(1);
  });

  it.each(Object.keys(clientMembers))("a moved member is reported by name: %s", (name) => {
    const moved = Object.create(client, { [name]: { value: undefined } });
    expect(missing(moved, clientMembers)).toEqual([name]);
  });

  it.each(["_authorized", "_parsingBatch"])("a member of a different type is reported by name: %s", (name) => {
    const changed = Object.create(client, { [name]: { value: "other" } });
    expect(missing(changed, clientMembers)).toEqual([name]);
  });
});

it("the version is pinned exactly, and this version is installed", () => {
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
  const pinned = read(join(import.meta.dirname, "../../package.json")).dependencies.aedes;
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
  const installed = import.meta.resolve("aedes").replace(/\/aedes\/.*/, "/aedes/package.json");
  expect(read(new URL(installed).pathname).version).toBe(pinned);
});

it("only insides.ts names private members", () => {
  const folder = join(import.meta.dirname, "..");
  const hidden = [
    ...Object.keys(clientMembers).filter((name) => name.startsWith("_")),
    "connackSent",
    "registerClient",
  ];
  const named = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/(^|\/)insides(\.test)?\.ts$/.test(file))
    .flatMap((file) => {
      const source = readFileSync(join(folder, file), "utf8");
      return hidden.filter((name) => new RegExp(`\\b${name}\\b`).test(source)).map((name) => `${file}: ${name}`);
    });
  expect(named).toEqual([]);
  expect(readFileSync(join(import.meta.dirname, "insides.ts"), "utf8")).toContain("_parsingBatch");
});
