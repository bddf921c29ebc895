import { useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { fieldOfPath } from "../model/check.js";
import type { Faults, Field } from "../model/draft.js";
import { placeTwinFault } from "../model/twin-fault.js";
import { sentenceOf } from "../model/words.js";
import { dismiss } from "./announce.js";

/** A form: its values, their faults, and whether it is being saved. */
export interface Form<T extends object> {
  readonly values: T;
  readonly faults: Faults;
  readonly busy: boolean;
  readonly set: (change: Partial<T>) => void;
  readonly replace: (values: T) => void;
  /** Updates the form after `sent` was saved as `saved`; input from the meantime stays. */
  readonly settle: (sent: T, saved: T) => void;
  readonly setFaults: (faults: Faults) => void;
  /**
   * Checks, then runs `save`. Shows a refusal of the service at the field that it concerns. Returns true when it was
   * saved.
   */
  readonly submit: (check: (values: T) => Faults, save: (values: T) => Promise<void>) => Promise<boolean>;
}

export function useForm<T extends object>(initial: T): Form<T> {
  const [values, setValues] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const refuse = (found: Faults): false => {
    // The notice of an earlier save may still be visible.
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

/** Assigns a refusal of the service to a field, as a sentence. */
function faultsOf(error: unknown, values: object): Faults {
  const path = error instanceof ApiError ? error.info["path"] : undefined;
  const field = fieldOfPath(path);
  const message = messageOf(error);
  if (field === "form" || !path) return { form: message };
  // The label already names the field; in a twin, the path gives the place in the text.
  if (field === "twin" && "twin" in values) return { twin: placeTwinFault(String(values.twin), message) };
  return { [field]: sentenceOf(message, path) };
}

/** Clears the faults of the edited fields and of the whole form. */
function without(faults: Faults, names: readonly string[]): Faults {
  const left = Object.entries(faults).filter(([name]) => name !== "form" && !names.includes(name));
  return Object.fromEntries(left) satisfies Partial<Record<Field, string>>;
}

/** Focuses the first fault once it is rendered; in a radio group, the chosen option. */
export function focusFirstFault(): void {
  setTimeout(() => {
    const first = document.querySelector<HTMLElement>('main :is([aria-invalid="true"], fieldset.invalid, .box.bad)');
    const target = first?.matches("fieldset") ? first.querySelector<HTMLElement>("input:checked, input") : first;
    first?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  });
}
