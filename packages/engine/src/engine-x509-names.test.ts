import { readFileSync } from "node:fs";
import { parseCertificates } from "@rollcall/pki";
import { expect, it } from "vitest";
import { engineRig } from "./testing/rig.js";

const folder = new URL("../../../test/fixtures/field-cases/issuer-name-string-type/", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), "utf8");
const AFTER = Date.UTC(2026, 11, 1);

it("field case issuer-name-string-type: a CA whose name is in another string type is found", async () => {
  const attestation = {
    type: "x509" as const,
    x509: { signingCertificates: { primary: { certificate: read("root.pem") } } },
  };
  const rig = await engineRig({ enrollmentGroups: [{ enrollmentGroupId: "acme", attestation }] });
  rig.clock.now = AFTER;
  const asked = rig.request("strtype-1", { chain: parseCertificates(read("dev.pem")) });
  const reply = await rig.engine.register({ ...asked, body: rig.body() });
  expect({ status: reply.status, findings: asked.attempt.findings }).toEqual({ status: 202, findings: [] });
  expect(asked.attempt.enrollment).toEqual({ kind: "group", id: "acme" });
});
