import { useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { fieldOfPath } from "../model/check.js";
import type { Faults, Field } from "../model/draft.js";

/** A form: its values, what is wrong with which, and whether it is being saved. */
export interface Form<T extends object> {
  readonly values: T;
  readonly faults: Faults;
  readonly busy: boolean;
  readonly set: (change: Partial<T>) => void;
  readonly replace: (values: T) => void;
  readonly setFaults: (faults: Faults) => void;
  /** Checks, then runs `save`; a refusal of the service's goes to the field that it is about. True when it was saved. */
  readonly submit: (check: (values: T) => Faults, save: (values: T) => Promise<void>) => Promise<boolean>;
}

export function useForm<T extends object>(initial: T): Form<T> {
  const [values, setValues] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const refuse = (found: Faults): false => {
    setFaults(found);
    focusFirstFault();
    return false;
  };
  return {
    ...{ values, faults, busy, setFaults },
    set: (change) => {
      setValues((before) => ({ ...before, ...change }));
      setFaults((before) => without(before, Object.keys(change)));
    },
    replace: (next) => {
      setValues(next);
      setFaults({});
    },
    submit: async (check, save) => {
      const found = check(values);
      if (Object.keys(found).length > 0) return refuse(found);
      setBusy(true);
      setFaults({});
      try {
        await save(values);
        return true;
      } catch (error) {
        return refuse(faultsOf(error));
      } finally {
        setBusy(false);
      }
    },
  };
}

/** Where a refusal of the service's belongs. */
function faultsOf(error: unknown): Faults {
  const path = error instanceof ApiError ? error.info["path"] : undefined;
  const field = fieldOfPath(path);
  const message = messageOf(error);
  // The label above says which field it is; in a twin, the path says where.
  return { [field]: field === "form" || field === "twin" || !path ? message : sentence(message, path) };
}

/** `deviceId: is no device id` as a sentence of its own. */
function sentence(message: string, path: string): string {
  if (!message.startsWith(`${path}: `)) return message;
  const rest = message.slice(path.length + 2).replace(/[^.!?]$/, "$&.");
  return /^(is|holds|has|needs|names|takes|stands|lacks|proves)\b/.test(rest) ? `It ${rest}` : rest;
}

/** What was touched is no longer known to be wrong, and neither is the whole. */
function without(faults: Faults, names: readonly string[]): Faults {
  const left = Object.entries(faults).filter(([name]) => name !== "form" && !names.includes(name));
  return Object.fromEntries(left) satisfies Partial<Record<Field, string>>;
}

/** After the faults are on the page. */
function focusFirstFault(): void {
  setTimeout(() => {
    const first = document.querySelector<HTMLElement>('main [aria-invalid="true"], main .box.bad');
    first?.scrollIntoView({ block: "center" });
    first?.focus({ preventScroll: true });
  });
}
