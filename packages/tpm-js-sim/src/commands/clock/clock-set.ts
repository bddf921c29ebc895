import { clockInfo } from "../../memory/clock.js";
import { command, user } from "../../memory/command.js";
import { struct, u64 } from "../../wire/codec.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** The latest time: beyond it the clock could overflow. */
const limit = 0xffff_0000_0000_0000n;

/** Part 3, TPM2_ClockSet: forward only, and for as long as the TPM has power. */
export const clockSet = command({
  name: "ClockSet",
  code: 0x128,
  handles: [user("provision")],
  parameters: struct({ newTime: u64 }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, _entities, { newTime }) => {
    const { clock } = clockInfo(memory);
    if (newTime > limit || newTime < clock) throw new TpmError("value", parameter(1));
    memory.clockAhead += newTime - clock;
    return {};
  },
});
