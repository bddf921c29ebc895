import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { announce } from "./announce.js";

/**
 * Puts a text on the clipboard. Uses a selection when the page has no clipboard API, because it is not from loopback.
 */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser does not allow this page to copy");
}

/** A copy button; `text` may be a function that fetches the text on a click. */
export function CopyButton({ what, text }: { readonly what: string; readonly text: string | (() => Promise<string>) }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await copyText(typeof text === "string" ? text : await text());
      setDone(true);
      setTimeout(() => setDone(false), 2000);
      announce(`${what} copied.`);
    } catch (error) {
      announce(`${what} was not copied: ${error instanceof Error ? error.message : String(error)}.`, "failed");
    }
  };
  return (
    <button type="button" class="small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      {done ? "Copied" : "Copy"}
    </button>
  );
}

/** A value that is hidden until the user asks for it. */
export function Secret({ what, text }: { readonly what: string; readonly text: string }) {
  const [shown, setShown] = useState(false);
  return (
    <span class="value-row">
      <code class="value">{shown ? text : "••••••••••••••••"}</code>
      <span class="actions">
        <button
          type="button"
          class="small"
          aria-pressed={shown}
          aria-label={`${shown ? "Hide" : "Show"} ${what}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </button>
        <CopyButton what={what} text={text} />
      </span>
    </span>
  );
}

/** A value with its copy button; `children` when the shown form differs from the copied text. */
export function Copyable(props: {
  readonly what: string;
  readonly text: string;
  readonly children?: ComponentChildren;
}) {
  const { what, text, children } = props;
  return (
    <span class="value-row">
      <span class="value">{children ?? <code>{text}</code>}</span>
      <span class="actions">
        <CopyButton what={what} text={text} />
      </span>
    </span>
  );
}
