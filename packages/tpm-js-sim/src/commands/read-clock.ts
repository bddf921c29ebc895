import { timeInfo } from "../clock.js";
import { struct } from "../codec.js";
import { command } from "../command.js";
import { TpmsTimeInfo } from "../structures.js";

/** Part 3, TPM2_ReadClock */
export const readClock = command({
  name: "ReadClock",
  code: 0x181,
  handles: [],
  parameters: struct({}),
  response: TpmsTimeInfo,
  run: timeInfo,
});
