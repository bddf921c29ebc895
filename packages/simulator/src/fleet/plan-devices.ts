import { DEFAULT_TRANSPORT, idKey, idProblem, type Json, type JsonObject, type Transport } from "@rollcall/protocol";
import type { Fault, FleetMember, GroupAttestation } from "../attestation/proving/fleet-types.js";
import { provings } from "../attestation/provings.js";
import type { Expectation } from "../report/report-types.js";
import { formatId, tellsApart } from "./id-pattern.js";
import type { DeviceGroup, FleetFile } from "./schema.js";

/** A device as the file describes it, before it has keys. */
export interface PlannedDevice extends FleetMember {
  readonly index: number;
  readonly group: string;
  readonly transport: Transport;
  readonly expect: Expectation;
  readonly payload?: Json;
  readonly desired: JsonObject;
  readonly tags: JsonObject;
  readonly allocation: DeviceGroup["allocation"];
}

/** A problem of the file that its schema cannot detect. */
export interface PlanProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface Plan {
  readonly devices: readonly PlannedDevice[];
  readonly problems: readonly PlanProblem[];
}

/** A group with its attestation: its own, or that of the group in which it is enrolled. */
interface Resolved {
  readonly group: DeviceGroup;
  readonly enrolledAs: DeviceGroup;
  readonly attestation: GroupAttestation;
}

const refusals: Readonly<Record<Exclude<Fault, "none">, Expectation>> = {
  omitIntermediate: { outcome: "refused", finding: "chain.issuerMissing", errorCode: 401002 },
  wrongThumbprint: { outcome: "refused", finding: "leaf.thumbprintMismatch", errorCode: 401002 },
  disabled: { outcome: "refused", finding: "enrollment.disabled", errorCode: 401002 },
};

const isGroupEnrolled = (attestation: GroupAttestation): boolean =>
  provings[attestation.type].isGroupEnrolled(attestation);

/** Expands a checked file into its devices, and finds contradictions. */
export function planDevices(file: FleetFile): Plan {
  const problems: PlanProblem[] = [];
  const resolved = file.devices.map((group, place) => {
    const found = resolve(file, group);
    problems.push(
      ...problemsOf(found, group).map((problem) => ({ ...problem, path: ["devices", place, ...problem.path] })),
    );
    return found;
  });
  problems.push(...clashes(file));
  if (Date.parse(file.certificates.notAfter) <= Date.parse(file.certificates.notBefore)) {
    problems.push({ path: ["certificates", "notAfter"], message: "is not after notBefore" });
  }
  if (problems.length > 0) return { devices: [], problems };
  const devices = resolved.flatMap((each) => (each === undefined ? [] : expand(each)));
  const numbered = devices.map((device, index) => ({ ...device, index }));
  return { devices: numbered, problems: doubles(file, numbered) };
}

function resolve(file: FleetFile, group: DeviceGroup): Resolved | undefined {
  const enrolledAs =
    group.enrolledIn === undefined ? group : file.devices.find((other) => other.name === group.enrolledIn);
  if (enrolledAs?.attestation === undefined) return undefined;
  return { group, enrolledAs, attestation: enrolledAs.attestation };
}

function problemsOf(found: Resolved | undefined, group: DeviceGroup): PlanProblem[] {
  if ((group.attestation === undefined) === (group.enrolledIn === undefined)) {
    return [{ path: [], message: "needs either attestation or enrolledIn" }];
  }
  if (found === undefined) {
    return [{ path: ["enrolledIn"], message: `there is no group ${group.enrolledIn} with an attestation of its own` }];
  }
  return [...idProblems(found), ...faultProblems(found), ...enrollmentProblems(found)];
}

const patternOf = (group: DeviceGroup): string => group.idPattern ?? `${group.name}-%03i`;

function idProblems({ group, attestation }: Resolved): PlanProblem[] {
  const pattern = patternOf(group);
  const path = group.idPattern === undefined ? ["name"] : ["idPattern"];
  const longest = formatId(pattern, group.count);
  const problem = idProblem(longest);
  if (problem) return [{ path, message: `makes the id ${JSON.stringify(longest)}: ${problem.message}` }];
  const { idLimit } = provings[attestation.type];
  if (idLimit && longest.length > idLimit.length)
    return [{ path, message: `makes ids of ${longest.length} characters; ${idLimit.why}` }];
  if (group.count > 1 && !tellsApart(pattern))
    return [{ path, message: "needs %i (or %03i) to tell the devices apart" }];
  return [];
}

/** The attestation that a fault needs, for faults that not every device can have. */
const faultNeeds: Readonly<Partial<Record<Fault, string>>> = {
  omitIntermediate: "x509 enrolled by its root",
  wrongThumbprint: "x509 enrolled individually",
};

function faultProblems({ group, attestation }: Resolved): PlanProblem[] {
  const wrong = (message: string): PlanProblem[] => [{ path: ["fault"], message }];
  const { fault } = group;
  const needs = faultNeeds[fault];
  if (needs !== undefined && !provings[attestation.type].faults(attestation).includes(fault))
    return wrong(`${fault} needs ${needs}`);
  if (group.fault === "disabled" && group.enrolledIn !== undefined)
    return wrong("a group cannot disable the enrollment of a different group");
  return [];
}

function enrollmentProblems({ group, attestation }: Resolved): PlanProblem[] {
  if (group.enrolledIn === undefined) {
    const shared = isGroupEnrolled(attestation) && JSON.stringify(group.twin ?? {}).includes("{id}");
    return shared
      ? [
          {
            path: ["twin"],
            message: "{id} is not allowed in the twin of an enrollment group: all its devices share it",
          },
        ]
      : [];
  }
  if (!isGroupEnrolled(attestation))
    return [{ path: ["enrolledIn"], message: `${group.enrolledIn} is not an enrollment group` }];
  const own = (["twin", "allocation"] as const).filter((name) => group[name] !== undefined);
  return own.map((name) => ({
    path: [name],
    message: `is that of the enrollment group ${group.enrolledIn}; leave it out here`,
  }));
}

/** Finds groups that share a name or, as enrollment groups, a CA. */
function clashes(file: FleetFile): PlanProblem[] {
  const names = new Set<string>();
  const authorities = new Map<string, string>();
  const problems: PlanProblem[] = [];
  for (const [place, { name, attestation }] of file.devices.entries()) {
    if (names.has(name)) problems.push({ path: ["devices", place, "name"], message: `${name} appears twice` });
    names.add(name);
    const ca = attestation && provings[attestation.type].authority?.(attestation);
    if (ca === undefined) continue;
    const other = authorities.get(ca);
    const message = `shares its CA with ${other}: give one of them a different ca, or set enrolledIn: ${other}`;
    if (other !== undefined) problems.push({ path: ["devices", place, "attestation"], message });
    authorities.set(ca, name);
  }
  return problems;
}

function doubles(file: FleetFile, devices: readonly PlannedDevice[]): PlanProblem[] {
  const seen = new Map<string, string>();
  for (const { registrationId, group } of devices) {
    const other = seen.get(idKey(registrationId));
    const place = file.devices.findIndex((each) => each.name === group);
    if (other !== undefined)
      return [{ path: ["devices", place], message: `the id ${registrationId} appears twice (see ${other})` }];
    seen.set(idKey(registrationId), group);
  }
  return [];
}

function expand({ group, enrolledAs, attestation }: Resolved): Omit<PlannedDevice, "index">[] {
  return Array.from({ length: group.count }, (_, place) => {
    const registrationId = formatId(patternOf(group), place + 1);
    const { desired = {}, tags = {} } = enrolledAs.twin ?? {};
    return {
      registrationId,
      group: group.name,
      ...(isGroupEnrolled(attestation) && { enrollmentGroupId: enrolledAs.name }),
      attestation,
      transport: group.transport[place % group.transport.length] ?? DEFAULT_TRANSPORT,
      fault: group.fault,
      expect: group.expect ?? expectationOf(group.fault, isGroupEnrolled(attestation)),
      ...(group.payload !== undefined && { payload: fillTemplates(group.payload, registrationId) }),
      desired: fillTemplates(desired, registrationId),
      tags: fillTemplates(tags, registrationId),
      allocation: enrolledAs.allocation,
    };
  });
}

function expectationOf(fault: Fault, grouped: boolean): Expectation {
  if (fault === "none") return { outcome: "assigned" };
  if (fault === "disabled" && grouped) return { ...refusals.disabled, outcome: "refused", finding: "group.disabled" };
  return refusals[fault];
}

/** Replaces `{id}` with the registration id in every text of a JSON value. */
function fillTemplates<T extends Json>(value: T, id: string): T {
  const text = JSON.stringify(value);
  if (!text.includes("{id}")) return value;
  // The id's characters need no escaping in JSON (idProblem has checked them).
  return JSON.parse(text.replaceAll("{id}", id)) as T;
}
