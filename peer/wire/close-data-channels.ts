/**
 * Works around a leak of node-datachannel 0.33: a data channel that never opened keeps its native callbacks, and with them
 * the process, alive after its connection is closed. libp2p makes one such channel for each WebRTC dial that fails or is
 * aborted (@libp2p/webrtc 6.0, initiate-connection). Closing them in time frees them while nodes run; a race between the
 * two closings is left, hence the clean-up with the last node. Delete when wire-processes.test.ts passes without it.
 */
import { cleanup } from 'node-datachannel'
import { type RTCDataChannel, RTCPeerConnection } from 'node-datachannel/polyfill'

const unopened = new WeakMap<RTCPeerConnection, Set<RTCDataChannel>>()
let installed = false

/** Makes closing a connection close its unopened channels too, for all connections of this process. */
export function closeDataChannelsWithConnection(): void {
  if (installed) return
  installed = true
  const { createDataChannel, close } = RTCPeerConnection.prototype
  RTCPeerConnection.prototype.createDataChannel = function (label, options) {
    const channel = createDataChannel.call(this, label, options) as RTCDataChannel
    const channels = unopened.get(this) ?? new Set()
    unopened.set(this, channels.add(channel))
    channel.addEventListener('open', () => channels.delete(channel))
    return channel
  }
  RTCPeerConnection.prototype.close = function () {
    for (const channel of unopened.get(this) ?? []) channel.close()
    unopened.delete(this)
    close.call(this)
  }
}

let users = 0

/**
 * Counts the nodes of this process that use WebRTC. When the last lets go, whatever native connection or channel is left is
 * ended: one whose peer died, or whose dial was aborted in the wrong moment, otherwise keeps the process alive now and then.
 */
export function holdWebRtc(): () => void {
  users++
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--users === 0) cleanup()
  }
}
