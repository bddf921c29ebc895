import { useLayoutEffect } from "preact/hooks";
import { leaveGuard } from "../routing/router.js";
import { confirm } from "./confirm.js";

/** Asks before the place is left while something typed is not saved. */
export function useLeaveGuard(dirty: boolean): void {
  // With the rendering itself: Back may be pressed right after the first letter.
  useLayoutEffect(() => {
    if (!dirty) return undefined;
    const ask = () =>
      confirm({
        title: "Leave without saving?",
        text: "What you typed is not saved, and is lost when you leave.",
        danger: true,
      });
    leaveGuard.value = ask;
    return () => {
      if (leaveGuard.value === ask) leaveGuard.value = undefined;
    };
  }, [dirty]);
}
