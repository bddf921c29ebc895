import { CertificateError } from "./certificate-error.js";
import type { MaterialKind } from "./material.js";

interface Other {
  readonly kind: MaterialKind;
  /** The message without the command. */
  readonly brief: string;
  /** A command line with `<file>` for the file. */
  readonly command?: string;
  /** The effect of the command, as the message states it after "This command". */
  readonly does?: string;
}

/** Thrown for what is well known, and not what belongs here: it says what it is, and the command that converts it. */
export class OtherMaterialError extends CertificateError {
  readonly kind: MaterialKind;
  readonly brief: string;
  readonly command: string | undefined;

  constructor({ kind, brief, command, does }: Other) {
    super(command === undefined ? brief : `${brief}. This command ${does}: ${command}`);
    this.kind = kind;
    this.brief = brief;
    this.command = command;
  }
}
