/** An outside judge: description, command and time limit. */
export interface Judge {
  readonly name: string;
  readonly what: string;
  readonly command: readonly string[];
  readonly minutes: number;
}

export const judges: readonly Judge[];
