/** Log-probabilities as OpenAI's two APIs give them. */
import type { ShownLogprob, TextLogprob } from '../session/types.ts'

export function chatLogprobs(tokens: readonly ShownLogprob[]) {
  const entry = ({ token, bytes, logprob }: TextLogprob) => ({ token, bytes: bytes ?? null, logprob })
  return { content: tokens.map(shown => ({ ...entry(shown), top_logprobs: shown.top.map(entry) })), refusal: null }
}

export function textLogprobs(tokens: readonly ShownLogprob[]) {
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    // By text, and always with the token itself, as there; of tokens that look the same the likeliest counts.
    top_logprobs: tokens.map(shown =>
      Object.fromEntries([...shown.top, shown].reverse().map(({ token, logprob }) => [token, logprob]))
    ),
    text_offset: tokens.map(({ offset }) => offset)
  }
}
