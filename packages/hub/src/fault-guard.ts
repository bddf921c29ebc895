import { errorBody, finding, hubErrorBody } from "@rollcall/protocol";
import type { HubAdmission, ModuleReply, TwinReply } from "./hub-types.js";
import type { HubPorts } from "./ports.js";

/** Catches failures that are not the device's fault; the hub does so only here. */
export function faultGuard({ clock, onFailure }: Pick<HubPorts, "clock" | "onFailure">) {
  const guarded = async <Answer>(trackingId: string, run: () => Promise<Answer>, otherwise: () => Answer) => {
    try {
      return await run();
    } catch (error) {
      onFailure?.(error, trackingId);
      return otherwise();
    }
  };
  return {
    kept: (trackingId: string, run: () => Promise<void>): Promise<boolean> =>
      guarded(
        trackingId,
        async () => {
          await run();
          return true;
        },
        () => false,
      ),
    admission: (trackingId: string, run: () => Promise<HubAdmission>): Promise<HubAdmission> =>
      guarded(trackingId, run, () => {
        const findings = [finding("service.internal", { values: { trackingId } })];
        return { kind: "refused", reason: "unavailable", findings };
      }),
    modules: (trackingId: string, run: () => Promise<ModuleReply>): Promise<ModuleReply> =>
      guarded(trackingId, run, () => {
        return {
          status: 500,
          body: hubErrorBody("ServerError", { trackingId, now: new Date(clock()) }),
          error: "ServerError",
        };
      }),
    reply: (trackingId: string, run: () => Promise<TwinReply>): Promise<TwinReply> =>
      guarded(trackingId, run, () => {
        return { status: 500, body: { ...errorBody("internal", { trackingId, now: new Date(clock()) }) } };
      }),
  };
}
