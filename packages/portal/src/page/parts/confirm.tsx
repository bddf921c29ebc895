import { signal } from "@preact/signals";
import { Dialog } from "./dialog.js";

interface Question {
  readonly title: string;
  readonly text: string;
  /** The items concerned, one per line. */
  readonly items?: readonly string[];
  readonly danger?: boolean;
}

const asked = signal<(Question & { readonly answer: (yes: boolean) => void }) | undefined>(undefined);

/** Asks with Yes and No. Returns true only for Yes; Esc means No. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = undefined;
        resolve(yes);
      },
    };
  });
}

const SHOWN_ITEMS = 8;

export function ConfirmDialog() {
  const now = asked.value;
  if (!now) return null;
  const { title, text, items = [], danger, answer } = now;
  return (
    <Dialog title={title} onClose={() => answer(false)} role="alertdialog">
      <p>{text}</p>
      {items.length > 0 && (
        <ul class="compact">
          {items.slice(0, SHOWN_ITEMS).map((item) => (
            <li key={item}>{item}</li>
          ))}
          {items.length > SHOWN_ITEMS && <li>and {items.length - SHOWN_ITEMS} more</li>}
        </ul>
      )}
      <div class="actions end">
        <button type="button" onClick={() => answer(false)} data-autofocus>
          No
        </button>
        <button type="button" class={danger ? "danger" : "primary"} onClick={() => answer(true)}>
          Yes
        </button>
      </div>
    </Dialog>
  );
}
