import { curveOf, sharedPoint } from "../../crypto/ecc.js";
import { command, user } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bEccPoint } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

const schemes: readonly number[] = [algorithms.ecdh, algorithms.null];

/** Part 3, TPM2_ECDH_ZGen: computes the shared point of this key and a given point. */
export const ecdhZGen = command({
  name: "ECDH_ZGen",
  code: 0x154,
  handles: [user("object")],
  parameters: struct({ inPoint: Tpm2bEccPoint }),
  response: struct({ outPoint: Tpm2bEccPoint }),
  run: (_memory, [entity], { inPoint }) => {
    if (entity.is !== "key") throw new TpmError("key", handle(1));
    const { key } = entity;
    const { secret, publicArea } = key;
    if (publicArea.type !== algorithms.ecc || secret.kind !== "ecc") throw new TpmError("key", handle(1));
    const { objectAttributes: bits, parameters } = publicArea;
    const unrestricted = has(bits, objectAttributes.decrypt) && !has(bits, objectAttributes.restricted);
    if (!unrestricted) throw new TpmError("attributes", handle(1));
    if (!schemes.includes(parameters.scheme.scheme)) throw new TpmError("scheme", handle(1));
    const curve = curveOf(parameters.curveId);
    return { outPoint: blaming(parameter(1), () => sharedPoint(curve, secret.scalar, inPoint)) };
  },
});
