import { curveOf } from "../../crypto/ecc.js";
import { command } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { type CurveRow, eccCurves } from "../../tables/ecc-curves.js";
import { checked, struct, u16 } from "../../wire/codec.js";
import { Tpm2bEccParameter, TpmtEccScheme, TpmtKdfScheme } from "../../wire/structures.js";

/** The hash of a curve's usual key derivation. */
const hashOfSize: ReadonlyMap<number, number> = new Map([
  [32, algorithms.sha256],
  [48, algorithms.sha384],
]);

function parametersOf({ id, size, prime, b, order, generator }: CurveRow) {
  const number = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex");
  return {
    curveId: id,
    keySize: size * 8,
    kdf: { scheme: algorithms.kdf1Sp80056a, hashAlg: hashOfSize.get(size) ?? algorithms.sha256 },
    sign: { scheme: algorithms.null },
    p: number(prime),
    a: number(prime - 3n),
    b: number(b),
    gX: number(generator.x),
    gY: number(generator.y),
    n: number(order),
    h: Buffer.of(1),
  } as const;
}

/** Part 3, TPM2_ECC_Parameters */
export const eccParameters = command({
  name: "ECC_Parameters",
  code: 0x178,
  handles: [],
  parameters: struct({ curveId: checked(u16, (curve) => eccCurves.has(curve), "curve") }),
  // TPMS_ALGORITHM_DETAIL_ECC
  response: struct({
    curveId: u16,
    keySize: u16,
    kdf: TpmtKdfScheme,
    sign: TpmtEccScheme,
    p: Tpm2bEccParameter,
    a: Tpm2bEccParameter,
    b: Tpm2bEccParameter,
    gX: Tpm2bEccParameter,
    gY: Tpm2bEccParameter,
    n: Tpm2bEccParameter,
    h: Tpm2bEccParameter,
  }),
  run: (_memory, _entities, { curveId }) => parametersOf(curveOf(curveId)),
});
