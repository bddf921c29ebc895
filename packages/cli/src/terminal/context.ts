import type { Interrupts } from "./interrupts.js";
import type { Terminal } from "./terminal.js";

/** Everything that a command gets from its surroundings. */
export interface Context {
  /** The command line, without node and script. */
  readonly argv: readonly string[];
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
}
