import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { closeWord } from '../words/page.ts'

interface DrawerProps {
  title: string
  open: boolean
  onClose: () => void
  children: ComponentChildren
}

/** A panel over the page's edge; the browser keeps the keyboard in it and closes it on Escape. */
export function Drawer({ title, open, onClose, children }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal()
    else if (!open) dialog.current?.close()
  }, [open])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard has Escape and the button
    <dialog
      class="drawer"
      ref={dialog}
      aria-labelledby={heading}
      onClose={onClose}
      // The dialog itself is hit beside its content only: on the backdrop.
      onClick={event => event.target === event.currentTarget && onClose()}
    >
      <div class="drawer-content">
        <div class="heading">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="quiet" onClick={onClose}>
            {closeWord}
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
