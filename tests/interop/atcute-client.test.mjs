// The unmodified @atcute/oauth-node-client, on loopback, as an app without keys, and as an app with keys.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { OAuthCallbackError, OAuthResponseError, TokenRefreshError } from '@atcute/oauth-node-client'
import { appClient, loopbackClient, newKey, refreshWith } from './lib/atcute.mjs'
import { call, writeAndRead } from './lib/client.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { startLab } from './lib/lab.mjs'
import { authorizeUnticked, signIn, walkToAnswer } from './lib/walk.mjs'

let lab
before(async () => {
  lab = await startLab()
})
after(() => lab?.stop())

for (const [kind, newClient] of [
  ['a loopback client', async () => loopbackClient(lab)],
  ['an app without keys', () => newApp({})],
  ['an app that publishes its keys by jwks', () => newApp({ keysBy: 'jwks', keyset: true })],
  ['an app that publishes its keys by jwks_uri', () => newApp({ keysBy: 'jwks_uri', keyset: true })],
]) {
  describe(kind, () => {
    test('logs a person in, writes and reads as them, and refreshes', async () => {
      const client = await newClient()
      const session = await logIn(client, lab.alice)
      const info = await session.getTokenInfo(false)
      assert.equal(info.iss, lab.issuer)
      assert.equal(info.scope, 'atproto transition:generic')

      await writeAndRead(session, `by ${kind}`)

      const spent = client.saved(session.did).tokenSet
      const fresh = await session.getTokenSet(true)
      assert.notEqual(fresh.refresh_token, spent.refresh_token)
      assert.notEqual(fresh.access_token, spent.access_token)
      assert.equal((await call(session, 'com.atproto.server.getSession')).body.did, lab.alice.did)
    })

    test('loses the session when a spent refresh token comes back', async () => {
      const client = await newClient()
      const session = await logIn(client, lab.alice)
      const spent = client.saved(session.did)
      await session.getTokenSet(true)
      await session.getTokenSet(true)
      const current = client.saved(session.did)
      await assert.rejects(refreshWith(client, spent), isInvalidGrant(/used before/))
      await assert.rejects(refreshWith(client, current), isInvalidGrant(/ended/))
    })

    test('ends the session at the server by signing out', async () => {
      const client = await newClient()
      const session = await logIn(client, lab.alice)
      const saved = client.saved(session.did)
      await session.signOut()
      assert.equal(client.saved(session.did), undefined)
      await assert.rejects(refreshWith(client, saved), isInvalidGrant(/ended/))
    })

    test('is granted no permission that the person unticks', async () => {
      const client = await newClient()
      const browser = new FormBrowser()
      const consent = await signIn(browser, await browser.open(await authorizeUrl(client, 'alice.test')), lab.alice)
      const { session } = await client.callback((await authorizeUnticked(browser, consent)).answer)
      assert.equal((await session.getTokenInfo(false)).scope, 'atproto')
    })

    test('is told access_denied by a person who says no', async () => {
      const client = await newClient()
      const browser = new FormBrowser()
      const consent = await signIn(browser, await browser.open(await authorizeUrl(client, 'alice.test')), lab.alice)
      await assert.rejects(client.callback((await browser.press(consent, 'Deny access')).answer), (error) => {
        assert.ok(error instanceof OAuthCallbackError)
        assert.equal(error.error, 'access_denied')
        return true
      })
    })
  })
}

for (const keysBy of ['jwks', 'jwks_uri']) {
  test(`an app begins sessions with a new key of its ${keysBy}, and loses those of a key that it takes out`, async () => {
    const name = nextName()
    const [first, second] = await Promise.all([newKey('first'), newKey('second')])
    const before = appClient(lab, name, { keysBy, keyset: [first] })
    const { sessions } = before
    before.publish()
    const session = await logIn(before, lab.alice)
    const ended = before.saved(session.did)

    const both = appClient(lab, name, { keysBy, keyset: [second, first], sessions })
    both.publish()
    const newer = await logIn(both, lab.bob)
    assert.equal(both.saved(session.did).authMethod.kid, 'first')
    assert.equal(both.saved(newer.did).authMethod.kid, 'second')
    for (const { did } of [session, newer]) await both.restore(did, { refresh: true })

    // an instance that has not heard of it yet still signs with the old key
    appClient(lab, name, { keysBy, keyset: [second] }).publish()
    await assert.rejects(both.restore(session.did, { refresh: true }), isInvalidGrant(/no longer publishes/))
    assert.equal(both.saved(session.did), undefined)
    await both.restore(newer.did, { refresh: true })

    both.publish()
    await assert.rejects(refreshWith(both, ended), isInvalidGrant(/ended/))
  })
}

let names = 0
const nextName = () => `atcute-${++names}`

async function newApp({ keysBy, keyset }) {
  const client = appClient(lab, nextName(), { keysBy, keyset: keyset && [await newKey('first')] })
  client.publish()
  return client
}

async function authorizeUrl(client, identifier, options) {
  const { url } = await client.authorize({ target: { type: 'account', identifier }, ...options })
  return url
}

async function logIn(client, account) {
  const browser = new FormBrowser()
  const page = await browser.open(await authorizeUrl(client, account.handle, { state: 'kept' }))
  const { session, state } = await client.callback((await walkToAnswer(browser, page, account)).answer)
  assert.equal(state, 'kept')
  assert.equal(session.did, account.did)
  return session
}

/** The library's word for a session that is over, with the server's reason. */
function isInvalidGrant(reason) {
  return (error) => {
    assert.ok(error instanceof TokenRefreshError, String(error.stack ?? error))
    assert.ok(error.cause instanceof OAuthResponseError)
    assert.equal(error.cause.status, 400)
    assert.equal(error.cause.error, 'invalid_grant')
    assert.match(error.message, reason)
    return true
  }
}
