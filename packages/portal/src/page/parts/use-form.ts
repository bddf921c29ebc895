import { useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { fieldOfPath } from "../model/check.js";
import type { Faults, Field } from "../model/draft.js";
import { placeTwinFault } from "../model/twin-fault.js";
import { sentenceOf } from "../model/words.js";
import { dismiss } from "./announce.js";

/** A form: its values, what is wrong with which, and whether it is being saved. */
export interface Form<T extends object> {
  readonly values: T;
  readonly faults: Faults;
  readonly busy: boolean;
  readonly set: (change: Partial<T>) => void;
  readonly replace: (values: T) => void;
  /** After `sent` was saved as `saved`; what was typed meanwhile stays. */
  readonly settle: (sent: T, saved: T) => void;
  readonly setFaults: (faults: Faults) => void;
  /** Checks, then runs `save`; a refusal of the service's goes to the field that it is about. True when it was saved. */
  readonly submit: (check: (values: T) => Faults, save: (values: T) => Promise<void>) => Promise<boolean>;
}

export function useForm<T extends object>(initial: T): Form<T> {
  const [values, setValues] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const refuse = (found: Faults): false => {
    // It may still say that something was saved before.
    dismiss();
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
    settle: (sent, saved) => {
      setValues((now) => (now === sent ? saved : now));
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
        return refuse(faultsOf(error, values));
      } finally {
        setBusy(false);
      }
    },
  };
}

/** Where a refusal of the service's belongs, as a sentence. */
function faultsOf(error: unknown, values: object): Faults {
  const path = error instanceof ApiError ? error.info["path"] : undefined;
  const field = fieldOfPath(path);
  const message = messageOf(error);
  if (field === "form" || !path) return { form: message };
  // The label above says which field it is; in a twin, the path says where.
  if (field === "twin" && "twin" in values) return { twin: placeTwinFault(String(values.twin), message) };
  return { [field]: sentenceOf(message, path) };
}

/** What was touched is no longer known to be wrong, and neither is the whole. */
function without(faults: Faults, names: readonly string[]): Faults {
  const left = Object.entries(faults).filter(([name]) => name !== "form" && !names.includes(name));
  return Object.fromEntries(left) satisfies Partial<Record<Field, string>>;
}

/** After the faults are on the page; of a question with several answers, the one that is marked. */
export function focusFirstFault(): void {
  setTimeout(() => {
    const first = document.querySelector<HTMLElement>('main :is([aria-invalid="true"], fieldset.invalid, .box.bad)');
    const target = first?.matches("fieldset") ? first.querySelector<HTMLElement>("input:checked, input") : first;
    first?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  });
}
