import { isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { FleetFileError } from "./fleet-file-error.js";
import { type Plan, type PlannedDevice, planDevices } from "./plan-devices.js";
import { type FleetFile, fleetFileSchema } from "./schema.js";

export interface ParsedFleet {
  readonly file: FleetFile;
  readonly devices: readonly PlannedDevice[];
}

type Path = readonly (string | number)[];

/** Reads the text of a fleet file. @throws FleetFileError with a line `file:line:column: reason` for each problem */
export function parseFleetFile(text: string, fileName: string): ParsedFleet {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new FleetFileError(
      document.errors.map((error) => `${at(error.pos[0])}: ${firstLine(error.message)}`).join("\n"),
    );
  }
  const where = (path: Path): string => at(offsetOf(document, path));
  const parsed = fleetFileSchema.safeParse(document.toJS());
  if (!parsed.success)
    throw new FleetFileError(parsed.error.issues.flatMap((issue) => describe(issue, where)).join("\n"));
  const plan: Plan = planDevices(parsed.data);
  if (plan.problems.length > 0) {
    throw new FleetFileError(
      plan.problems.map(({ path, message }) => `${where(path)}: ${named(path)}: ${message}`).join("\n"),
    );
  }
  return { file: parsed.data, devices: plan.devices };
}

const firstLine = (text: string): string => text.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? text;

function describe(issue: z.core.$ZodIssue, where: (path: Path) => string): string[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code !== "unrecognized_keys") return [`${where(path)}: ${named(path)}: ${issue.message}`];
  return issue.keys.map((key) => `${where([...path, key])}: ${named([...path, key])}: is not known here`);
}

const named = (path: Path): string => path.join(".") || "the file";

type Document = ReturnType<typeof parseDocument>;

/** The offset of the value of a path; of its nearest parent when it is missing; of the key for an unknown key. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return keyOffset(document, path.slice(0, length)) ?? node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function keyOffset(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (typeof parent !== "object" || parent === null || !("items" in parent) || !Array.isArray(parent.items))
    return undefined;
  const pairs: readonly unknown[] = parent.items;
  for (const pair of pairs) {
    if (typeof pair !== "object" || pair === null || !("key" in pair)) continue;
    if (isScalar(pair.key) && String(pair.key.value) === String(path.at(-1))) return pair.key.range?.[0];
  }
  return undefined;
}
