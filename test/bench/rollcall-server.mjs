import { startRollcall } from "@rollcall/service";
import { serve } from "./child-server.mjs";

/** The service as it is used, in memory: nothing is left out that a registration passes. */
serve(async ({ seed }) => {
  const rollcall = await startRollcall({ seed });
  const { idScope, ports } = rollcall.info;
  return { ready: { port: ports.mqtt, idScope }, stop: () => rollcall.stop() };
});
