import type { AttemptRecord, AttemptSummary } from "@rollcall/protocol";
import { managementRoutes } from "@rollcall/protocol/routes";
import { operatorRoutes } from "@rollcall/protocol/service-routes";
import { ask, send } from "./client.js";
import type { CertificateInfo, List } from "./enrollments.js";

/** What `rollcall info` prints. */
export interface Info {
  readonly idScope: string;
  readonly deviceEndpoint: string;
  readonly serviceEndpoint: string;
  readonly connectionString: string;
  readonly caPath: string;
  readonly caFingerprint: string;
  readonly ports: { readonly mqtt: number; readonly https: number; readonly dashboard: number };
  readonly hubs: readonly string[];
}
export interface Counts {
  readonly individualEnrollments: number;
  readonly enrollmentGroups: number;
  readonly registrations: number;
  readonly certificates: number;
}
export interface LinkedHub {
  readonly host: string;
  readonly weight: number;
  readonly devices: number;
}
/** What was read from a certificate. */
export interface CertificateReading extends CertificateInfo {
  readonly isCa?: boolean;
  readonly isSelfSigned?: boolean;
  readonly keyAlgorithm?: string;
  readonly commonName?: string;
}
export interface EndorsementKeyReading {
  readonly registrationId: string;
  readonly keyAlgorithm?: string;
  readonly keySize?: number;
  readonly notes?: readonly string[];
}
export interface CaCertificate {
  readonly name: string;
  readonly etag?: string;
  readonly properties: {
    readonly subject?: string;
    readonly expiry?: string;
    readonly thumbprint?: string;
    readonly isVerified?: boolean;
    readonly created?: string;
    readonly verificationCode?: string;
    readonly info?: CertificateReading;
  };
}

export const getInfo = (signal?: AbortSignal) => ask<Info>(managementRoutes.info, { signal });
export const getCounts = (signal?: AbortSignal) => ask<Counts>(operatorRoutes.counts, { signal });
export const listHubs = (signal?: AbortSignal) => ask<readonly LinkedHub[]>(operatorRoutes.listHubs, { signal });
export const getCa = async (): Promise<string> => (await send(managementRoutes.ca)).text();

export const inspectCertificate = (certificate: string, signal?: AbortSignal) =>
  ask<CertificateReading>(operatorRoutes.inspectCertificate, { body: { certificate }, signal });
export const inspectEndorsementKey = (endorsementKey: string, signal?: AbortSignal) =>
  ask<EndorsementKeyReading>(operatorRoutes.inspectEndorsementKey, { body: { endorsementKey }, signal });

const ifMatch = (etag: string | undefined) =>
  etag === undefined ? {} : { headers: { "if-match": `"${etag.replace(/^"|"$/g, "")}"` } };

export const listCertificates = (signal?: AbortSignal) =>
  ask<readonly CaCertificate[]>(operatorRoutes.listCertificates, { signal });
export const createCertificate = (name: string, body: { certificate: string; isVerified: boolean }) =>
  ask<CaCertificate>(operatorRoutes.putCertificate, { params: { name }, body });
export const deleteCertificate = (name: string, etag?: string) =>
  send(operatorRoutes.deleteCertificate, { params: { name }, ...ifMatch(etag) });
export const generateVerificationCode = (name: string, etag?: string) =>
  ask<CaCertificate>(operatorRoutes.generateVerificationCode, { params: { name }, ...ifMatch(etag) });
export const verifyCertificate = (name: string, certificate: string, etag?: string) =>
  ask<CaCertificate>(operatorRoutes.verifyCertificate, { params: { name }, body: { certificate }, ...ifMatch(etag) });

export const listAttempts = (
  query: { limit: number; outcome?: string | undefined; after?: string | undefined },
  signal?: AbortSignal,
) => ask<List<AttemptSummary>>(managementRoutes.attempts, { query, signal });
export const getAttempt = (id: string, signal?: AbortSignal) =>
  ask<AttemptRecord>(managementRoutes.attempt, { params: { id }, signal });
