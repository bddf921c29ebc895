/** A judge from outside: what it is, how it is run, and how long it may take. */
export interface Judge {
  readonly name: string;
  readonly what: string;
  readonly command: readonly string[];
  readonly minutes: number;
}

export const judges: readonly Judge[];
