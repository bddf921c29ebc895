import { startRollcall } from "@rollcall/service";
import { serve } from "./child-server.mjs";

/** The complete service, in memory: a registration passes every part of it. */
serve(async ({ seed }) => {
  const rollcall = await startRollcall({ seed });
  const { idScope, ports } = rollcall.info;
  return { ready: { port: ports.mqtt, idScope }, stop: () => rollcall.stop() };
});
