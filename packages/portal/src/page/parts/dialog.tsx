import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

/** A modal dialog: the browser keeps the focus in it, and returns the focus when it closes. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly role?: "dialog" | "alertdialog";
  readonly children: ComponentChildren;
}) {
  const { title, onClose, role = "dialog", children } = props;
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // A layout effect opens the dialog before the next key press; a key pressed between rendering and opening would miss
  // it.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      role={role}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // A file field also fires cancel, when the user chooses no file or the same file.
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onClose={(event) => {
        // Browsers close a dialog at the second Esc, even if the page prevented the first.
        const dialog = event.currentTarget;
        if (!dialog.isConnected) return;
        onClose();
        setTimeout(() => {
          if (dialog.isConnected && !dialog.open) dialog.showModal();
        });
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
