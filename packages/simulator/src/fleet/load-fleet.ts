import type { Fleet } from "./fleet.js";

export interface LoadOptions {
  /** Where `npm run certs` writes (the folder above `<fleet>/`); without it everything is derived in memory. */
  readonly certificates?: string;
  readonly signal?: AbortSignal;
}

/** Reads a fleet file and derives or loads all that its devices need. Throws {@link FleetFileError}. */
export async function loadFleet(path: string, options: LoadOptions = {}): Promise<Fleet> {
  throw new Error(`not built yet: ${path} ${options.certificates}`);
}
