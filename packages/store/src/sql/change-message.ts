import type { DeviceChange } from "@rollcall/protocol";

/** The NOTIFY channel of the processes that share a PostgreSQL database. */
export const changeChannel = "rollcall_changes";

/** A message holds ids only, far below the 8000 bytes that NOTIFY takes. Its receiver reads the current data itself. */
export interface ChangeMessage {
  /** Id of the process that sent it. */
  readonly node: string;
  readonly scope: string;
  readonly change: DeviceChange;
}

export const writeChange = ({ node, scope, change }: ChangeMessage): string =>
  JSON.stringify({ node, scope, ...change });

type Fields = Partial<Record<string, unknown>>;

function fieldsOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Undefined when the text is not a message: anybody may write to a channel. A kind that only a newer version knows is
 * read as `missed`.
 */
export function readChange(text: string): ChangeMessage | undefined {
  const { node, scope, kind, hub, deviceId } = fieldsOf(text) ?? {};
  if (typeof node !== "string" || typeof scope !== "string" || typeof kind !== "string") return undefined;
  const isOfDevice =
    (kind === "taken" || kind === "desired") && typeof hub === "string" && typeof deviceId === "string";
  return { node, scope, change: isOfDevice ? { kind, hub, deviceId } : { kind: "missed" } };
}
