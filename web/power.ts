/** Whether the machine runs on its battery, where the browser tells (Chromium does; others keep it from pages). */
import type { PowerSource } from './donor-limits.ts'

interface Battery extends EventTarget {
  charging: boolean
}

/** Calls back now and at every change; never where the browser does not tell. */
export function watchPower(listener: (power: PowerSource) => void): void {
  const { getBattery } = navigator as { getBattery?: () => Promise<Battery> }
  if (getBattery === undefined) return
  getBattery.call(navigator).then(
    battery => {
      const tell = () => listener(battery.charging ? 'mains' : 'battery')
      battery.addEventListener('chargingchange', tell)
      tell()
    },
    () => {}
  )
}
