import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";

/** Whether a request carries the management token: `Authorization: Bearer {token}`. */
export function bearerCheck(token: string): (request: FastifyRequest) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (request) => timingSafeEqual(digest(request.headers.authorization ?? ""), expected);
}

/** Whether a request was made by a page of somebody else's: browsers name the origin of what writes. */
export function isForeignPage({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}
