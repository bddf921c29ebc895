import { createHash } from "node:crypto";
import {
  type DpsError,
  type EnrollmentKind,
  enrollmentKinds,
  type IgnoredQuery,
  readableText,
} from "@rollcall/protocol";
import type { OperatorContext } from "./operator-context.js";

/** Number of texts that are remembered: enough for any real client, but bounded. */
const MAX_TEXTS = 100;

/** Queries that could not be parsed and were answered with everything: each text is reported once, and then counted. */
export class IgnoredQueries {
  readonly #context: Pick<OperatorContext, "clock" | "onIgnoredQuery">;
  readonly #byText = new Map<string, IgnoredQuery>();

  constructor(context: Pick<OperatorContext, "clock" | "onIgnoredQuery">) {
    this.#context = context;
  }

  /** In the order of their first occurrence. */
  get all(): readonly IgnoredQuery[] {
    return [...this.#byText.values()];
  }

  /** `why` is the error of `parseQuery`. */
  add(kind: EnrollmentKind, text: string, why: DpsError): void {
    const lastAt = this.#context.clock();
    // 32 bytes instead of a text of any length.
    const key = `${kind} ${createHash("sha256").update(text).digest("base64")}`;
    const known = this.#byText.get(key);
    if (known) {
      this.#byText.set(key, { ...known, count: known.count + 1, lastAt });
      return;
    }
    if (this.#byText.size >= MAX_TEXTS) return;
    const ignored = describe(kind, text, { why, at: lastAt });
    this.#byText.set(key, ignored);
    this.#context.onIgnoredQuery?.(ignored);
  }
}

function describe(kind: EnrollmentKind, text: string, { why, at }: { why: DpsError; at: number }): IgnoredQuery {
  const { collection } = enrollmentKinds[kind];
  return {
    code: "query.notUnderstood",
    severity: "warning",
    collection,
    query: readableText(text),
    position: Number(why.info?.["position"]),
    title: `A query of ${collection} was not understood, and answered with all of them, as the cloud does: ${readableText(why.message)}.`,
    remedy: `Write SELECT * FROM ${collection}, and do not count on WHERE in the cloud; queries: strict in rollcall.yaml refuses such a query with a 400.`,
    count: 1,
    firstAt: at,
    lastAt: at,
  };
}
