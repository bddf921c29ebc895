import { describeResponseCode, type ResponseCodeName, responseCodes } from "../tables/response-codes.js";

/** The place that a format-one response code blames: the n-th handle, parameter or session, counted from 1. */
export interface Place {
  readonly what: "handle" | "parameter" | "session";
  readonly number: number;
}

/** The place of the n-th handle, counted from 1. */
export function handle(number: number): Place {
  return { what: "handle", number };
}

/** The place of the n-th parameter, counted from 1. */
export function parameter(number: number): Place {
  return { what: "parameter", number };
}

/** The place of the n-th session, counted from 1. */
export function session(number: number): Place {
  return { what: "session", number };
}

const offsets = { handle: 0x000, parameter: 0x040, session: 0x800 } as const;

function codeOf(kind: ResponseCodeName, place: Place | undefined): number {
  const base = responseCodes[kind];
  const takesPlace = (base & 0x080) !== 0;
  if (!takesPlace || place === undefined) return base;
  return base + offsets[place.what] + 0x100 * place.number;
}

/** A command that the TPM refuses. Inside the TPM it becomes the response; nothing outside ever sees it thrown. */
export class TpmError extends Error {
  override readonly name = "TpmError";
  readonly kind: ResponseCodeName;
  readonly place: Place | undefined;
  /** The response code, place included. */
  readonly code: number;

  constructor(kind: ResponseCodeName, place?: Place, options?: ErrorOptions & { readonly code?: number }) {
    const code = options?.code ?? codeOf(kind, place);
    super(describeResponseCode(code), options);
    this.kind = kind;
    this.place = place;
    this.code = code;
  }
}

/** Runs a step. A format-one error that has no place gets the given place. */
export function blaming<T>(place: Place, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof TpmError) || error.place !== undefined) throw error;
    throw new TpmError(error.kind, place, { cause: error });
  }
}
