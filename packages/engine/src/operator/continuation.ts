import { createHmac, timingSafeEqual } from "node:crypto";
import { DpsError } from "@rollcall/protocol";
import type { Literal } from "./query-parser.js";

/** The end of a page: this key; in a sorted query, this value and key. */
export interface Cursor {
  readonly key: string;
  readonly value?: Literal;
}

/** Writes and reads the tokens with which a query continues; nothing is remembered for them. */
export interface Continuations {
  /** `about`: the query to which the token belongs. */
  write(about: string, cursor: Cursor): string;
  /** Throws a 400 for a token that this service did not write for this query. */
  read(about: string, token: string | undefined): Cursor | undefined;
}

const SIGNATURE_BYTES = 16;

/** Made from the cluster's secret, so that every node of a cluster can continue a query that another node began. */
export function createContinuations(clusterSecret: Uint8Array): Continuations {
  const key = createHmac("sha256", clusterSecret).update("continuation tokens").digest();
  const sign = (about: string, content: string) =>
    createHmac("sha256", key).update(`${about}\n${content}`).digest().subarray(0, SIGNATURE_BYTES);
  return {
    write(about, { key: last, value }) {
      const content = JSON.stringify(value === undefined ? [last] : [last, value]);
      return Buffer.concat([sign(about, content), Buffer.from(content)]).toString("base64url");
    },
    read(about, token) {
      if (token === undefined) return undefined;
      const bytes = Buffer.from(token, "base64url");
      const content = bytes.subarray(SIGNATURE_BYTES).toString();
      const signature = bytes.subarray(0, SIGNATURE_BYTES);
      const isOurs =
        bytes.toString("base64url") === token &&
        signature.length === SIGNATURE_BYTES &&
        timingSafeEqual(signature, sign(about, content));
      if (!isOurs) {
        throw new DpsError(
          "badRequest",
          "The continuation does not belong to this query: pass it exactly as the last page returned it.",
          {
            info: { path: "x-ms-continuation" },
          },
        );
      }
      // A cast: the text is signed by us, so it has the form that `write` gave it.
      const [last, value] = JSON.parse(content) as [string, Literal?];
      return { key: last, ...(value !== undefined && { value }) };
    },
  };
}
