import {
  type Finding,
  type HubErrorName,
  hubErrorBody,
  hubErrorRows,
  judgeApiVersion,
  limits,
  type ModuleIdentity,
  modulePlace,
  parseSas,
} from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import { type ConnectContext, connect } from "./connect.js";
import type { HubDevice, ModuleReply, ModuleRequest } from "./hub-types.js";
import {
  bareEtag,
  firstTwin,
  ModuleError,
  moduleAuthentication,
  moduleDocument,
  readModuleBody,
} from "./module-document.js";

/** The parts that requests about modules need, besides those of a CONNECT. */
export interface ModulesContext extends ConnectContext {
  readonly random: (size: number) => Buffer;
  /** Tells that a module is gone: it may be connected. */
  readonly takeAway: (place: HubDevice) => Promise<void>;
}

/** A request of a device that has proved itself. */
interface OwnRequest {
  readonly request: ModuleRequest;
  readonly hub: string;
  readonly context: ModulesContext;
}
type NamedRequest = OwnRequest & { readonly moduleId: string };

/** Answers what a device asks of its modules (wire.md#module-identities): only with its own credential, as IoT Edge has it. */
export async function answerModules(request: ModuleRequest, context: ModulesContext): Promise<ModuleReply> {
  try {
    checkVersion(request.apiVersion);
    const hub = hubOf(request, context);
    const admission = (await connect({ ...withoutModule(request), hub }, context)).admission;
    if (admission.kind === "refused") return refusedDevice(admission.findings, request, context);
    return await run({ request, hub: admission.device.hub, context });
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    return errorReply(error.kind, error.message, request, context);
  }
}

function run(own: OwnRequest): Promise<ModuleReply> {
  const { operation, moduleId = "" } = own.request;
  if (operation === "listModules") return list(own);
  return { getModule: get, putModule: put, deleteModule: remove }[operation]({ ...own, moduleId });
}

function checkVersion(apiVersion: string | undefined): void {
  const verdict = judgeApiVersion(apiVersion);
  if (verdict === "missing") throw new ModuleError("InvalidProtocolVersion", "The request names no api-version.");
  if (verdict === "malformed")
    throw new ModuleError("InvalidProtocolVersion", "The api-version is not a date like 2017-11-08-preview.");
}

const withoutModule = ({ deviceId, token, connection, trackingId }: ModuleRequest) => ({
  deviceId,
  connection,
  trackingId,
  ...(token !== undefined && { token }),
});

/** The hub that was dialled; behind a gateway or another name, the one that the token names, or the only one. */
function hubOf({ host, token }: ModuleRequest, { ports }: ModulesContext): string {
  const linked = ports.hubs.linked().map((each) => each.host);
  const parsed = parseSas(token ?? "");
  const named = parsed.ok ? parsed.token.resourceKey.split("/", 1)[0] : undefined;
  const wanted = [host, named].flatMap((each) => (each === undefined ? [] : [bareHost(each)]));
  const found = wanted
    .map((each) => linked.find((known) => bareHost(known) === each))
    .find((each) => each !== undefined);
  const hub = found ?? (linked.length === 1 ? linked[0] : undefined);
  if (hub === undefined) throw new ModuleError("IotHubNotFound", `There is no hub ${host ?? ""} here.`);
  return hub;
}

const errorsOf: Readonly<Partial<Record<string, HubErrorName>>> = {
  "hub.otherHub": "IotHubNotFound",
  "hub.unknownDevice": "DeviceNotFound",
  "hub.deviceDeleted": "DeviceNotFound",
};

function refusedDevice(findings: readonly Finding[], request: ModuleRequest, context: ModulesContext): ModuleReply {
  const [first] = findings;
  const name = errorsOf[first?.code ?? ""] ?? "IotHubUnauthorizedAccess";
  const message = name === "IotHubUnauthorizedAccess" ? undefined : first?.title;
  return { ...errorReply(name, message, request, context), findings };
}

function errorReply(
  name: HubErrorName,
  message: string | undefined,
  { trackingId }: ModuleRequest,
  { ports }: ModulesContext,
): ModuleReply {
  const body = hubErrorBody(name, { trackingId, now: new Date(ports.clock()), message });
  return { status: hubErrorRows[name].status, body, error: name };
}

function shown({ request }: OwnRequest, module: ModuleIdentity): ModuleReply {
  const isConnected = request.isConnected({ hub: module.hub, deviceId: modulePlace(module) });
  return { status: 200, body: moduleDocument(module, isConnected), etag: module.etag };
}

async function list({ request, hub, context }: OwnRequest): Promise<ModuleReply> {
  const modules = await context.ports.store.modules.list(hub, request.deviceId);
  const isConnected = (module: ModuleIdentity) => request.isConnected({ hub, deviceId: modulePlace(module) });
  return { status: 200, body: modules.map((module) => moduleDocument(module, isConnected(module))) };
}

function noModule({ request, moduleId }: NamedRequest): ModuleError {
  return new ModuleError("ModuleNotFound", `The device ${request.deviceId} has no module ${moduleId}.`);
}

function changed({ request, moduleId }: NamedRequest): ModuleError {
  return new ModuleError(
    "PreconditionFailed",
    `The etag of ${request.deviceId}/${moduleId} is another than If-Match says.`,
  );
}

async function get(own: NamedRequest): Promise<ModuleReply> {
  const { request, hub, moduleId, context } = own;
  const module = await context.ports.store.modules.get(hub, request.deviceId, moduleId);
  if (!module) throw noModule(own);
  return shown(own, module);
}

/** Without If-Match creates; with it replaces, `*` whatever is there. */
async function put(own: NamedRequest): Promise<ModuleReply> {
  const { request, hub, moduleId, context } = own;
  const { deviceId, ifMatch } = request;
  const { ports, random } = context;
  const body = readModuleBody(request.body, { deviceId, moduleId });
  const old = await ports.store.modules.get(hub, deviceId, moduleId);
  if (ifMatch === undefined && old)
    throw new ModuleError("ModuleAlreadyExistsOnDevice", `The device ${deviceId} has a module ${moduleId}.`);
  if (ifMatch !== undefined && !old) throw noModule(own);
  if (ifMatch !== undefined && ifMatch !== "*" && bareEtag(ifMatch) !== old?.etag) throw changed(own);
  const module: ModuleIdentity = {
    ...{ hub, deviceId, moduleId },
    generationId: old?.generationId ?? random(8).readBigUInt64BE().toString(),
    etag: random(6).toString("base64"),
    ...(body.managedBy != null && { managedBy: body.managedBy }),
    authentication: moduleAuthentication(body.authentication, old?.authentication, random),
    createdAt: old?.createdAt ?? ports.clock(),
  };
  const expected = old ? { etag: old.etag } : "absent";
  const twin = old ? {} : { twin: firstTwin(module, random(8).toString("base64")) };
  const isPut = await ports.store.modules.put(module, { ...twin, expected, atMost: limits.modulesOfDevice });
  if (!isPut) throw await whyNot(own, old);
  return shown(own, module);
}

/** Somebody else wrote it meanwhile, or the device has as many as it may have. */
async function whyNot(own: NamedRequest, old: ModuleIdentity | undefined): Promise<ModuleError> {
  const { request, hub, context } = own;
  const modules = await context.ports.store.modules.list(hub, request.deviceId);
  if (!old && modules.length >= limits.modulesOfDevice) {
    const text = `The device ${request.deviceId} has ${modules.length} modules; ${limits.modulesOfDevice} are allowed.`;
    return new ModuleError("TooManyModulesOnDevice", text);
  }
  return changed(own);
}

async function remove(own: NamedRequest): Promise<ModuleReply> {
  const { request, hub, moduleId, context } = own;
  const { deviceId, ifMatch = "*" } = request;
  const expected = ifMatch === "*" ? undefined : bareEtag(ifMatch);
  const removal = await context.ports.store.modules.remove(hub, deviceId, moduleId, expected);
  if (removal === "missing") throw noModule(own);
  if (removal === "changed") throw changed(own);
  await context.takeAway({ hub, deviceId: modulePlace({ deviceId, moduleId }) });
  return { status: 204 };
}
