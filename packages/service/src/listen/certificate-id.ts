import { X509Certificate } from "node:crypto";
import { idProblem } from "@rollcall/protocol";

/**
 * The registration id that a certificate (DER) names: its common name, where that is a legal id; else "". The device has
 * proved nothing by it: it helps people to find the attempt.
 */
export function certificateId(der: Uint8Array | undefined): string {
  if (der === undefined) return "";
  const [, name = ""] = /^CN=(.*)$/m.exec(new X509Certificate(der).subject) ?? [];
  return idProblem(name) === undefined ? name : "";
}
