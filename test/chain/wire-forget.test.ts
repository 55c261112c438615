/** What a node remembers of peers it met: those that are there, and its directory nodes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sweepPeers } from '../../peer/wire/forget-peers.ts'
import { makeDirectoryNode, makeNode, withNodes } from './wire-kit.ts'

test('peers that are gone are forgotten, those that are there and directory nodes are not', async () => {
  await withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const leaf = () => add(makeNode({ directoryNodes: directory.node.getMultiaddrs().map(String) }))
    const [stays, goes] = await Promise.all([leaf(), leaf()])
    await Promise.all([stays.ready(), goes.ready()])
    const gone = new Promise(resolve => directory.node.addEventListener('peer:disconnect', resolve, { once: true }))
    await goes.stop()
    await gone
    assert.ok(await directory.node.peerStore.has(goes.node.peerId))
    await sweepPeers(directory.node, new Set())
    assert.ok(!(await directory.node.peerStore.has(goes.node.peerId)))
    assert.ok(await directory.node.peerStore.has(stays.node.peerId))

    const lost = new Promise(resolve => stays.node.addEventListener('peer:disconnect', resolve, { once: true }))
    await directory.stop()
    await lost
    await sweepPeers(stays.node, new Set(stays.directoryPeers))
    assert.ok(await stays.node.peerStore.has(directory.node.peerId))
  })
})
