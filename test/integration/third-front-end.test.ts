import { randomBytes } from "node:crypto";
import {
  AttemptLog,
  type Credentials,
  createEngine,
  type FrontEndParts,
  loadSeed,
  MemoryStore,
  newEtag,
  SingleRequests,
  Visit,
} from "@rollcall/engine";
import { createHub, type Hub, type HubDevice } from "@rollcall/hub";
import {
  type ClientConnection,
  formatSas,
  hubResource,
  type RefusalReason,
  type Reply,
  seedSchema,
  signSas,
  type Transport,
} from "@rollcall/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { deviceToken } from "./device-tokens.js";
import { symmetricIndividual } from "./symmetric.js";

/*
 * A front end that exists only in this test: lines of text, in memory. It uses only the exports of engine, hub and
 * protocol, which proves that a third front end (CoAP, AMQP) needs no change in engine or hub.
 */

const SCOPE = "0ne00000000";
const HUB = "hub.example";
const KEY = Buffer.alloc(32, 1).toString("base64");
const START = Date.UTC(2026, 10, 23);

// A cast: a real front end would add its row to the table of transports.
const LINES = "lines" as Transport;

/** This front end's word for each reason; the broker's counterpart is `connack.ts`. */
const words: Readonly<Record<RefusalReason, string>> = {
  identifier: "WHO?",
  unavailable: "LATER",
  credentials: "HUH?",
  notAuthorized: "NO",
};

interface LineParts extends FrontEndParts {
  readonly hub: Hub;
}

const connection: ClientConnection = {
  acceptedAt: START,
  securedAt: START,
  transport: LINES,
  remote: "lines:1",
  loopback: true,
  presented: () => [],
};

const readCredentials = (token: string | undefined): Credentials =>
  token === undefined ? { kind: "tls" } : { kind: "sas", token };
const showReply = ({ status, trackingId, body }: Reply) => `${status} ${trackingId} ${JSON.stringify(body)}`;

/** One connection: `HELLO scope id [token]` or `HUB host id token`, then `REGISTER body`, `POLL operation`, `TWIN`, and `BYE`. */
class LineSession {
  readonly #parts: LineParts;
  #visit: Visit | undefined;
  #request: Parameters<Visit["register"]>[0] | undefined;
  #device: HubDevice | undefined;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  async say(line: string): Promise<string> {
    const [verb = "", ...words] = line.split(" ");
    const rest = words.join(" ");
    if (verb === "HELLO") return await this.#hello(words);
    if (verb === "HUB") return await this.#enterHub(words);
    if (verb === "TWIN" && this.#device) return JSON.stringify(await this.#parts.hub.twin(this.#device));
    const [visit, request] = [this.#visit, this.#request];
    if (!visit) return "?";
    if (verb === "BYE") {
      visit.leave();
      visit.settle();
      return "BYE";
    }
    if (!request) return "?";
    if (verb === "REGISTER") return showReply(await visit.register(request, Buffer.from(rest)));
    if (verb === "POLL") return showReply(await visit.operationStatus(request, rest));
    return "?";
  }

  async #hello([idScope = "", registrationId = "", ...token]: readonly string[]): Promise<string> {
    const { transport, remote, acceptedAt } = connection;
    const visit = new Visit({ at: "service", registrationId, idScope, transport, remote, acceptedAt }, this.#parts);
    this.#visit = visit;
    const credentials = readCredentials(token.length > 0 ? token.join(" ") : undefined);
    const request = { idScope, registrationId, apiVersion: "2019-03-31", credentials, connection };
    const admission = await visit.admit(request);
    if (admission.kind === "refused") return this.#turnAway(visit, admission);
    this.#request = request;
    return "WELCOME";
  }

  async #enterHub([hub = "", deviceId = "", ...token]: readonly string[]): Promise<string> {
    const { transport, remote, acceptedAt } = connection;
    const visit = new Visit({ at: "hub", registrationId: deviceId, transport, remote, acceptedAt }, this.#parts);
    this.#visit = visit;
    const { trackingId } = visit.attempt;
    const asked = { hub, deviceId, connection, trackingId };
    const admission = await this.#parts.hub.connect({ ...asked, token: token.join(" ") });
    if (admission.kind === "refused") return this.#turnAway(visit, admission);
    this.#device = admission.device;
    visit.attempt.outcome = "connected";
    return "WELCOME";
  }

  #turnAway(
    visit: Visit,
    { reason, findings }: { readonly reason: RefusalReason; readonly findings: Parameters<Visit["turnAway"]>[0] },
  ): string {
    visit.turnAway(findings, { message: words[reason] });
    return `${words[reason]} ${visit.attempt.trackingId}`;
  }
}

let parts: LineParts;
let store: MemoryStore;
let isBroken: boolean;
let failures: unknown[];
let clock: { now: number };

beforeEach(async () => {
  isBroken = false;
  failures = [];
  clock = { now: START };
  store = new MemoryStore();
  const whole = store.individualEnrollment.bind(store);
  store.individualEnrollment = async (id) => {
    if (isBroken) throw new Error("planted");
    return whole(id);
  };
  const seed = seedSchema.parse({ enrollments: [symmetricIndividual("pump-1", KEY)], enrollmentGroups: [] });
  await loadSeed(store, seed, { now: START, random: randomBytes, etag: () => newEtag(randomBytes) }, "replace");
  const hubs = { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] };
  const onFailure = (error: unknown) => void failures.push(error);
  const now = () => clock.now;
  const engine = createEngine({
    ...{ idScope: SCOPE, store, hubs, clock: now, random: randomBytes, onFailure },
    allocator: { ask: () => Promise.reject(new Error("nobody asked for a webhook")) },
    clusterSecret: Buffer.alloc(32, 7),
    retryAfterSeconds: 3,
    assigningForMs: 1000,
  });
  parts = { engine, attempts: new AttemptLog(now), clock: now, hub: createHub({ store, hubs, clock: now, onFailure }) };
});

const tokenOf = (registrationId: string, key = KEY) =>
  deviceToken({ idScope: SCOPE, registrationId, key, expiry: START / 1000 + 3600 });

function read(answer: string): { status: number; trackingId: string; body: Record<string, unknown> } {
  const [status, trackingId = "", ...body] = answer.split(" ");
  return { status: Number(status), trackingId, body: JSON.parse(body.join(" ")) };
}

describe("a front end of lines", () => {
  it("registers a device, polls, and leaves one attempt behind", async () => {
    const session = new LineSession(parts);
    expect(await session.say(`HELLO ${SCOPE} pump-1 ${tokenOf("pump-1")}`)).toBe("WELCOME");
    const accepted = read(await session.say('REGISTER {"registrationId":"pump-1"}'));
    expect(accepted).toMatchObject({ status: 202, body: { status: "assigning" } });
    const operationId = String(accepted.body["operationId"]);
    expect(read(await session.say(`POLL ${operationId}`))).toMatchObject({ status: 202, body: { operationId } });
    clock.now += 1000;
    expect(read(await session.say(`POLL ${operationId}`))).toMatchObject({
      status: 200,
      body: { status: "assigned", registrationState: { assignedHub: HUB, deviceId: "pump-1" } },
    });
    expect(await session.say("BYE")).toBe("BYE");
    expect(parts.attempts.size).toBe(1);
    expect(parts.attempts.find(accepted.trackingId)).toMatchObject({
      ...{ transport: "lines", outcome: "assigned", assignedHub: HUB, operationId, findings: [] },
      steps: ["register", "accepted", "assigning", "assigned", "closed"].map((name) => ({ name })),
    });
  });

  it("gives each later registration a separate attempt", async () => {
    const session = new LineSession(parts);
    await session.say(`HELLO ${SCOPE} pump-1 ${tokenOf("pump-1")}`);
    const first = read(await session.say("REGISTER {}"));
    const second = read(await session.say("REGISTER {}"));
    expect([first.status, second.status, parts.attempts.size]).toEqual([202, 202, 2]);
    expect(parts.attempts.find(second.trackingId)?.outcome).toBe("accepted");
    expect(second.trackingId).not.toBe(first.trackingId);
  });

  it("refuses a device with a wrong token, and the findings are found by tracking id", async () => {
    const wrong = tokenOf("pump-1", Buffer.alloc(32, 9).toString("base64"));
    const [word, trackingId = ""] = (await new LineSession(parts).say(`HELLO ${SCOPE} pump-1 ${wrong}`)).split(" ");
    expect(word).toBe("NO");
    expect(parts.attempts.find(trackingId)).toMatchObject({
      outcome: "refused",
      reply: { message: "NO" },
      enrollment: { kind: "individual", id: "pump-1" },
      findings: [{ code: "key.signatureMismatch" }],
    });
  });

  it.each([
    {
      what: "an unreadable token",
      hello: `${SCOPE} pump-1 SharedAccessSignature x`,
      word: "HUH?",
      code: "token.malformed",
    },
    { what: "no credential", hello: `${SCOPE} pump-1`, word: "NO", code: "credential.missing" },
  ])("has its own word for $what", async ({ hello, word, code }) => {
    const [said, trackingId = ""] = (await new LineSession(parts).say(`HELLO ${hello}`)).split(" ");
    expect(said).toBe(word);
    expect(parts.attempts.find(trackingId)?.findings[0]?.code).toBe(code);
    expect(failures).toEqual([]);
  });

  it("leaves a refusal that the register request can answer to that request", async () => {
    const session = new LineSession(parts);
    expect(await session.say(`HELLO ${SCOPE} pump-2 ${tokenOf("pump-2")}`)).toBe("WELCOME");
    const refused = read(await session.say("REGISTER {}"));
    expect(refused).toMatchObject({ status: 401, body: { errorCode: 401002, trackingId: refused.trackingId } });
    expect(parts.attempts.find(refused.trackingId)).toMatchObject({
      outcome: "refused",
      reply: { status: 401, errorCode: 401002 },
      findings: [{ code: "enrollment.notFound" }, { code: "enrollment.nearby" }],
    });
  });

  it("says LATER, or 500, for a fault of the service, without its own catch", async () => {
    const session = new LineSession(parts);
    await session.say(`HELLO ${SCOPE} pump-1 ${tokenOf("pump-1")}`);
    isBroken = true;
    expect(read(await session.say("REGISTER {}"))).toMatchObject({ status: 500, body: { message: "internal error" } });
    const [word, trackingId = ""] = (
      await new LineSession(parts).say(`HELLO ${SCOPE} pump-1 ${tokenOf("pump-1")}`)
    ).split(" ");
    expect(word).toBe("LATER");
    expect(parts.attempts.find(trackingId)?.findings[0]?.code).toBe("service.internal");
    expect(failures).toHaveLength(2);
  });

  it("connects the device to its hub, and refuses a device that the hub does not know", async () => {
    const session = new LineSession(parts);
    await session.say(`HELLO ${SCOPE} pump-1 ${tokenOf("pump-1")}`);
    await session.say("REGISTER {}");
    const resource = encodeURIComponent(hubResource(HUB, "pump-1"));
    const expiry = START / 1000 + 3600;
    const signature = signSas(Buffer.from(KEY, "base64"), resource, String(expiry));
    const token = formatSas({ resource, expiry, signature });
    const atHub = new LineSession(parts);
    expect(await atHub.say(`HUB ${HUB} pump-1 ${token}`)).toBe("WELCOME");
    expect(JSON.parse(await atHub.say("TWIN"))).toMatchObject({ status: 200, body: { desired: { $version: 1 } } });
    const [word, trackingId = ""] = (await new LineSession(parts).say(`HUB ${HUB} pump-9 ${token}`)).split(" ");
    expect(word).toBe("NO");
    expect(parts.attempts.find(trackingId)).toMatchObject({ at: "hub", findings: [{ code: "hub.unknownDevice" }] });
  });
});

describe("a front end of single messages, each with its own proof", () => {
  const facts = (registrationId: string) =>
    ({ at: "service", registrationId, transport: LINES, remote: "lines:2", acceptedAt: START }) as const;
  const request = (registrationId: string, key?: string) => ({
    ...{ idScope: SCOPE, registrationId, apiVersion: "2019-03-31", connection },
    credentials: readCredentials(tokenOf(registrationId, key)),
  });

  it("registers, and the poll ends the attempt of the registration", async () => {
    const messages = new SingleRequests(parts);
    const accepted = await messages.register(facts("pump-1"), request("pump-1"), Buffer.from("{}"));
    const { operationId } = accepted.body as { operationId: string };
    clock.now += 1000;
    const polled = await messages.operationStatus(facts("pump-1"), request("pump-1"), operationId);
    expect([accepted.status, polled.status, parts.attempts.size]).toEqual([202, 200, 1]);
    expect(parts.attempts.find(accepted.trackingId)).toMatchObject({
      outcome: "assigned",
      steps: [{ name: "register" }, { name: "accepted" }, { name: "assigned" }],
    });
    expect((await messages.lookUp(facts("pump-1"), request("pump-1"), Buffer.from("{}"))).status).toBe(200);
    expect(parts.attempts.size).toBe(1);
  });

  it("records a refused poll, found by the tracking id that the device got", async () => {
    const messages = new SingleRequests(parts);
    const wrong = request("pump-1", Buffer.alloc(32, 9).toString("base64"));
    const refused = await messages.operationStatus(facts("pump-1"), wrong, "4.1.2");
    expect(refused).toMatchObject({ status: 401, body: { trackingId: refused.trackingId } });
    expect(parts.attempts.find(refused.trackingId)).toMatchObject({
      outcome: "refused",
      reply: { status: 401, errorCode: 401002, message: "Unauthorized" },
      findings: [{ code: "key.signatureMismatch" }],
    });
  });

  it("gives a fault of the service one tracking id: in the reply, in the attempt and in its finding", async () => {
    isBroken = true;
    const { status, trackingId } = await new SingleRequests(parts).operationStatus(
      facts("pump-1"),
      request("pump-1"),
      "4.1.2",
    );
    expect(status).toBe(500);
    expect(parts.attempts.find(trackingId)?.findings).toMatchObject([
      { code: "service.internal", remedy: expect.stringContaining(trackingId) },
    ]);
  });
});
