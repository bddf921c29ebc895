import { randomBytes } from "node:crypto";
import { type Broker, createBroker } from "@rollcall/broker";
import { AttemptLog, createEngine, type Engine, newEtag, type Store } from "@rollcall/engine";
import { createHub, type Hub } from "@rollcall/hub";
import { toPem } from "@rollcall/pki";
import { isLoopback, transportRows } from "@rollcall/protocol";
import { type AllocationWebhook, createAllocationWebhook } from "./allocation-webhook.js";
import { checkConfig } from "./config/config.js";
import { ConfigError } from "./config/config-error.js";
import { milliseconds, retryAfterSeconds } from "./config/config-schema.js";
import { accessPolicies, OWNER_POLICY } from "./config/policies.js";
import { createHttpFronts } from "./http-fronts.js";
import { endpoint, linkedHubs, reachableHost, servedHosts } from "./listen/addresses.js";
import { Listeners } from "./listen/listeners.js";
import { type OpenPorts, openPorts } from "./listen/open-ports.js";
import { clusterFingerprints } from "./location/cluster-files.js";
import { openLocation } from "./location/location.js";
import { openLog } from "./log.js";
import { openStore, storeKind } from "./open-store.js";
import type { Setting } from "./parts.js";
import type { Rollcall, RollcallInfo, RollcallOptions } from "./rollcall.js";
import { seedStore } from "./seed.js";
import { Teardown } from "./teardown.js";
import { watchVersions } from "./watch-versions.js";

/** How often the server certificate is checked: it is renewed when less than a month is left. */
const RENEWAL_INTERVAL_MS = 86_400_000;

/**
 * Starts the service in this process; ready when the promise settles. Throws ConfigError, LocationInUseError,
 * LocationError, StoreError and ListenError, and leaves nothing behind then.
 */
export async function startRollcall(options: RollcallOptions = {}): Promise<Rollcall> {
  const { seed, clock = Date.now, random = randomBytes, replaceClusterKeys = false, ...input } = options;
  const config = checkConfig({
    inMemory: input.location === undefined && input.store === undefined,
    ...input,
    listen: { mqtt: 0, https: 0, dashboard: 0, ...input.listen },
    log: { level: "silent", ...input.log },
  });
  if (replaceClusterKeys && storeKind(config) !== "postgres")
    throw new ConfigError("--replace-cluster-keys: only nodes that share a store (--store postgres://…) are a cluster");
  const teardown = new Teardown();
  try {
    const { log, close } = openLog(config.log);
    teardown.add(close);
    const path = config.inMemory || input.location === undefined ? undefined : config.location;
    const location = await openLocation({ path, now: clock(), random });
    teardown.add(() => location.close());
    const files = {
      fingerprints: clusterFingerprints(location),
      areKept: path !== undefined,
      replace: replaceClusterKeys,
    };
    const opened = await openStore(config, { location: location.path, files });
    teardown.add(() => opened.close());
    const shared = { config, clock, random, log, location, opened, teardown, notices: [] };
    return await compose({ ...shared, hubs: linkedHubs(config), attempts: new AttemptLog(clock) }, seed);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function compose(setting: Setting, seed: RollcallOptions["seed"]): Promise<Rollcall> {
  const { clock, random, log, location, attempts, teardown, notices } = setting;
  const { store } = setting.opened;
  const webhook = createAllocationWebhook({
    timeoutMs: milliseconds(setting.config.limits.webhookTimeout),
    caPem: toPem(location.authority.certificate.der),
  });
  const { hub, engine } = decide(setting, { store, webhook });
  noteOtherNodes(setting);
  const seeded = await seedStore(store, seed ?? {}, { now: clock(), random, etag: () => newEtag(random) });
  if (seed !== undefined) log.info(seeded, "enrollments loaded");
  let info: RollcallInfo | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= teardown.run();
    return stopping;
  };
  const stopped = new Promise<void>((resolve) => teardown.onDone(resolve));
  const listeners = await openListeners(setting);
  const broker = await startBroker(setting, { engine, hub });
  teardown.add(() => listeners.stopListening());
  const { deviceApi, management } = await createHttpFronts(setting, {
    ...{ engine, hub, broker, listeners, store },
    info: () => info,
    ready: () => info !== undefined && stopping === undefined,
    stop: () => void stop(),
  });
  teardown.add(() => management.close());
  info = describe(setting, await openPorts({ ...setting, listeners, broker, deviceApi, management }));
  // Teardown runs its steps in reverse: webhooks are aborted first, so that nothing else waits for them.
  teardown.add(() => webhook.close());
  location.writeInstance(info);
  log.info({ ports: info.ports }, "ready");
  const stats = () => ({
    ...broker.stats(),
    connections: listeners.connections,
    webhookCalls: webhook.open,
    attempts: attempts.size,
  });
  const { managementToken } = location.secrets;
  const open = { info, managementToken, location: location.path, notices, seeded, attempts, store, hub, stopped };
  return { ...open, stats, stop, [Symbol.asyncDispose]: stop };
}

/** Logs when the messages of other nodes cannot be received, and when they can be received again. */
function noteOtherNodes({ opened, log }: Setting): void {
  let isLost = false;
  opened.store.watch?.(({ kind }) => {
    if (kind === "unheard")
      log.warn("changes by other nodes are not received: the PostgreSQL connection for them is lost; reconnecting");
    else if (kind === "missed" && isLost)
      log.info("changes by other nodes are received again; connected devices are compared with the database");
    else return;
    isLost = kind === "unheard";
  });
}

async function startBroker(setting: Setting, parts: { engine: Engine; hub: Hub }): Promise<Broker> {
  const { config, attempts, clock, log, teardown } = setting;
  const tpmByDefault = isLoopback(config.listen.host);
  const broker = await createBroker({
    ...parts,
    attempts,
    clock,
    tpmOverMqtt: ({ loopback }) => config.tpmOverMqtt ?? (tpmByDefault && loopback),
    log: {
      debug: (text, error) => log.debug({ err: error }, text),
      error: (text, error) => log.error({ err: error }, text),
    },
  });
  teardown.add(() => broker.close());
  return broker;
}

/** Creates the parts that decide, the hub and the engine. They have no sockets and no files. */
function decide(
  { config, clock, random, log, location, hubs }: Setting,
  { store, webhook }: { store: Store; webhook: AllocationWebhook },
): { hub: Hub; engine: Engine } {
  const linked = { linked: () => hubs };
  const knownVersionsOnly = config.apiVersions === "known-only";
  const { registrationsPerMinute } = config.limits;
  const onFailure = (what: string) => (error: unknown, trackingId: string) =>
    log.error({ err: error, trackingId }, what);
  const hub = createHub({ store, hubs: linked, clock, onFailure: onFailure("a request at a hub failed") });
  const engine = createEngine({
    idScope: config.idScope,
    store,
    hubs: linked,
    allocator: webhook,
    allocationPolicy: config.allocationPolicy,
    clock,
    random,
    clusterSecret: Buffer.from(location.secrets.clusterSecret, "base64"),
    retryAfterSeconds: retryAfterSeconds(config),
    assigningForMs: milliseconds(config.registration.assigningFor),
    registrationsPerMinute: registrationsPerMinute === "off" ? undefined : registrationsPerMinute,
    strictX509: config.strictX509,
    knownVersionsOnly,
    onRemoved: (place, reason) => hub.disconnect(place, reason),
    onFailure: onFailure("a registration failed"),
  });
  const warn = (version: string) =>
    log.warn(`a device asks for api-version ${version}, newer than this service knows; it is served`);
  return { hub, engine: knownVersionsOnly ? engine : watchVersions(engine, warn) };
}

/** Opens the listeners, and renews their certificate before it expires. */
async function openListeners({ config, clock, attempts, log, location, hubs, teardown }: Setting): Promise<Listeners> {
  const hosts = servedHosts(config, hubs);
  let identity = await location.serverIdentity(hosts, clock());
  const listeners = new Listeners({ identity, clock, attempts });
  const renew = async () => {
    const next = await location.serverIdentity(hosts, clock());
    if (next.certificate.sha256 === identity.certificate.sha256) return;
    identity = next;
    listeners.renew(next);
    log.info({ until: next.certificate.notAfter }, "server certificate renewed");
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.error({ err: error }, "the server certificate could not be renewed"));
  }, RENEWAL_INTERVAL_MS).unref();
  teardown.add(() => clearInterval(timer));
  teardown.add(() => listeners.close());
  return listeners;
}

function describe({ config, location, opened, hubs }: Setting, ports: OpenPorts): RollcallInfo {
  const host = reachableHost(config.listen.host);
  const serviceEndpoint = endpoint(host, ports.https, transportRows.http.defaultPort);
  const { policyKey } = location.secrets;
  const connectionString = (name: string, key: string) =>
    `HostName=${serviceEndpoint};SharedAccessKeyName=${name};SharedAccessKey=${key}`;
  return {
    idScope: config.idScope,
    host,
    ports,
    deviceEndpoint: endpoint(host, ports.mqtt, transportRows.mqtt.defaultPort),
    serviceEndpoint,
    connectionString: connectionString(OWNER_POLICY, policyKey),
    policies: accessPolicies(config.policies, policyKey).map(({ name, primaryKey, secondaryKey }) => ({
      name,
      primary: connectionString(name, primaryKey),
      secondary: connectionString(name, secondaryKey),
    })),
    caPath: location.caPath,
    caFingerprint: location.authority.certificate.sha256,
    pid: process.pid,
    hubs: hubs.map((each) => each.host),
    store: { kind: opened.kind, place: opened.place },
  };
}
