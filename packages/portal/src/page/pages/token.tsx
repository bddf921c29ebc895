import { useEffect, useState } from "preact/hooks";
import { getInfo } from "../api/operator.js";
import { giveToken, lendToken, tokenRefused } from "../api/token.js";
import { Dialog } from "../parts/dialog.js";
import { TextField } from "../parts/field.js";

/** Asks for the management token, and says where to find it. */
export function TokenPage() {
  useEffect(() => {
    document.title = "Rollcall";
  }, []);
  return (
    <div class="card narrow">
      <h1>Unlock the portal</h1>
      <TokenForm />
    </div>
  );
}

/** Asks in a dialog over a page with unsaved input, when the service was restarted with another token. */
export function TokenDialog() {
  return (
    <Dialog title="Unlock the portal again" onClose={() => undefined}>
      <p>What you typed is still there.</p>
      <TokenForm />
    </Dialog>
  );
}

function TokenForm() {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | undefined>();
  const refused = tokenRefused.value
    ? "The service did not accept this token. Every location has its own token."
    : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === "") setFault("The token is missing.");
        else {
          giveToken(text);
          // Only a request shows whether the service accepts the token.
          void getInfo().then(lendToken, () => undefined);
        }
      }}
    >
      <p>
        This page changes enrollments and shows keys, so it needs the management token of the running service. The link
        that <code>rollcall start</code> prints as <em>portal</em> contains it; <code>rollcall info portalUrl</code>{" "}
        prints it again.
      </p>
      <TextField
        label="Management token"
        hint="It is kept in the windows of this page until you close or lock them, and is sent only to this service."
        type="password"
        code
        required
        value={text}
        fault={fault ?? refused}
        onInput={(value) => {
          setText(value);
          setFault(undefined);
        }}
      />
      <div class="actions">
        <button type="submit" class="primary">
          Unlock
        </button>
      </div>
    </form>
  );
}
