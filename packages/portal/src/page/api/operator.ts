import { managementRoutes } from "@rollcall/protocol/routes";
import { ask, send } from "./client.js";

export type { CaCertificate, CertificateReading, EndorsementKeyFacts, ServiceInfo } from "@rollcall/protocol";

export const getInfo = (signal?: AbortSignal) => ask("info", { signal });
export const getCounts = (signal?: AbortSignal) => ask("counts", { signal });
export const listHubs = (signal?: AbortSignal) => ask("listHubs", { signal });
export const getCa = async (): Promise<string> => (await send(managementRoutes.ca)).text();

export const inspectCertificate = (certificate: string, signal?: AbortSignal) =>
  ask("inspectCertificate", { body: { certificate }, signal });
export const inspectEndorsementKey = (endorsementKey: string, signal?: AbortSignal) =>
  ask("inspectEndorsementKey", { body: { endorsementKey }, signal });

const ifMatch = (etag: string | undefined) =>
  etag === undefined ? {} : { headers: { "if-match": `"${etag.replace(/^"|"$/g, "")}"` } };

export const listCertificates = (signal?: AbortSignal) => ask("listCertificates", { signal });
export const createCertificate = (name: string, body: { certificate: string; isVerified: boolean }) =>
  ask("putCertificate", { params: { name }, body });
export const deleteCertificate = (name: string, etag?: string) =>
  ask("deleteCertificate", { params: { name }, ...ifMatch(etag) });
export const generateVerificationCode = (name: string, etag?: string) =>
  ask("generateVerificationCode", { params: { name }, ...ifMatch(etag) });
export const verifyCertificate = (name: string, certificate: string, etag?: string) =>
  ask("verifyCertificate", { params: { name }, body: { certificate }, ...ifMatch(etag) });

export const listAttempts = (
  query: { limit: number; outcome?: string | undefined; after?: string | undefined },
  signal?: AbortSignal,
) => ask("attempts", { query, signal });
export const getAttempt = (id: string, signal?: AbortSignal) => ask("attempt", { params: { id }, signal });
