import { command } from "../../memory/command.js";
import { filteredSelection, pcrValue, selectedPcrs } from "../../memory/pcrs.js";
import { struct, u32 } from "../../wire/codec.js";
import { TpmlDigest, TpmlPcrSelection } from "../../wire/structures.js";

/** TPML_DIGEST holds eight: the caller asks again for the rest. */
const maxDigests = 8;

/** Part 3, TPM2_PCR_Read */
export const pcrRead = command({
  name: "PCR_Read",
  code: 0x17e,
  handles: [],
  parameters: struct({ pcrSelectionIn: TpmlPcrSelection }),
  response: struct({ pcrUpdateCounter: u32, pcrSelectionOut: TpmlPcrSelection, pcrValues: TpmlDigest }),
  run: (memory, _entities, { pcrSelectionIn }) => {
    const given = selectedPcrs(pcrSelectionIn).slice(0, maxDigests);
    const pcrSelectionOut = filteredSelection(pcrSelectionIn).map(({ hash, select }) => {
      const bits = Buffer.alloc(select.length);
      for (const { bank, pcr } of given) if (bank === hash) bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr & 7));
      return { hash, select: bits };
    });
    const pcrValues = given.map(({ bank, pcr }) => pcrValue(memory, bank, pcr));
    return { pcrUpdateCounter: memory.pcrCounter, pcrSelectionOut, pcrValues };
  },
});
