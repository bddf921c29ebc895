import { useLayoutEffect } from "preact/hooks";
import { leaveGuard } from "../routing/router.js";
import { confirm } from "./confirm.js";

/** Asks before the user leaves a place with unsaved input. */
export function useLeaveGuard(dirty: boolean): void {
  // A layout effect takes effect with the rendering: the user may press Back right after the first letter.
  useLayoutEffect(() => {
    if (!dirty) return undefined;
    const ask = () =>
      confirm({
        title: "Leave without saving?",
        text: "What you typed is not saved, and is lost if you leave.",
        danger: true,
      });
    leaveGuard.value = ask;
    return () => {
      if (leaveGuard.value === ask) leaveGuard.value = undefined;
    };
  }, [dirty]);
}
