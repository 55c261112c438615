/**
 * Another engine in a process of its own: what it does to memory, drivers and threads stays there, and that it dies is an
 * answer too. The child answers questions one at a time.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { basename } from 'node:path'
import { finished } from 'node:stream/promises'

export interface ChildOptions {
  /** The module to run; it calls `answerQuestions`. */
  module: string
  args?: readonly string[]
  env?: Record<string, string>
  signal: AbortSignal
}

/** Enough of what a child said last to explain its death. */
const KEPT_OUTPUT = 4_000

/** How long a child may take to exit by itself once it is told to. */
const EXIT_MS = 2_000

type Answer = { answer: unknown } | { error: string }

export class BenchChild {
  readonly #process: ChildProcess
  readonly #name: string
  #output = ''
  #ended: string | undefined
  #settle: ((answer: Answer) => void) | undefined
  readonly #exit: Promise<void>
  readonly #signal: AbortSignal
  readonly #abort = () => this.kill()

  constructor({ module, args = [], env = {}, signal }: ChildOptions) {
    signal.throwIfAborted()
    this.#name = basename(module)
    this.#signal = signal
    this.#process = fork(module, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    signal.addEventListener('abort', this.#abort, { once: true })
    // A child inside a native call would not see its parent go.
    process.on('exit', this.#abort)
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
      })
    this.#process.on('message', message => this.#settled(message as Answer))
    this.#exit = new Promise(resolve => {
      const end = (why: string) => {
        this.#ended ??= why
        signal.removeEventListener('abort', this.#abort)
        process.off('exit', this.#abort)
        this.#settled({ error: this.#death() })
        resolve()
      }
      this.#process.on('error', error => end(error.message))
      // After its output has ended, so that the last words are there; `close` would say so but does not come after `disconnect`.
      const said = [this.#process.stdout!, this.#process.stderr!].map(stream => finished(stream).catch(() => undefined))
      this.#process.on('exit', async (code, name) => {
        await Promise.all(said)
        end(name ?? `exit code ${code}`)
      })
    })
  }

  /** What the child printed last, both streams. */
  get output(): string {
    return this.#output
  }

  /** @throws Error with the child's words, or with its last output when it died; the signal's reason */
  async ask<Reply>(question: string, ...args: readonly unknown[]): Promise<Reply> {
    this.#signal.throwIfAborted()
    if (this.#ended !== undefined) throw new Error(this.#death())
    if (this.#settle !== undefined) throw new Error(`${this.#name} is still at its last question`)
    const answered = new Promise<Answer>(resolve => {
      this.#settle = resolve
    })
    this.#process.send({ question, args })
    const answer = await answered
    this.#signal.throwIfAborted()
    if ('error' in answer) throw new Error(answer.error)
    return answer.answer as Reply
  }

  /** What is asked then is answered with its death. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  async close(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    const limit = setTimeout(this.#abort, EXIT_MS)
    await this.#exit
    clearTimeout(limit)
  }

  #settled(answer: Answer): void {
    this.#settle?.(answer)
    this.#settle = undefined
  }

  #death(): string {
    const words = this.#output.trim().split('\n').slice(-3).join(' / ')
    return `${this.#name} ended (${this.#ended})${words === '' ? '' : `: ${words}`}`
  }
}

/** The child's side: `answers` by question. The process ends when its parent lets go. */
export function answerQuestions(answers: Record<string, (...args: never[]) => unknown>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', async message => {
    const { question, args } = message as { question: string; args: never[] }
    let answer: Answer
    try {
      const asked = answers[question]
      if (asked === undefined) throw new Error(`nothing answers ${question}`)
      answer = { answer: (await asked(...args)) ?? null }
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) }
    }
    process.send!(answer)
  })
}
