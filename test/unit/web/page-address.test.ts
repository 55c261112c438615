import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPageAddress } from '../../../web/page-address.ts'

test('a plain address joins whoever served the page', () => {
  assert.deepEqual(readPageAddress('https://shoal.example/sea/?utm=1#view=donate'), {
    bootstrap: 'https://shoal.example/sea/',
    webrtc: true,
    span: undefined,
    gateway: undefined,
    invite: undefined
  })
})

test('what an operator may ask for', () => {
  const asked = '?bootstrap=http://other:8080&webrtc=off&layers=3-5&gateway=http://127.0.0.1:8081/api%3Fx%23y'
  assert.deepEqual(readPageAddress(`https://shoal.example/${asked}#invite=net.secret&view=swarm`), {
    bootstrap: 'http://other:8080/',
    webrtc: false,
    span: { first: 3, end: 6 },
    gateway: 'http://127.0.0.1:8081/api/',
    invite: 'net.secret'
  })
})

test('a gateway behind the same proxy as the page is named by its path; what is no address names none', () => {
  const gatewayOf = (text: string) => readPageAddress(`https://shoal.example/sea/?gateway=${text}`).gateway
  assert.equal(gatewayOf('/gateway'), 'https://shoal.example/gateway/')
  assert.equal(gatewayOf(''), 'https://shoal.example/sea/')
  assert.equal(gatewayOf('http://'), undefined)
  assert.equal(gatewayOf('javascript:alert(1)'), undefined)
})
