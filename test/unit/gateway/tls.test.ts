/** A gateway with a certificate of its own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readTls } from '../../../peer/cli/tls.ts'
import { InvalidRequestError, SourceError } from '../../../peer/errors.ts'
import { script, withGateway } from './gateway-kit.ts'

/** For 127.0.0.1, signed by itself, good for a hundred years from 2026; its key is no secret. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUNTxvKzv4gEnSqhUcbscRJBmw4vEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTE0MTkzNloYDzIxMjYxMTAx
MTQxOTM2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASLFmMJgNcve1rAvRtJwZeHiMcdR4QHFfJh2BChZG3sMrzrvdewamln
dvfyQmbgX93z2uk5Ktyxw7J/3+NNrc/do28wbTAdBgNVHQ4EFgQUBRQvK2k3Wk5n
8Db65spQRiKOLBkwHwYDVR0jBBgwFoAUBRQvK2k3Wk5n8Db65spQRiKOLBkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgI2tstPC8ufMRQ5Gu11C9ujI79Z5PjDeeQt3+1oL7xGECIG6L
wuKgKkIQlm91TIMoq2/OV0By9ipBhgQLZY8n+x21
-----END CERTIFICATE-----
`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXJZDOYCYmr7hAMeR
FDPaVyEuxOgMW/NVhWq+QuRct3GhRANCAASLFmMJgNcve1rAvRtJwZeHiMcdR4QH
FfJh2BChZG3sMrzrvdewamlndvfyQmbgX93z2uk5Ktyxw7J/3+NNrc/d
-----END PRIVATE KEY-----
`

test('with a certificate the gateway is reached by HTTPS, as a client that trusts it finds', () =>
  withGateway(
    script,
    async url => {
      assert.match(url, /^https:/)
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
      get(`${url}/v1/models`, { ca: cert }, response => resolve(response.resume().statusCode)).on('error', reject)
      assert.equal(await promise, 200)
      await assert.rejects(fetch(`${url.replace('https:', 'http:')}/v1/models`))
    },
    { tls: { cert, key } }
  ))

test('certificate and key are read together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-tls-'))
  try {
    const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    writeFileSync(tlsCert, cert)
    await assert.rejects(readTls({ tlsCert }), InvalidRequestError)
    await assert.rejects(readTls({ tlsCert, tlsKey }), SourceError)
    writeFileSync(tlsKey, key)
    assert.deepEqual(await readTls({ tlsCert, tlsKey }), { cert, key })
    assert.equal(await readTls({}), undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
