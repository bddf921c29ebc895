import type { ServiceInfo } from "@rollcall/protocol";
import { wrap } from "@rollcall/simulator/wrap";
import { quote } from "../../terminal/shell.js";
import type { Style } from "../../terminal/terminal.js";

export interface BannerFacts {
  readonly info: ServiceInfo;
  /** The portal's address, with the token that opens it. */
  readonly portalUrl: string;
  /** Absent with --in-memory. */
  readonly location: string | undefined;
  /** The seed file or folder that the enrollments came from. */
  readonly seed: string | undefined;
  /** Number of enrollments from the seed; unknown for a service in the background. */
  readonly seeded?: number | undefined;
  readonly tpmOverMqtt: boolean;
  /** True when other machines can reach the service. */
  readonly exposed: boolean;
  readonly detached: boolean;
  /** Notices of the service, one line each. */
  readonly notices: readonly string[];
}

const DEFAULT_LOCATION = "./.rollcall";
const WIDTH = 80;

/** The text that `rollcall start` prints once the service is ready: fits 80x24, and ends with the next command. */
export function banner(facts: BannerFacts, paint: (style: Style, text: string) => string): string {
  const { info } = facts;
  const rows: [string, string][] = [
    ["ID scope", paint("bold", info.idScope)],
    ["device endpoint", `${info.deviceEndpoint} (MQTT; HTTPS and WebSocket on ${info.ports.https})`],
    ["service endpoint", info.serviceEndpoint],
    ["hubs", info.hubs.join(", ")],
    ["store", storeText(facts)],
    ["CA to trust", info.caPath],
  ];
  const ends = facts.detached ? "in the background" : "Ctrl-C stops it";
  return [
    paint("bold", `Rollcall is ready, for development only (process ${info.pid}, ${ends}).`),
    ...rows.map(([name, value]) => `  ${name.padEnd(16)}  ${value}`),
    `    SHA-256 ${info.caFingerprint}`,
    "  portal, with the token that opens it; connection string of the service API",
    facts.portalUrl,
    info.connectionString,
    "",
    ...notes(facts).map((note) => wrap(note, WIDTH)),
    "",
    `Next: ${nextCommand(facts)}`,
  ].join("\n");
}

function notes({ seed, seeded, tpmOverMqtt, exposed, info, notices }: BannerFacts): string[] {
  return [
    ...(seed === undefined ? [] : [`${seeded === undefined ? "New enrollments" : counted(seeded)} came from ${seed}.`]),
    ...(tpmOverMqtt ? ["TPM over MQTT is on: a Rollcall extension; the cloud has TPM over HTTPS only."] : []),
    ...(exposed ? [`Other machines can reach ${info.host}, and all keys here are development keys.`] : []),
    ...notices,
  ];
}

const counted = (enrollments: number): string => `${enrollments} enrollment${enrollments === 1 ? "" : "s"}`;

/** The place where enrollments, registrations and devices are stored. */
function storeText({ location, info }: BannerFacts): string {
  if (location === undefined) return "memory: forgotten on stop, as are CA and keys";
  return info.store.kind === "memory" ? "memory: forgotten on stop" : info.store.place;
}

function nextCommand({ info, seed, location }: BannerFacts): string {
  const at = location === undefined ? folderOf(info.caPath) : location;
  const where = at === DEFAULT_LOCATION ? "" : ` --location ${quote(at)}`;
  if (seed === undefined) return `rollcall enrollment create --eid dev1 --at symmetrickey${where}`;
  return `rollcall device register --rid <id> --key <base64>${where}`;
}

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")));
