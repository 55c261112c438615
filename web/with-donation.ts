/**
 * What a donor's events make of the page's state: a function of both and of the time.
 */
import type { DonationEvent } from '../peer/host/donate.ts'
import type { PageState } from './state.ts'
import { comingBackNotice, donationNotice } from './words/donate.ts'
import { withSample } from './work-curve.ts'

export interface DonationContext {
  /** Milliseconds since 1970. */
  now: number
  /** Hosts that the weights come from. */
  sources: readonly string[]
}

export function withDonation(state: PageState, event: DonationEvent, { now, sources }: DonationContext): PageState {
  const { donation } = state
  switch (event.state) {
    case 'placing':
      return state
    case 'loading': {
      if (donation.phase !== 'starting') return state
      const { bytesDone: done, bytesTotal: total, bytesCached: cached = 0, bytesUnkept: unkept = 0 } = event.progress
      // No byte is asked for before the GPU has passed its self-test; speed is measured once all are there.
      const step = total === 0 ? 'testing' : done < total ? 'loading' : 'measuring'
      const loaded = total === 0 ? undefined : { done, total, cached, sources }
      const fetched = total === 0 ? [] : withSample(donation.fetched, { at: now, total: done - cached })
      return { ...state, care: { ...state.care, unkept }, donation: { ...donation, step, span: event.span, loaded, fetched } }
    }
    case 'serving': {
      if (donation.phase === 'stopping') return { ...state, donation: { ...donation, answers: event.stats.sessions } }
      const { tokensServed, sessions } = event.stats
      const before = donation.phase === 'serving' ? donation : { since: now, samples: [], paused: [] }
      const samples = withSample(before.samples, { at: now, total: tokensServed })
      const { since, paused } = before
      const { span, decodeRate } = event
      return {
        ...state,
        donation: { phase: 'serving', span, tokensServed, sessions, since, samples, decodeRate, paused }
      }
    }
    case 'leaving':
      return { ...state, donation: { phase: 'stopping', answers: donation.phase === 'stopping' ? donation.answers : 0 } }
    case 'moving':
      return {
        ...state,
        donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, fetched: [], again: undefined }
      }
    case 'retrying': {
      const again = comingBackNotice(event.error, event.span)
      return {
        ...state,
        donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, fetched: [], again }
      }
    }
    case 'ended':
      return {
        ...state,
        donation: { phase: 'off', notice: event.error === undefined ? undefined : donationNotice(event.error, event.retried) }
      }
  }
}
