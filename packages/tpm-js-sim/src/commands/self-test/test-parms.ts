import { command } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { struct } from "../../wire/codec.js";
import { TpmtPublicParms } from "../../wire/structures.js";
import { blaming, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_TestParms: whether this TPM could make such a key. */
export const testParms = command({
  name: "TestParms",
  code: 0x18a,
  handles: [],
  parameters: struct({ parameters: TpmtPublicParms }),
  response: struct({}),
  run: (_memory, _entities, { parameters }) => {
    blaming(parameter(1), () => {
      if (parameters.type === algorithms.rsa && parameters.parameters.keyBits !== 2048) throw new TpmError("value");
    });
    return {};
  },
});
