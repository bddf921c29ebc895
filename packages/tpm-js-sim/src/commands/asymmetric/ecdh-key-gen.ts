import { curveOf, pointOf, scalarFrom, sharedPoint } from "../../crypto/ecc.js";
import { command, plain } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bEccPoint } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_ECDH_KeyGen: makes an ephemeral key, and computes its shared point with this key. */
export const ecdhKeyGen = command({
  name: "ECDH_KeyGen",
  code: 0x163,
  handles: [plain("object")],
  parameters: struct({}),
  response: struct({ zPoint: Tpm2bEccPoint, pubPoint: Tpm2bEccPoint }),
  run: (memory, [entity]) => {
    if (entity.is !== "key") throw new TpmError("key", handle(1));
    const { key } = entity;
    const { publicArea } = key;
    if (publicArea.type !== algorithms.ecc) throw new TpmError("key", handle(1));
    const curve = curveOf(publicArea.parameters.curveId);
    const scalar = scalarFrom(curve, memory.random(64));
    return { zPoint: sharedPoint(curve, scalar, publicArea.unique), pubPoint: pointOf(curve, scalar) };
  },
});
