import type { CertificateOperator } from "@rollcall/engine";
import { operatorRoutes } from "@rollcall/protocol";
import type { FastifyInstance } from "fastify";
import { ifMatchOf, jsonBody, pathText } from "./operator-request.js";

/** CA certificates: upload, proof of possession, removal. */
export function addCertificateRoutes(scope: FastifyInstance, certificates: CertificateOperator): void {
  scope.get(operatorRoutes.listCertificates.path, () => certificates.certificates());
  scope.get(operatorRoutes.getCertificate.path, (request) => certificates.certificate(pathText(request, "name")));
  scope.put(operatorRoutes.putCertificate.path, async (request, reply) => {
    const made = await certificates.createCertificate(pathText(request, "name"), await jsonBody(request));
    return reply.code(201).send(made);
  });
  scope.delete(operatorRoutes.deleteCertificate.path, async (request, reply) => {
    await certificates.deleteCertificate(pathText(request, "name"), ifMatchOf(request));
    return reply.code(204).send();
  });
  scope.post(operatorRoutes.generateVerificationCode.path, (request) =>
    certificates.verificationCode(pathText(request, "name"), ifMatchOf(request)),
  );
  scope.post(operatorRoutes.verifyCertificate.path, async (request) =>
    certificates.verifyCertificate(pathText(request, "name"), await jsonBody(request), ifMatchOf(request)),
  );
}
