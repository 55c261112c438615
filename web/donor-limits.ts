/**
 * When a donor may serve: what it has said about battery and hours against what is so now.
 */
export interface DonorSettings {
  /** Serve only while the machine is on mains power. */
  mainsOnly: boolean
  /** Serve only between these times of day. */
  hoursOnly: boolean
  /** HH:MM; a period that ends before it begins spans midnight. */
  from: string
  to: string
  keepAwake: boolean
  /** What the machine draws while it computes, beyond what it draws anyway; for the estimate of energy. */
  watts: number
  /** Digests of models that this machine does not host. */
  refused: readonly string[]
}

export const initialDonorSettings: DonorSettings = {
  mainsOnly: false,
  hoursOnly: false,
  from: '22:00',
  to: '07:00',
  keepAwake: true,
  watts: 40,
  refused: []
}

export type PauseReason = 'asked' | 'battery' | 'hours' | 'frozen'

/** Undefined: the browser does not tell. */
export type PowerSource = 'mains' | 'battery' | undefined

/** Why a donor may not serve now, by what it has chosen; none where it may. */
export function limitsNow(settings: DonorSettings, now: Date, power: PowerSource): PauseReason[] {
  const reasons: PauseReason[] = []
  if (settings.mainsOnly && power === 'battery') reasons.push('battery')
  if (settings.hoursOnly && !isWithin(settings, 60 * now.getHours() + now.getMinutes())) reasons.push('hours')
  return reasons
}

function isWithin({ from, to }: DonorSettings, minute: number): boolean {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  if (start === undefined || end === undefined || start === end) return true
  return start < end ? start <= minute && minute < end : start <= minute || minute < end
}

/** Of the day; undefined for what is no time of day. */
export function minuteOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? []
  return hours === undefined ? undefined : 60 * Number(hours) + Number(minutes)
}

/** As kept by this or another version of the page. */
export function isDonorSettings(value: DonorSettings): boolean {
  const { mainsOnly, hoursOnly, from, to, keepAwake, watts, refused } = value
  return (
    [mainsOnly, hoursOnly, keepAwake].every(flag => typeof flag === 'boolean') &&
    [from, to].every(time => typeof time === 'string' && minuteOf(time) !== undefined) &&
    Number.isFinite(watts) &&
    watts >= 0 &&
    watts <= 2_000 &&
    Array.isArray(refused) &&
    refused.every(digest => typeof digest === 'string')
  )
}
