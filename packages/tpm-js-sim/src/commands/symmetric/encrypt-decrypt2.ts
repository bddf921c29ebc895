import { cipher, cipherFields, cipherResponse } from "../../keys/ciphering.js";
import { command, user } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { parameter } from "../../wire/tpm-error.js";

const { inData, decrypt, mode, ivIn } = cipherFields;
const places = { data: parameter(1), mode: parameter(3), iv: parameter(4) };

/** Part 3, TPM2_EncryptDecrypt2: takes the data first, so that a session can encrypt them. */
export const encryptDecrypt2 = command({
  name: "EncryptDecrypt2",
  code: 0x193,
  handles: [user("key")],
  parameters: struct({ inData, decrypt, mode, ivIn }),
  response: cipherResponse,
  run: (_memory, [{ key }], asked) => cipher(key, asked, places),
});
