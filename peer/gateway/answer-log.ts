/**
 * One line of the log for each answer: its sessions, as hops call them in their logs, what it took and how it ended. Its text
 * stands there only where the operator asks for that.
 */
import type { FastifyBaseLogger } from 'fastify'
import type { CompletionRequest } from '../session/types.ts'
import { MAX_LOGGED_CHARS } from './limits.ts'
import type { Meter } from './metered.ts'

export function answerLog(log: FastifyBaseLogger, model: string, input: CompletionRequest['input'], withText: boolean): Meter {
  const sessions: string[] = []
  const took = { prompt: 0, completion: 0 }
  let firstTokenMs: number | undefined
  let answer = ''
  return {
    started: ({ session }) => {
      if (session !== undefined) sessions.push(session)
    },
    tokens: (kind, count) => {
      took[kind] += count
    },
    text: text => {
      if (withText && answer.length < MAX_LOGGED_CHARS) answer = (answer + text).slice(0, MAX_LOGGED_CHARS)
    },
    finished: ({ ttftMs }) => {
      firstTokenMs = Math.round(ttftMs)
    },
    ended: end =>
      log.info(
        {
          sessions,
          model,
          promptTokens: took.prompt,
          answerTokens: took.completion,
          firstTokenMs,
          end,
          ...(withText ? { input, answer } : {})
        },
        'answered'
      )
  }
}
