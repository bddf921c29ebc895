import type {
  Answer,
  AnswerRoute,
  EnrolledAttestation,
  EnrolledMechanism,
  EnrollmentBody,
  EnrollmentKind,
  RegistrationState,
} from "@rollcall/protocol";
import { SERVICE_API_VERSION } from "@rollcall/protocol/api-versions";
import { enrollmentKinds, serviceRoutes } from "@rollcall/protocol/service-routes";
import { type Ask, ask, send } from "./client.js";

type NamesOf<T> = T extends unknown ? keyof T : never;
/** A union on which every member of its types can be read; a member that a type lacks is undefined. */
type AnyOf<T, Whole = T> = T extends unknown
  ? T & { readonly [Name in Exclude<NamesOf<Whole>, keyof T>]?: never }
  : never;

/** The attestation of an enrollment, as the service returns it; only `getMechanism` returns keys. */
export type Attestation = AnyOf<EnrolledAttestation | EnrolledMechanism>;
/** An enrollment of either kind, as the service returns it. */
export type Enrollment = AnyOf<Answer<"getEnrollment"> | Answer<"getGroup">> & { readonly attestation: Attestation };

export interface List<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly next?: string;
}

const kinds = {
  individual: {
    get: "getEnrollment",
    put: "putEnrollment",
    delete: "deleteEnrollment",
    list: "listEnrollments",
    mechanism: "getEnrollmentMechanism",
  },
  group: {
    get: "getGroup",
    put: "putGroup",
    delete: "deleteGroup",
    list: "listGroups",
    mechanism: "getGroupMechanism",
  },
} as const satisfies Readonly<Record<EnrollmentKind, Readonly<Record<string, AnswerRoute>>>>;

/** The version of the service API that this page speaks. */
const query = { "api-version": SERVICE_API_VERSION };
const itsEtag = (etag: string | undefined): Pick<Ask, "headers"> =>
  etag === undefined ? {} : { headers: { "if-match": `"${etag.replace(/^"|"$/g, "")}"` } };

/** The id of an enrollment of this kind. */
export function idOf(kind: EnrollmentKind, enrollment: Enrollment): string {
  return enrollment[enrollmentKinds[kind].id] ?? "";
}

export interface ListFilter {
  readonly search?: string | undefined;
  readonly status?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

export function listEnrollments(
  kind: EnrollmentKind,
  filter: ListFilter,
  signal?: AbortSignal,
): Promise<List<Enrollment>> {
  return ask(kinds[kind].list, { query: { ...filter }, signal });
}

export function getEnrollment(kind: EnrollmentKind, id: string, signal?: AbortSignal): Promise<Enrollment> {
  return ask(kinds[kind].get, { params: { id }, query, signal });
}

/** Creates, and only that: ApiError with status 409 where the id exists, and nothing is replaced. */
export function createEnrollment(kind: EnrollmentKind, id: string, body: EnrollmentBody): Promise<Enrollment> {
  return ask(kinds[kind].put, { params: { id }, query, body });
}

/** Replaces the version that has this etag. Throws ApiError with status 412 when the enrollment has changed. */
export function replaceEnrollment(
  kind: EnrollmentKind,
  id: string,
  body: EnrollmentBody,
  etag: string | undefined,
): Promise<Enrollment> {
  return ask(kinds[kind].put, { params: { id }, query, body, ...itsEtag(etag) });
}

export async function deleteEnrollment(kind: EnrollmentKind, id: string, etag?: string): Promise<void> {
  await ask(kinds[kind].delete, { params: { id }, query, ...itsEtag(etag) });
}

/** Returns the attestation with its keys. */
export function getMechanism(kind: EnrollmentKind, id: string): Promise<Attestation> {
  return ask(kinds[kind].mechanism, { params: { id }, query });
}

export async function deleteRegistration(id: string, etag?: string): Promise<void> {
  await ask("deleteRegistration", { params: { id }, query, ...itsEtag(etag) });
}

/** One page of a group's registration records. */
export async function listRegistrations(
  id: string,
  { after, limit }: { after?: string | undefined; limit: number },
  signal?: AbortSignal,
): Promise<List<RegistrationState>> {
  const headers = {
    "x-ms-max-item-count": String(limit),
    ...(after !== undefined && { "x-ms-continuation": after }),
  };
  const response = await send(serviceRoutes.queryRegistrations, { params: { id }, query, headers, signal });
  const next = response.headers.get("x-ms-continuation");
  // A cast: as in `ask`.
  const items = (await response.json()) as readonly RegistrationState[];
  return { items, ...(next !== null && { next }) };
}
