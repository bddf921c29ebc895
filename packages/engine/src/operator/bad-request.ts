import { DpsError } from "@rollcall/protocol";
import { EnrollmentError } from "../records/enrollment-error.js";

/** A 400 that names the member in its message and in `info.path`. An empty path means the whole body. */
export function badMember(path: string, message: string, cause?: unknown): DpsError {
  if (path === "") return new DpsError("badRequest", message, { cause });
  return new DpsError("badRequest", `${path}: ${message}`, { cause, info: { path } });
}

/** Calls `make`, and turns an EnrollmentError into a 400. */
export function orBadRequest<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof EnrollmentError) throw badMember(error.path, error.message, error);
    throw error;
  }
}
