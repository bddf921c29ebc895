import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { putIndividual, register } from "./operating.js";
import { startService, type TestService } from "./service.js";
import { symmetricIndividual } from "./symmetric.js";

/**
 * A webhook that sends random answers on real sockets, whole or in pieces: the device gets a sensible answer, the
 * service continues, and nothing stays open. ROLLCALL_SEED=<seed> runs a failure again.
 */

const long = process.env["ROLLCALL_TEST"] === "long";
const runs = long ? 1000 : 60;
const seed = Number(process.env["ROLLCALL_SEED"] ?? (long ? Date.now() % 2 ** 31 : 20_261_125));
/** Number of devices that register at the same time, each with its own answer of the webhook. */
const BATCH = 5;

const key = Buffer.alloc(32, 61).toString("base64");
const devices = Array.from({ length: BATCH }, (_, n) => `mad-${n}`);
const hubs = [{ host: "127.0.0.1" }, { host: "127.0.0.2" }];

/** The server's behaviour for one call. */
interface Madness {
  /** Written one after another, with a turn of the event loop in between. */
  readonly pieces: readonly Uint8Array[];
  readonly ending: "close" | "reset" | "wait";
}
const answers = new Map<string, Madness>();
const sockets = new Set<Socket>();
const faults: unknown[] = [];
const noteFault = (fault: unknown) => faults.push(fault);
let server: Server;
let service: TestService;

beforeAll(async () => {
  process.on("unhandledRejection", noteFault);
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.once("data", (chunk: Buffer) => {
      const [, name = ""] = /^POST \/(\S+)/.exec(chunk.toString("latin1")) ?? [];
      void goMad(socket, answers.get(name));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  service = await startService({ hubs, limits: { webhookTimeout: "250ms" } });
  for (const id of devices) {
    const customAllocationDefinition = { webhookUrl: `http://127.0.0.1:${port}/${id}`, apiVersion: "2021-10-01" };
    await putIndividual(service, {
      ...symmetricIndividual(id, key),
      allocationPolicy: "custom",
      customAllocationDefinition,
    });
  }
});

afterAll(async () => {
  process.off("unhandledRejection", noteFault);
  await service.rollcall.stop();
  server.close();
});

async function goMad(socket: Socket, madness: Madness | undefined): Promise<void> {
  for (const piece of madness?.pieces ?? []) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (madness?.ending === "reset") socket.resetAndDestroy();
  if (madness?.ending === "close") socket.end();
}

const bytes = fc.uint8Array({ maxLength: 200 });
const nearly = fc.record(
  {
    iotHubHostName: fc.oneof(fc.constantFrom("127.0.0.1", "127.0.0.2", "127.0.0.9"), fc.jsonValue()),
    initialTwin: fc.oneof(fc.jsonValue(), fc.record({ tags: fc.jsonValue(), properties: fc.jsonValue() })),
    payload: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const json = fc.oneof(fc.jsonValue(), nearly).map((value) => Buffer.from(JSON.stringify(value)));
const huge = fc.integer({ min: 60_000, max: 400_000 }).map((size) => Buffer.alloc(size, '{"a":'));
const status = fc.oneof(
  { weight: 12, arbitrary: fc.constant("200") },
  fc.constantFrom("100", "101", "204", "302", "500", "999", "7"),
);
/** Well-formed answers, since random ones are hardly ever valid, so that hardly any device would be assigned. */
const wellFormed = fc
  .record({
    iotHubHostName: fc.constantFrom("127.0.0.1", "127.0.0.2"),
    payload: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  .map((value) => Buffer.from(JSON.stringify(value)));
const body = fc.oneof(
  { weight: 2, arbitrary: wellFormed },
  { weight: 3, arbitrary: json },
  { weight: 1, arbitrary: bytes },
  { weight: 1, arbitrary: huge },
);
const length = fc.constantFrom("right", "short", "long", "none", "chunked");

const response = fc.tuple(status, body, length).map(([code, content, told]) => {
  const size = {
    right: content.length,
    short: Math.floor(content.length / 2),
    long: content.length + 9,
    none: -1,
    chunked: -1,
  };
  const headers = size[told] < 0 ? "" : `content-length: ${size[told]}\r\n`;
  const encoding = told === "chunked" ? "transfer-encoding: chunked\r\n" : "";
  const head = Buffer.from(`HTTP/1.1 ${code} Whatever\r\n${headers}${encoding}connection: close\r\n\r\n`);
  const framed = [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from("\r\n0\r\n\r\n")];
  return Buffer.concat([head, ...(told === "chunked" ? framed : [content])]);
});

const madness: fc.Arbitrary<Madness> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: response }, { weight: 1, arbitrary: bytes }),
    fc.integer({ min: 1, max: 12 }),
    fc.constantFrom("close", "close", "reset", "wait"),
  )
  .map(([whole, count, ending]) => {
    const size = Math.max(1, Math.ceil(whole.length / count));
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
      whole.subarray(n * size, (n + 1) * size),
    );
    return { pieces, ending: ending as Madness["ending"] };
  });

it(
  `survives ${runs * BATCH} random answers of a webhook (seed ${seed})`,
  async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(madness, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
        const replies = await Promise.all(
          devices.map((registrationId, n) => {
            answers.set(registrationId, batch[n] ?? { pieces: [], ending: "close" });
            return register(service, { registrationId, key });
          }),
        );
        for (const { status: code, body: told } of replies) {
          expect(code).toBe(200);
          const state = told.registrationState;
          outcomes.add(state.status);
          if (state.status === "assigned") expect(["127.0.0.1", "127.0.0.2"]).toContain(state.assignedHub);
          else expect(state).toMatchObject({ status: "failed", errorCode: 400207 });
        }
      }),
      { numRuns: runs, seed },
    );
    // Both outcomes must occur, or the property would prove nothing.
    expect(outcomes).toEqual(new Set(["assigned", "failed"]));
    await service.untilEmpty();
    await expect.poll(() => sockets.size).toBe(0);
    expect(faults).toEqual([]);
  },
  long ? 600_000 : 60_000,
);
