// The unmodified NodeOAuthClient as an app with keys: it authenticates by assertions, its document is a web page.

import { setTimeout as sleep } from 'node:timers/promises'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { OAuthCallbackError, OAuthResponseError, TokenRefreshError } from '@atproto/oauth-client-node'
import { call, refreshWith, writeAndRead } from './lib/client.mjs'
import { ConfidentialApp, newKey } from './lib/confidential-app.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { startLab } from './lib/lab.mjs'
import { authorizeUnticked, signIn, walkToAnswer } from './lib/walk.mjs'

let lab
before(async () => {
  lab = await startLab()
})
after(() => lab?.stop())

for (const keysBy of ['jwks', 'jwks_uri']) {
  describe(`an app that publishes its keys by ${keysBy}`, () => {
    test('logs a person in, writes and reads as them, and refreshes', async () => {
      const { client } = await newApp()
      const session = await logIn(client, lab.alice)
      const info = await session.getTokenInfo(false)
      assert.equal(info.iss, lab.issuer)
      assert.equal(info.sub, lab.alice.did)
      assert.equal(info.scope, 'atproto transition:generic')

      await writeAndRead(session, `by ${keysBy}`)

      const spent = client.tokens(session.did)
      await session.getTokenInfo(true)
      const fresh = client.tokens(session.did)
      assert.notEqual(fresh.refresh_token, spent.refresh_token)
      assert.notEqual(fresh.access_token, spent.access_token)
      assert.equal((await call(session, 'com.atproto.server.getSession')).body.did, lab.alice.did)
    })

    test('loses the session when a spent refresh token comes back', async () => {
      const { client } = await newApp()
      const session = await logIn(client, lab.alice)
      const spent = client.saved(session.did)
      await session.getTokenInfo(true)
      await session.getTokenInfo(true)
      const current = client.saved(session.did)
      await assert.rejects(refreshWith(client, spent), isInvalidGrant(/used before/))
      await assert.rejects(refreshWith(client, current), isInvalidGrant(/ended/))
    })

    test('ends the session at the server by signing out', async () => {
      const { client } = await newApp()
      const session = await logIn(client, lab.alice)
      const saved = client.saved(session.did)
      await session.signOut()
      assert.equal(client.saved(session.did), undefined)
      await assert.rejects(refreshWith(client, saved), isInvalidGrant(/ended/))
    })

    test('begins new sessions with a new key, while the old ones go on with theirs', async () => {
      const { app, client, key } = await newApp()
      const session = await logIn(client, lab.alice)
      const rotated = app.withKeys(await newKey('new'), key)
      app.publish(rotated)
      const newer = await logIn(rotated, lab.bob)

      assert.equal(rotated.saved(session.did).authMethod.kid, key.kid)
      assert.equal(rotated.saved(newer.did).authMethod.kid, 'new')
      for (const { did } of [session, newer]) {
        const refreshed = await rotated.restore(did, true)
        assert.equal((await call(refreshed, 'com.atproto.server.getSession')).body.did, did)
      }
    })

    //
    test('loses the sessions of a key that it no longer publishes, and no others', async () => {
      const { app, client, key } = await newApp()
      const session = await logIn(client, lab.alice)
      const ended = client.saved(session.did)
      const newKeyOnly = await newKey('new')
      const rotated = app.withKeys(newKeyOnly, key)
      app.publish(rotated)
      const newer = await logIn(rotated, lab.bob)

      // an instance that has not heard of it yet still signs with the old key
      app.publish(app.withKeys(newKeyOnly))
      await assert.rejects(rotated.restore(session.did, true), isInvalidGrant(/no longer publishes/))
      assert.equal(rotated.saved(session.did), undefined)
      await rotated.restore(newer.did, true)

      // and publishing it again brings nothing back
      app.publish(rotated)
      await assert.rejects(refreshWith(rotated, ended), isInvalidGrant(/ended/))
    })

    test('is told by the library that a session without its key is over', async () => {
      const { app, client } = await newApp()
      const session = await logIn(client, lab.alice)
      const other = app.withKeys(await newKey('other'))
      app.publish(other)
      await assert.rejects(other.restore(session.did, true), { message: 'Failed to load private key' })
      assert.equal(other.saved(session.did), undefined)
    })

    test('begins a session with a new key as soon as it publishes it, however long the old document is good for', async () => {
      const { app, client, key } = await newApp({ answer: { headers: { 'cache-control': 'max-age=600' } } })
      await logIn(client, lab.alice)
      const rotated = app.withKeys(await newKey('new'), key)
      app.publish(rotated)
      const session = await logIn(rotated, lab.bob)
      assert.equal(rotated.saved(session.did).authMethod.kid, 'new')
    })

    test('is read once for a login and a refresh, while its document is good', async () => {
      const { app, client } = await newApp({ answer: { headers: { 'cache-control': 'max-age=600' } } })
      const session = await logIn(client, lab.alice)
      await session.getTokenInfo(true)
      assert.equal(lab.site.hits(app.document), 1)
      assert.equal(lab.site.hits(app.keySet), keysBy === 'jwks_uri' ? 1 : 0)
    })

    //
    test('keeps its sessions while its site is down, and begins none', async () => {
      const { app, client } = await newApp()
      const session = await logIn(client, lab.alice)
      lab.site.fail(keysBy === 'jwks_uri' ? app.keySet : app.document, 503)
      await session.getTokenInfo(true)
      assert.equal((await call(session, 'com.atproto.server.getSession')).status, 200)
      await assert.rejects(client.authorize('alice.test'), isRefused('invalid_client_metadata', /503/))

      app.publish(client)
      // a site that failed twice in a row is left alone for two seconds
      await sleep(2_500)
      await logIn(client, lab.bob)
    })

    test('is refused when it signs with a key that it does not publish', async () => {
      const { app } = await newApp()
      const stranger = app.withKeys(await newKey('stranger'))
      await assert.rejects(stranger.authorize('alice.test'), isRefused('invalid_client', /kid/))
    })

    async function newApp({ answer } = {}) {
      const app = new ConfidentialApp(lab, nextName(), { keysBy })
      const key = await newKey('first')
      const client = app.withKeys(key)
      app.publish(client, answer)
      return { app, client, key }
    }
  })
}

test('a permission that the person unticks is not granted', async () => {
  const client = await publishedClient()
  const browser = new FormBrowser()
  const consent = await signIn(browser, await browser.open(await client.authorize('alice.test')), lab.alice)
  assert.match(consent.text, /app\.example\.net/)
  const { session } = await client.callback((await authorizeUnticked(browser, consent)).answer)
  assert.equal((await session.getTokenInfo(false)).scope, 'atproto')
})

//
test('prompt=none is answered without a page where everything asked for was granted before', async () => {
  const client = await publishedClient()
  const browser = new FormBrowser()
  await assertRefusedSilently(client, browser, 'login_required')
  const { answer } = await walkToAnswer(browser, await browser.open(await client.authorize('alice.test')), lab.alice)
  await client.callback(answer)

  const page = await browser.open(await client.authorize('alice.test', { prompt: 'none' }))
  const { session } = await client.callback(page.answer)
  assert.equal(session.did, lab.alice.did)
})

test('prompt=none is refused where something asked for was not granted', async () => {
  const client = await publishedClient()
  const browser = new FormBrowser()
  const consent = await signIn(browser, await browser.open(await client.authorize('alice.test')), lab.alice)
  await client.callback((await authorizeUnticked(browser, consent)).answer)
  await assertRefusedSilently(client, browser, 'consent_required')
})

for (const algorithm of ['ES384', 'ES256K', 'EdDSA']) {
  test(`an app may sign its assertions with ${algorithm}`, async () => {
    const client = await clientThatSignsWith(algorithm)
    const session = await logIn(client, lab.alice)
    assert.equal(client.saved(session.did).authMethod.kid, 'other')
    await session.getTokenInfo(true)
    assert.equal((await call(session, 'com.atproto.server.getSession')).status, 200)
  })
}

// what this version of the library calls the public half of an RSA key has the primes in it
test('an app that gives its private key away is refused, and is not told what it is', async () => {
  const client = await clientThatSignsWith('RS256')
  assert.ok('p' in client.jwks.keys[0], 'the library no longer does: try RS256 above')
  await assert.rejects(client.authorize('alice.test'), isRefused('invalid_client_metadata', /private/))
})

let names = 0
const nextName = () => `app-${++names}`

async function publishedClient() {
  const app = new ConfidentialApp(lab, nextName(), { keysBy: 'jwks' })
  const client = app.withKeys(await newKey('only'))
  app.publish(client)
  return client
}

/** The library wants an ES256 key beside any other, and signs with the first. */
async function clientThatSignsWith(algorithm) {
  const app = new ConfidentialApp(lab, nextName(), { keysBy: 'jwks', token_endpoint_auth_signing_alg: algorithm })
  const client = app.withKeys(await newKey('other', algorithm), await newKey('usual'))
  app.publish(client)
  return client
}

async function logIn(client, account) {
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(account.handle, { state: 'kept' }))
  const { answer } = await walkToAnswer(browser, page, account)
  const { session, state } = await client.callback(answer)
  assert.equal(state, 'kept')
  assert.equal(session.did, account.did)
  return session
}

async function assertRefusedSilently(client, browser, error) {
  const page = await browser.open(await client.authorize('alice.test', { prompt: 'none' }))
  await assert.rejects(client.callback(page.answer), (refusal) => {
    assert.ok(refusal instanceof OAuthCallbackError)
    assert.equal(refusal.params.get('error'), error)
    return true
  })
}

/** The library's word for a session that is over, with the server's reason. */
function isInvalidGrant(reason) {
  return (error) => {
    assert.ok(error instanceof TokenRefreshError, String(error.stack ?? error))
    return isRefused('invalid_grant', reason)(error.cause)
  }
}

function isRefused(code, reason) {
  return (error) => {
    assert.ok(error instanceof OAuthResponseError, String(error.stack ?? error))
    assert.equal(error.status, 400)
    assert.equal(error.error, code)
    assert.match(error.errorDescription, reason)
    return true
  }
}
