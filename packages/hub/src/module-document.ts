import {
  decodeBase64,
  type HubErrorName,
  isModuleId,
  limits,
  type ModuleAnswer,
  type ModuleAuthentication,
  type ModuleBody,
  type ModuleIdentity,
  moduleBody,
  modulePlace,
  parseJson,
  type Twin,
} from "@rollcall/protocol";

/** A refusal of a request about modules; `message` is what stands behind the name of the error. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
  readonly kind: HubErrorName;
  constructor(kind: HubErrorName, message: string) {
    super(message);
    this.kind = kind;
  }
}

const NO_TIME = "0001-01-01T00:00:00.0000000Z";
const THUMBPRINT = /^[0-9A-Fa-f]{64}$/;

/** A module as the registry of the hub shows it. Its device may see its keys: it gave them, or hands them to the module. */
export function moduleDocument(module: ModuleIdentity, isConnected: boolean): ModuleAnswer {
  const { authentication: own } = module;
  const hasKeys = own.type === "symmetricKey";
  return {
    moduleId: module.moduleId,
    managedBy: module.managedBy ?? null,
    deviceId: module.deviceId,
    generationId: module.generationId,
    etag: module.etag,
    connectionState: isConnected ? "Connected" : "Disconnected",
    connectionStateUpdatedTime: NO_TIME,
    lastActivityTime: NO_TIME,
    cloudToDeviceMessageCount: 0,
    authentication: {
      symmetricKey: {
        primaryKey: hasKeys ? own.primaryKey : null,
        secondaryKey: hasKeys ? (own.secondaryKey ?? null) : null,
      },
      x509Thumbprint: {
        primaryThumbprint: hasKeys ? null : (own.thumbprints[0] ?? null),
        secondaryThumbprint: hasKeys ? null : (own.thumbprints[1] ?? null),
      },
      type: hasKeys ? "sas" : "selfSigned",
    },
  };
}

/** Reads the body of a PUT. Throws ModuleError when it is not about this module. */
export function readModuleBody(bytes: Uint8Array, name: { deviceId: string; moduleId: string }): ModuleBody {
  if (!isModuleId(name.moduleId)) throw new ModuleError("ArgumentInvalid", "The module id has a character too many.");
  const parsed = parseJson(bytes);
  if (!parsed.ok) throw new ModuleError("ArgumentInvalid", `The body cannot be read: ${parsed.reason}.`);
  const checked = moduleBody.safeParse(parsed.value ?? {});
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new ModuleError("ArgumentInvalid", `${issue?.path.map(String).join(".")}: ${issue?.message}.`);
  }
  for (const member of ["deviceId", "moduleId"] as const) {
    const said = checked.data[member];
    if (said != null && said !== name[member])
      throw new ModuleError("ArgumentInvalid", `${member} of the body is ${said}, that of the path ${name[member]}.`);
  }
  return checked.data;
}

/** The credentials that a body gives a module; keys that it leaves out are kept, or made. Throws ModuleError. */
export function moduleAuthentication(
  body: ModuleBody["authentication"],
  old: ModuleAuthentication | undefined,
  random: (size: number) => Buffer,
): ModuleAuthentication {
  const type = body?.type?.toLowerCase() ?? (body?.x509Thumbprint?.primaryThumbprint ? "selfsigned" : "sas");
  if (type === "selfsigned") return thumbprints(body?.x509Thumbprint);
  if (type !== "sas") {
    throw new ModuleError("ArgumentInvalid", `authentication.type ${body?.type} is not served here: sas, selfSigned.`);
  }
  const kept = old?.type === "symmetricKey" ? old : undefined;
  const key = (member: "primaryKey" | "secondaryKey") => {
    const given = body?.symmetricKey?.[member];
    if (given == null) return kept?.[member] ?? random(limits.symmetricKeyBytes.max).toString("base64");
    const size = decodeBase64(given)?.length ?? 0;
    if (size < limits.symmetricKeyBytes.min || size > limits.symmetricKeyBytes.max)
      throw new ModuleError(
        "ArgumentInvalid",
        `authentication.symmetricKey.${member} is not base64 of 16 to 64 bytes.`,
      );
    return given;
  };
  return { type: "symmetricKey", primaryKey: key("primaryKey"), secondaryKey: key("secondaryKey") };
}

function thumbprints(given: NonNullable<ModuleBody["authentication"]>["x509Thumbprint"]): ModuleAuthentication {
  const { primaryThumbprint: primary, secondaryThumbprint: secondary } = given ?? {};
  for (const each of [primary, secondary])
    if (each != null && !THUMBPRINT.test(each))
      throw new ModuleError(
        "ArgumentInvalid",
        "A thumbprint is the SHA-256 of the certificate, 64 hexadecimal digits.",
      );
  if (primary == null)
    throw new ModuleError("ArgumentInvalid", "authentication.x509Thumbprint has no primaryThumbprint.");
  return {
    type: "selfSigned",
    thumbprints: [primary, secondary].flatMap((each) => each?.toUpperCase() ?? []),
  };
}

/** The twin that a module begins with. */
export function firstTwin(module: ModuleIdentity, etag: string): Twin {
  const { hub, createdAt: now } = module;
  const sides = { desiredVersion: 1, desiredUpdatedAt: now, reportedVersion: 1, reportedUpdatedAt: now };
  return { hub, deviceId: modulePlace(module), tags: {}, desired: {}, reported: {}, ...sides, etag };
}

/** An etag of a header, without the quotes and the W/ that some clients write. */
export const bareEtag = (text: string): string =>
  text
    .trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");
