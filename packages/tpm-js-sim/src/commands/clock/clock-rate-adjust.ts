import { command, user } from "../../memory/command.js";
import { checked, struct, u8 } from "../../wire/codec.js";

/** TPM_CLOCK_ADJUST: -3 to 3 */
const TpmClockAdjust = checked(u8, (value) => value <= 3 || value >= 0xfd, "value");

/** Part 3, TPM2_ClockRateAdjust. It does nothing: the clock is the machine's and is not adjusted. */
export const clockRateAdjust = command({
  name: "ClockRateAdjust",
  code: 0x130,
  handles: [user("provision")],
  parameters: struct({ rateAdjust: TpmClockAdjust }),
  response: struct({}),
  run: () => ({}),
});
