import { hierarchies } from "../../tables/handles.js";
import { changeSeed } from "./change-seed.js";

/** Part 3, TPM2_ChangeEPS: from now on every template gives a different endorsement key. */
export const changeEps = changeSeed({
  name: "ChangeEPS",
  code: 0x124,
  hierarchy: hierarchies.endorsement,
  resets: ["authValues", "policies"],
});
