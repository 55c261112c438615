import type { Notice } from '../state.ts'

/** `urgent` is read out at once; others when the reader gets to them. */
export function NoticeBox({ notice, urgent = false }: { notice: Notice; urgent?: boolean }) {
  return (
    <div class="notice" role={urgent ? 'alert' : 'note'}>
      <strong>{notice.title}</strong>
      <p>{notice.detail}</p>
    </div>
  )
}
