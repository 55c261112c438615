import type { Channel } from '../../../peer/wire/channel.ts'

/** A test's end of a stream: everything that came, and how it ended. */
export class SeenStream<Frame> {
  readonly channel: Channel<Frame>
  readonly seen: Frame[] = []
  /** How the stream ended: undefined while it lasts, 'ended' or the error's code. */
  end: string | undefined

  constructor(channel: Channel<Frame>) {
    this.channel = channel
    void this.#read()
  }

  /** Every body of this kind that came, in order. */
  all<Kind extends keyof Frame>(kind: Kind): NonNullable<Frame[Kind]>[] {
    return this.seen.flatMap(frame => (frame[kind] === undefined || frame[kind] === null ? [] : [frame[kind]]))
  }

  async #read(): Promise<void> {
    try {
      for await (const frame of this.channel.frames()) this.seen.push(frame)
      this.end = 'ended'
    } catch (error) {
      this.end = (error as { code: string }).code
    }
  }
}
