import { fc, test } from "@fast-check/vitest";
import type { Json, JsonObject } from "@rollcall/protocol";
import { expect } from "vitest";
import { operatorRig } from "../testing/operator-rig.js";
import type { EnrollmentAnswer, Operator } from "./operator-types.js";

/**
 * A model of the README's description of queries, without parser and pages: over whole enrollments as GET returns them.
 */
type Model =
  | { readonly is: "and"; readonly left: Model; readonly right: Model }
  | { readonly is: "or"; readonly left: Model; readonly right: Model }
  | { readonly is: "not"; readonly of: Model }
  | { readonly is: "compare"; readonly path: string; readonly sign: string; readonly value: Scalar };
type Scalar = string | number | boolean | null;

const paths = [
  "registrationId",
  "deviceId",
  "provisioningStatus",
  "optionalDeviceInformation.x",
  "optionalDeviceInformation.nowhere.at.all",
];
const scalars = fc.constantFrom<Scalar>("a", "B", "b", "it's", 'a"b', "\\", "", "enabled", -1, 0, 2.5, 1e3, true, null);
const compare = fc.record({
  is: fc.constant("compare" as const),
  path: fc.constantFrom(...paths),
  sign: fc.constantFrom("=", "!=", "<>", "<", "<=", ">", ">="),
  value: scalars,
});
const { model } = fc.letrec<{ model: Model }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    compare,
    fc.record({ is: fc.constant("and" as const), left: tie("model"), right: tie("model") }),
    fc.record({ is: fc.constant("or" as const), left: tie("model"), right: tie("model") }),
    fc.record({ is: fc.constant("not" as const), of: tie("model") }),
  ),
}));

const idOf = (each: EnrollmentAnswer | JsonObject): unknown =>
  "registrationId" in each ? each["registrationId"] : undefined;

function holds(enrollment: JsonObject, condition: Model): boolean {
  if (condition.is === "and") return holds(enrollment, condition.left) && holds(enrollment, condition.right);
  if (condition.is === "or") return holds(enrollment, condition.left) || holds(enrollment, condition.right);
  if (condition.is === "not") return !holds(enrollment, condition.of);
  const { path, sign, value } = condition;
  const fold = (each: Json) => (path === "registrationId" && typeof each === "string" ? each.toLowerCase() : each);
  const left = fold(path.split(".").reduce<Json>((at, name) => (at as JsonObject | null)?.[name] ?? null, enrollment));
  const right = fold(value);
  if (sign === "=") return left === right;
  if (sign === "!=" || sign === "<>") return left !== right;
  if (typeof left !== typeof right || !["number", "string"].includes(typeof left)) return false;
  const order = left === right ? 0 : (left as string) < (right as string) ? -1 : 1;
  return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[sign] ?? false;
}

/** Writes a condition in a style chosen by `style`; with parentheses only where AND before OR requires them. */
function written(condition: Model, style: number, inside: "or" | "and" | "not" = "or"): string {
  const space = style % 3 === 0 ? "  " : style % 3 === 1 ? "\n" : " ";
  const word = (text: string) => (style % 2 === 0 ? text.toLowerCase() : text);
  if (condition.is === "compare") {
    const gap = style % 4 === 0 ? "" : " ";
    return `${condition.path}${gap}${condition.sign}${gap}${literal(condition.value, style)}`;
  }
  if (condition.is === "not") return `${word("NOT")} ${written(condition.of, style + 1, "not")}`;
  const { is, left, right } = condition;
  const text = `${written(left, style + 1, is)}${space}${word(is.toUpperCase())}${space}${written(right, style + 2, is)}`;
  return inside === "not" || (inside === "and" && is === "or") || style % 5 === 0 ? `(${text})` : text;
}

function literal(value: Scalar, style: number): string {
  if (typeof value !== "string") return String(value);
  const quote = style % 2 === 0 ? "'" : '"';
  const escaped = value.replaceAll("\\", "\\\\");
  return `${quote}${escaped.replaceAll(quote, style % 3 === 0 ? `\\${quote}` : quote + quote)}${quote}`;
}

const fleets = fc
  .uniqueArray(fc.stringMatching(/^[abB][ab0-9]?$/), { maxLength: 8, selector: (id) => id.toLowerCase() })
  .chain((all) =>
    fc.tuple(...all.map((registrationId) => fc.record({ registrationId: fc.constant(registrationId), x: scalars }))),
  );

const body = (registrationId: string, x: Scalar) => ({
  registrationId,
  attestation: { type: "symmetricKey" },
  provisioningStatus: x === 2.5 ? "disabled" : "enabled",
  ...(typeof x === "number" && { deviceId: "b" }),
  optionalDeviceInformation: { x },
});

async function enrolled(operator: Operator, all: readonly { registrationId: string; x: Scalar }[]) {
  for (const { registrationId, x } of all) {
    await operator.putEnrollment("individual", registrationId, body(registrationId, x));
  }
  return Promise.all(all.map(({ registrationId }) => operator.enrollment("individual", registrationId)));
}

test.prop([fleets, model, fc.nat(59), fc.integer({ min: 1, max: 4 })], { numRuns: 150 })(
  "a condition finds the enrollments that meet it, however it is written",
  async (all, condition, style, limit) => {
    const { operator } = operatorRig();
    const enrollments = await enrolled(operator, all);
    const found: JsonObject[] = [];
    let after: string | undefined;
    do {
      const query = `SELECT * FROM enrollments WHERE ${written(condition, style)}`;
      const page = await operator.query("individual", { query }, { limit, ...(after !== undefined && { after }) });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    const key = (each: JsonObject) => String(idOf(each)).toLowerCase();
    const wanted = enrollments.filter((each) => holds(each, condition));
    expect(found).toEqual(wanted.sort((a, b) => (key(a) < key(b) ? -1 : 1)));
  },
);

/** Creates or replaces an enrollment. */
async function putOver(operator: Operator, id: string, x: Scalar): Promise<void> {
  const put = (ifMatch?: string) => operator.putEnrollment("individual", id, body(id, x), ifMatch);
  await put().catch(() => put("*"));
}

const changes = fc.array(
  fc.oneof(
    fc.record({ put: fc.stringMatching(/^n[0-9]$/), x: scalars }),
    fc.record({ remove: fc.nat(7), x: fc.constant(null) }),
  ),
  { maxLength: 6 },
);

test.prop([fleets, changes, fc.boolean(), fc.integer({ min: 1, max: 3 })], { numRuns: 60 })(
  "pages in the order of a member show each lasting enrollment once, in order, while other enrollments are created and deleted",
  async (all, coming, descending, limit) => {
    const { operator } = operatorRig();
    await enrolled(operator, all);
    const query = `* ORDER BY optionalDeviceInformation.x${descending ? " DESC" : ""}`;
    const shown: string[] = [];
    const removed = new Set<string>();
    const left = [...coming];
    let after: string | undefined;
    do {
      const page = await operator.query("individual", { query }, { limit, ...(after !== undefined && { after }) });
      for (const each of page.items) {
        expect(removed).not.toContain(idOf(each));
        shown.push(String(idOf(each)));
      }
      after = page.next;
      const change = left.shift();
      if (change && "put" in change) await putOver(operator, change.put, change.x);
      const gone = change && "remove" in change ? all[change.remove]?.registrationId : undefined;
      if (gone !== undefined && !removed.has(gone)) {
        await operator.deleteEnrollment("individual", gone);
        removed.add(gone);
      }
    } while (after !== undefined);
    const staying = all.map(({ registrationId }) => registrationId).filter((id) => !removed.has(id));
    const { items } = await operator.query("individual", { query }, { limit: 1000 });
    const inOrder = items.map((each) => String(idOf(each))).filter((id) => staying.includes(id));
    expect(shown.filter((id) => staying.includes(id))).toEqual(inOrder);
  },
);
