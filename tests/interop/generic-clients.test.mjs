// oauth4webapi and openid-client, unmodified: generic clients, written for no protocol of ours.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ResponseBodyError } from 'oauth4webapi'
import { startLocalSite } from './lib/client-site.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { Oauth4webapi, OpenidClient, register } from './lib/generic-apps.mjs'
import { startLab } from './lib/lab.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const collection = 'com.example.note'

let lab
before(async () => {
  lab = await startLab()
})
after(() => lab?.stop())

for (const Library of [Oauth4webapi, OpenidClient]) {
  describe(Library === Oauth4webapi ? 'oauth4webapi' : 'openid-client', () => {
    for (const algorithm of ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', null]) {
      const signing = algorithm ? `signs assertions and proofs with ${algorithm}` : 'has no key'
      test(`an app that ${signing} logs in, writes, reads, refreshes and revokes`, async () => {
        const app = await newApp({ algorithm })
        const tokens = await logIn(app)
        assert.equal(tokens.sub, lab.alice.did)
        assert.equal(tokens.scope, 'atproto transition:generic')

        const record = { $type: collection, text: `with ${algorithm}` }
        const body = JSON.stringify({ repo: tokens.sub, collection, record })
        const created = await app.ask(tokens.access_token, 'POST', '/xrpc/com.atproto.repo.createRecord', body)
        assert.equal(created.status, 200)
        const { uri } = await created.json()
        const list = `/xrpc/com.atproto.repo.listRecords?repo=${tokens.sub}&collection=${collection}`
        const { records } = await (await app.ask(tokens.access_token, 'GET', list)).json()
        assert.deepEqual(records.find((found) => found.uri === uri)?.value, record)

        const fresh = await app.refresh(tokens.refresh_token)
        assert.notEqual(fresh.refresh_token, tokens.refresh_token)
        assert.equal(fresh.scope, tokens.scope)
        assert.equal((await whoAmI(app, fresh)).did, lab.alice.did)

        // without a proof, as RFC 7009 has it
        await app.revoke(fresh.refresh_token)
        await assert.rejects(app.refresh(fresh.refresh_token), isRefused('invalid_grant', /ended/))
      })
    }

    test('revoking an access token ends the session too', async () => {
      const app = await newApp()
      const tokens = await logIn(app)
      await app.revoke(tokens.access_token)
      await assert.rejects(app.refresh(tokens.refresh_token), isRefused('invalid_grant', /ended/))
    })

    test('a spent refresh token, presented after its successor was used, ends the session', async () => {
      const app = await newApp()
      const { refresh_token: spent } = await logIn(app)
      const { refresh_token: next } = await app.refresh(spent)
      const { refresh_token: current } = await app.refresh(next)
      await assert.rejects(app.refresh(spent), isRefused('invalid_grant', /used before/))
      await assert.rejects(app.refresh(current), isRefused('invalid_grant', /ended/))
    })

    test('the library takes no answer of another issuer, and none that names no issuer', async () => {
      for (const change of [(answer) => answer.set('iss', 'https://elsewhere.example.org'), (answer) => answer.delete('iss')]) {
        const app = await newApp()
        const url = await callback(app)
        change(url.searchParams)
        await assert.rejects(async () => app.finish(url), (error) => /"iss"/.test(error.cause?.message ?? error.message))
      }
    })

    test('a code is of no use without the verifier', async () => {
      const app = await newApp()
      const url = await callback(app)
      app.verifier = 'v'.repeat(43)
      await assert.rejects(app.finish(url), isRefused('invalid_grant', /code_verifier/))
    })

    test('an assertion that was used before is refused, and so is one for another server', async () => {
      let change
      const app = await newApp({ change: (claims) => Object.assign(claims, change) })
      change = { aud: 'https://elsewhere.example.org' }
      await assert.rejects(app.begin(), isRefused('invalid_client', /aud/))
      change = { jti: 'the-same-again' }
      await app.begin()
      await assert.rejects(app.begin(), isRefused('invalid_client', /jti/))
    })

    test('the person who says no is told of to the app', async () => {
      const app = await newApp()
      const browser = new FormBrowser()
      const page = await browser.open(await app.begin({ login_hint: 'alice.test' }))
      const { url } = await browser.press(page, 'Cancel')
      await assert.rejects(async () => app.finish(url), (error) => error.error === 'access_denied')
    })

    async function newApp(options) {
      return Library.of(lab, await register(lab.site, nextName(), options))
    }
  })
}

// RFC 9449 section 8: the first request has no nonce yet, and every answer brings the next
test('a client that makes no request twice by itself is asked for a nonce once at the login and once at the host', async () => {
  const app = await Oauth4webapi.of(lab, await register(lab.site, nextName()))
  const tokens = await logIn(app)
  await whoAmI(app, tokens)
  await app.refresh(tokens.refresh_token)
  assert.equal(app.nonces, 2)
})

test('an app under development has its document at http on loopback', async (context) => {
  const site = await startLocalSite()
  context.after(site.stop)
  const app = await register(site, nextName(), { algorithm: null, more: { application_type: 'native' } })
  const tokens = await logIn(await Oauth4webapi.of(lab, app))
  assert.equal(tokens.sub, lab.alice.did)
})

let names = 0
const nextName = () => `generic-${++names}`

/** Where the person arrives at the app, with an answer. */
async function callback(app) {
  const browser = new FormBrowser()
  const page = await browser.open(await app.begin({ login_hint: 'alice.test' }))
  return (await walkToAnswer(browser, page, lab.alice)).url
}

async function logIn(app) {
  return app.finish(await callback(app))
}

async function whoAmI(app, tokens) {
  return (await app.ask(tokens.access_token, 'GET', '/xrpc/com.atproto.server.getSession')).json()
}

function isRefused(code, reason) {
  return (error) => {
    assert.ok(error instanceof ResponseBodyError, String(error.stack ?? error))
    assert.equal(error.status, 400)
    assert.equal(error.error, code)
    assert.match(error.error_description, reason)
    return true
  }
}
