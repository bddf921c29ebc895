import { DpsError } from "@rollcall/protocol";
import { EnrollmentError } from "../records/enrollment-error.js";

/** A 400 that names the member: in front of the message, and in `info.path`. An empty path is the whole body. */
export function badMember(path: string, message: string, cause?: unknown): DpsError {
  if (path === "") return new DpsError("badRequest", message, { cause });
  return new DpsError("badRequest", `${path}: ${message}`, { cause, info: { path } });
}

/** Runs what may throw EnrollmentError, which becomes a 400. */
export function orBadRequest<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof EnrollmentError) throw badMember(error.path, error.message, error);
    throw error;
  }
}
