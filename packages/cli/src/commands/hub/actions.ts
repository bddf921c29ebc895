import type { Json, JsonObject, ListedDevice, ListedHub } from "@rollcall/protocol";
import { type LocatedFlags, operator } from "../../client/located.js";
import type { OperatorClient } from "../../client/operator-client.js";
import { where } from "../../client/running-service.js";
import { readValue } from "../../options/read-value.js";
import { CliError } from "../../terminal/cli-error.js";
import { confirm } from "../../terminal/confirm.js";
import type { Context } from "../../terminal/context.js";
import { type Column, writeList, writeRecord } from "../../terminal/output.js";
import { known, textAt } from "../../terminal/record-text.js";

interface HubFlags extends LocatedFlags {
  readonly hubName?: string;
}

interface DeviceFlags extends HubFlags {
  readonly deviceId: string;
}

const hubColumns: readonly Column<ListedHub>[] = [
  { title: "hub", value: (item) => textAt(item, "host") },
  { title: "devices", value: (item) => textAt(item, "devices") },
  { title: "weight", value: (item) => textAt(item, "weight") },
  { title: "in allocation", value: (item) => (item.applyAllocationPolicy ? "yes" : "only when named") },
  { title: "linked", value: (item) => (item.linked ? "yes" : "no longer") },
  { title: "latency", value: (item) => withUnit(textAt(item, "latency")) },
];

const withUnit = (ms: string | undefined): string | undefined => (ms === undefined ? undefined : `${ms} ms`);

/** A device and the host of its hub. */
type HubDevice = ListedDevice & { readonly hub: string };

/** Of an X.509 device: what a certificate has to have to be let in. */
function thumbprints({ primaryThumbprint, secondaryThumbprint }: ListedDevice["x509Thumbprint"]): string | undefined {
  const known = [primaryThumbprint, secondaryThumbprint].filter((each) => each !== null);
  return known.length > 0 ? known.join(" or ") : undefined;
}

const deviceColumns: readonly Column<HubDevice>[] = [
  { title: "device id", value: (item) => textAt(item, "deviceId") },
  { title: "hub", value: (item) => textAt(item, "hub") },
  { title: "registration id", value: (item) => textAt(item, "registrationId") },
  { title: "authentication", value: (item) => textAt(item, "authenticationType") },
  { title: "thumbprint", value: ({ x509Thumbprint }) => thumbprints(x509Thumbprint) },
  { title: "connection", value: (item) => textAt(item, "connectionState") },
];

/** `hub list`. */
export async function list(flags: LocatedFlags, { terminal }: Context): Promise<void> {
  await writeList(terminal, flags.output, await (await operator(flags)).operate("listHubs"), hubColumns);
}

async function hostsOf(client: OperatorClient, named: string | undefined): Promise<readonly string[]> {
  if (named !== undefined) return [named];
  return (await client.operate("listHubs")).map((hub) => hub.host);
}

/** `hub devices`: the devices of one hub or of all hubs. Each item names its hub. */
export async function devices(
  flags: HubFlags & { readonly search?: string; readonly top?: number },
  { terminal }: Context,
): Promise<void> {
  const client = await operator(flags);
  const all: HubDevice[] = [];
  for (const hub of await hostsOf(client, flags.hubName)) {
    const left = flags.top === undefined ? undefined : flags.top - all.length;
    if (left === 0) break;
    const call = { params: { hub }, query: { search: flags.search }, ...asked(flags) };
    const items = await client.operatorList("listDevices", call, left);
    all.push(...items.map((item) => ({ ...item, hub })));
  }
  await writeList(terminal, flags.output, all, deviceColumns);
}

/** `hub twin`: prints the twin, after it has changed the desired properties or tags that the flags name. */
export async function twin(
  flags: DeviceFlags & { readonly desired?: string; readonly tags?: string },
  { terminal }: Context,
): Promise<void> {
  const { deviceId } = flags;
  const desired = await readPatch(flags.desired, "--desired");
  const tags = await readPatch(flags.tags, "--tags");
  const body = { ...(desired !== undefined && { properties: { desired } }), ...(tags !== undefined && { tags }) };
  const client = await operator(flags);
  const hub = await hubOf(client, flags);
  const params = { hub, deviceId };
  const item = await (desired === undefined && tags === undefined
    ? client.operate("getTwin", { params, ...asked(flags) })
    : client.operate("patchTwin", { params, body, ...asked(flags) }));
  const { desired: wanted, reported } = item.properties;
  const pairs = known([
    ["device id", deviceId],
    ["hub", hub],
    ["connection", item.connectionState],
    ["tags", textAt(item, "tags")],
    ["desired", propertiesText(wanted)],
    ["desired version", textAt(wanted, "$version")],
    ["reported", propertiesText(reported)],
    ["reported version", textAt(reported, "$version")],
    ["etag", item.etag],
  ]);
  await writeRecord(terminal, flags.output, item, pairs);
}

async function readPatch(text: string | undefined, flag: string): Promise<Json | undefined> {
  if (text === undefined) return undefined;
  return readValue.json(text, { flag, kind: "individual", note: () => undefined });
}

/** The properties without `$metadata` and `$version`. */
function propertiesText(properties: JsonObject): string {
  return JSON.stringify(Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("$"))));
}

/** `hub delete-device`. */
export async function removeDevice(
  flags: DeviceFlags & { readonly yes?: boolean },
  { terminal }: Context,
): Promise<void> {
  const client = await operator(flags);
  const { deviceId } = flags;
  const hub = await hubOf(client, flags);
  await confirm(terminal, `delete the device ${deviceId} and its twin at ${hub}`, flags.yes);
  await client.operate("deleteDevice", { params: { hub, deviceId }, ...asked(flags) });
  terminal.note(`deleted ${deviceId} at ${hub}; its registration stays, and the device can register again`);
}

/** The hub of `--hub-name`, else the hub that has the device. */
async function hubOf(client: OperatorClient, flags: DeviceFlags): Promise<string> {
  if (flags.hubName !== undefined) return flags.hubName;
  const having: string[] = [];
  for (const hub of await hostsOf(client, undefined)) if (await hasDevice(client, hub, flags)) having.push(hub);
  const [hub, other] = having;
  if (hub === undefined)
    throw new CliError("notFound", `no hub has a device ${flags.deviceId}`, {
      next: `rollcall hub devices${where(flags)}`,
    });
  if (other === undefined) return hub;
  throw new CliError(
    "usage",
    `several hubs have a device ${flags.deviceId}: ${having.join(", ")}; name one with --hub-name`,
  );
}

async function hasDevice(client: OperatorClient, hub: string, flags: DeviceFlags): Promise<boolean> {
  try {
    await client.operate("getTwin", { params: { hub, deviceId: flags.deviceId } });
    return true;
  } catch (error) {
    if (error instanceof CliError && error.kind === "notFound") return false;
    throw error;
  }
}

const asked = (flags: LocatedFlags) => ({ next: { notFound: `rollcall hub devices${where(flags)}` } });
