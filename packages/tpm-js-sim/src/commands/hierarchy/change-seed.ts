import { command, user } from "../../memory/command.js";
import { renewSeed } from "../../memory/seeds.js";
import type { TpmMemory } from "../../memory/state.js";
import { struct } from "../../wire/codec.js";

interface SeedChange<N extends string> {
  readonly name: N;
  readonly code: number;
  readonly hierarchy: number;
  /** What of the hierarchy becomes empty. */
  readonly resets: readonly ("authValues" | "policies")[];
}

/** A command with which the platform gives one hierarchy a new primary seed. */
export const changeSeed = <const N extends string>({ name, code, hierarchy, resets }: SeedChange<N>) =>
  command({
    name,
    code,
    handles: [user("platform")],
    parameters: struct({}),
    response: struct({}),
    marks: ["nv", "extensive"],
    run: (memory: TpmMemory) => {
      renewSeed(memory, hierarchy, [hierarchy]);
      for (const values of resets) memory[values].delete(hierarchy);
      return {};
    },
  });
