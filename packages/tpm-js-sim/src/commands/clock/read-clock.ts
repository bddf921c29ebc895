import { timeInfo } from "../../memory/clock.js";
import { command } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { TpmsTimeInfo } from "../../wire/structures.js";

/** Part 3, TPM2_ReadClock */
export const readClock = command({
  name: "ReadClock",
  code: 0x181,
  handles: [],
  parameters: struct({}),
  response: TpmsTimeInfo,
  run: timeInfo,
});
