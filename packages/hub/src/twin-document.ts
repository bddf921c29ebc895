import { createHash } from "node:crypto";
import {
  type DeviceIdentity,
  type HubAuthentication,
  isObject,
  type Json,
  type JsonObject,
  type ListedDevice,
  type Twin,
  type TwinDocument,
} from "@rollcall/protocol";

/** The parts of a twin document. */
export interface TwinDocumentParts {
  readonly identity: DeviceIdentity;
  readonly twin: Twin;
  readonly connected: boolean;
}

/** The cloud's form of a time that does not exist. */
const NEVER = "0001-01-01T00:00:00Z";

const authenticationTypes: Readonly<Record<HubAuthentication["type"], TwinDocument["authenticationType"]>> = {
  symmetricKey: "sas",
  selfSigned: "selfSigned",
};

/**
 * The twin as the service side of a hub shows it (wire.md#twin-document): tags, and both sides with `$metadata` and
 * `$version`. Times are kept for each side, not for each property: `$lastUpdated` of a property is that of its side.
 */
export function twinDocument({ identity, twin, connected }: TwinDocumentParts): TwinDocument {
  const { authentication } = identity;
  return {
    deviceId: identity.deviceId,
    etag: twin.etag,
    deviceEtag: createHash("sha256").update(JSON.stringify(identity)).digest().subarray(0, 8).toString("base64"),
    status: identity.status,
    statusUpdateTime: NEVER,
    connectionState: connected ? "Connected" : "Disconnected",
    lastActivityTime: NEVER,
    cloudToDeviceMessageCount: 0,
    authenticationType: authenticationTypes[authentication.type],
    x509Thumbprint: x509Thumbprint(authentication),
    capabilities: { iotEdge: identity.iotEdge },
    version: twin.desiredVersion + twin.reportedVersion,
    tags: twin.tags,
    properties: {
      desired: side(twin.desired, { at: twin.desiredUpdatedAt, version: twin.desiredVersion, versioned: true }),
      reported: side(twin.reported, { at: twin.reportedUpdatedAt, version: twin.reportedVersion, versioned: false }),
    },
  };
}

/** The thumbprints of a device as the hub's service side shows them: null for what there is not. */
export function x509Thumbprint(authentication: HubAuthentication): ListedDevice["x509Thumbprint"] {
  const [primaryThumbprint = null, secondaryThumbprint = null] =
    authentication.type === "selfSigned" ? authentication.thumbprints : [];
  return { primaryThumbprint, secondaryThumbprint };
}

interface SideFacts {
  readonly at: number;
  readonly version: number;
  /** Only desired properties have `$lastUpdatedVersion`. */
  readonly versioned: boolean;
}

function side(properties: JsonObject, facts: SideFacts): TwinDocument["properties"]["desired"] {
  return { ...properties, $metadata: metadata(properties, facts), $version: facts.version };
}

/** Repeats the tree of objects; an array counts as one property. */
function metadata(properties: JsonObject, facts: SideFacts): JsonObject {
  const about: JsonObject = {
    $lastUpdated: new Date(facts.at).toISOString(),
    ...(facts.versioned && { $lastUpdatedVersion: facts.version }),
  };
  const members = Object.entries(properties).map(([name, value]): readonly [string, Json] => [
    name,
    isObject(value) ? metadata(value, facts) : about,
  ]);
  return { ...about, ...Object.fromEntries(members) };
}
