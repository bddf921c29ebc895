import { hierarchies } from "../../tables/handles.js";
import { changeSeed } from "./change-seed.js";

/** Part 3, TPM2_ChangePPS: from now on every template gives a different platform key. */
export const changePps = changeSeed({
  name: "ChangePPS",
  code: 0x125,
  hierarchy: hierarchies.platform,
  resets: ["policies"],
});
