import { clockInfo, uptime } from "../clock.js";
import { struct, u64 } from "../codec.js";
import { command } from "../command.js";
import { TpmsClockInfo } from "../structures.js";

/** Part 3, TPM2_ReadClock */
export const readClock = command({
  name: "ReadClock",
  code: 0x181,
  handles: [],
  parameters: struct({}),
  response: struct({ time: u64, clockInfo: TpmsClockInfo }),
  run: (memory) => ({ time: uptime(memory), clockInfo: clockInfo(memory) }),
});
