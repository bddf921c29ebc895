import { cipher, cipherFields, cipherResponse } from "../../keys/ciphering.js";
import { command, user } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { parameter } from "../../wire/tpm-error.js";

const { decrypt, mode, ivIn, inData } = cipherFields;
const places = { mode: parameter(2), iv: parameter(3), data: parameter(4) };

/** Part 3, TPM2_EncryptDecrypt */
export const encryptDecrypt = command({
  name: "EncryptDecrypt",
  code: 0x164,
  handles: [user("key")],
  parameters: struct({ decrypt, mode, ivIn, inData }),
  response: cipherResponse,
  run: (_memory, [{ key }], asked) => cipher(key, asked, places),
});
