import { createHash, timingSafeEqual } from "node:crypto";
import { DpsError } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";

/** Whether a request carries the management token: `Authorization: Bearer {token}`. */
export function bearerCheck(token: string): (request: FastifyRequest) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (request) => timingSafeEqual(digest(request.headers.authorization ?? ""), expected);
}

/**
 * Returns a check that throws unless the request is an owner's, who may do everything. For the routes of other files.
 */
export function ownersOnly(token: string): (request: FastifyRequest) => void {
  const isOwner = bearerCheck(token);
  return (request) => {
    if (!isOwner(request))
      throw new DpsError("unauthorized", "This needs the management token: Authorization: Bearer.");
  };
}

/** True for a write that a browser sends for a page of a different origin. */
export function isForeignWrite({ method, headers }: FastifyRequest): boolean {
  if (["GET", "HEAD", "OPTIONS"].includes(method) || headers.origin === undefined) return false;
  // An earlier check found that `host` is this listener's.
  return headers.origin.toLowerCase() !== `http://${headers.host?.toLowerCase()}`;
}
