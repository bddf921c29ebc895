import { createHash } from "node:crypto";
import {
  type DpsError,
  type EnrollmentKind,
  enrollmentKinds,
  type IgnoredQuery,
  readableText,
} from "@rollcall/protocol";
import type { OperatorContext } from "./operator-context.js";

/** Texts that are remembered: enough for any real client, bounded for the others. */
const MAX_TEXTS = 100;

/** Queries that were not understood and answered with everything: each text is told once, and counted from then on. */
export class IgnoredQueries {
  readonly #context: Pick<OperatorContext, "clock" | "onIgnoredQuery">;
  readonly #byText = new Map<string, IgnoredQuery>();

  constructor(context: Pick<OperatorContext, "clock" | "onIgnoredQuery">) {
    this.#context = context;
  }

  /** In the order in which they first came. */
  get all(): readonly IgnoredQuery[] {
    return [...this.#byText.values()];
  }

  /** `why` is what `parseQuery` threw. */
  add(kind: EnrollmentKind, text: string, why: DpsError): void {
    const lastAt = this.#context.clock();
    // Of a text of any length, 32 bytes are kept.
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
