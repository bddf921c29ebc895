import { command } from "../../memory/command.js";
import { maxDigest } from "../../tables/properties.js";
import { struct, u16 } from "../../wire/codec.js";
import { Tpm2bDigest } from "../../wire/structures.js";

/** Part 3, TPM2_GetRandom: returns at most as many bytes as the largest digest has. */
export const getRandom = command({
  name: "GetRandom",
  code: 0x17b,
  handles: [],
  parameters: struct({ bytesRequested: u16 }),
  response: struct({ randomBytes: Tpm2bDigest }),
  run: (memory, _entities, { bytesRequested }) => ({ randomBytes: memory.random(Math.min(bytesRequested, maxDigest)) }),
});
