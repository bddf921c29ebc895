import type { ComponentChildren } from "preact";
import { formatFingerprint } from "../model/words.js";

const tones: Readonly<Record<string, "good" | "bad" | "warn" | "calm">> = {
  enabled: "good",
  verified: "good",
  assigned: "good",
  connected: "good",
  live: "good",
  disabled: "bad",
  failed: "bad",
  refused: "bad",
  error: "bad",
  unverified: "warn",
  abandoned: "warn",
  warning: "warn",
  interrupted: "warn",
};

/** A state as a coloured word; the colour adds no information. */
export function Pill({ state }: { readonly state: string }) {
  return <span class={`pill ${tones[state] ?? "calm"}`}>{state}</span>;
}

const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A time in the user's time zone; the exact time is in the tooltip. */
export function Time({ at }: { readonly at: string | number | undefined }) {
  if (at === undefined) return <span class="faint">–</span>;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {format.format(date)}
    </time>
  );
}

/** An error message, with a button to try again. */
export function Problem({ text, onRetry }: { readonly text: string; readonly onRetry?: () => void }) {
  return (
    <div class="box bad" role="alert" tabIndex={-1}>
      <p>{text}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="faint" role="status">
      Loading {what} …
    </p>
  );
}

/** Names and values; rows without a value are left out. */
export function Facts(props: { rows: readonly (readonly [string, ComponentChildren])[]; wide?: boolean }) {
  const { rows, wide } = props;
  return (
    <dl class={wide ? "facts wide" : "facts"}>
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Card({
  title,
  children,
  actions,
}: {
  title: string;
  children: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Hex in pairs; lines break only between pairs. */
export function Fingerprint({ hex }: { readonly hex: string }) {
  const pairs = formatFingerprint(hex).split(":");
  return (
    <code class="fingerprint">
      {pairs.map((pair, index) => (
        // The index identifies a pair, since pairs may repeat and never move.
        <span key={`${index}`}>
          {pair}
          {index < pairs.length - 1 && ":"}
          <wbr />
        </span>
      ))}
    </code>
  );
}
