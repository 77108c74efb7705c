// The unmodified NodeOAuthClient, as a loopback client, and a person without JavaScript in front of the pages.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OAuthCallbackError, TokenRefreshError } from '@atproto/oauth-client-node'
import { rememberingFetch } from './lib/artefacts.mjs'
import { call, loopbackClient, redirectUri, refreshWith } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { authorizeUnticked, signIn, walkToAnswer } from './lib/walk.mjs'

const collection = 'com.example.note'

let entryway

before(async () => {
  entryway = await startEntryway()
})
after(() => entryway?.stop())

test('a person logs in to a loopback client, which then writes and reads as them', async () => {
  const client = newClient()
  const session = await logIn(client, entryway.alice, { state: 'where they were' })
  assert.equal(session.did, entryway.alice.did)

  const created = await call(session, 'com.atproto.repo.createRecord', {
    repo: session.did,
    collection,
    record: { $type: collection, text: 'hello' },
  })
  assert.equal(created.status, 200)
  assert.match(created.body.uri, new RegExp(`^at://${session.did}/${collection}/`))

  const listed = await call(session, `com.atproto.repo.listRecords?repo=${session.did}&collection=${collection}`)
  assert.equal(listed.status, 200)
  assert.deepEqual(
    listed.body.records.map(({ uri, value }) => [uri, value.text]),
    [[created.body.uri, 'hello']],
  )

  const whoAmI = await call(session, 'com.atproto.server.getSession')
  assert.equal(whoAmI.status, 200)
  assert.equal(whoAmI.body.did, entryway.alice.did)
  assert.equal(whoAmI.body.handle, 'alice.test')
})

test('the token says what was granted, by whom, for whom and where', async () => {
  const session = await logIn(newClient(), entryway.alice)
  const info = await session.getTokenInfo(false)
  assert.equal(info.iss, entryway.issuer)
  assert.equal(info.sub, entryway.alice.did)
  assert.equal(new URL(info.aud).origin, entryway.pds)
  assert.equal(info.scope, 'atproto transition:generic')
  assert.equal(info.expired, false)
})

test('a login may begin at the address of the account host, without a handle', async () => {
  const client = newClient()
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(entryway.pds))
  assert.equal(page.field('username'), '')
  const answer = await walkToAnswer(browser, page, entryway.bob)
  const { session } = await client.callback(answer.answer)
  assert.equal(session.did, entryway.bob.did)
})

test('the handle that the app was told is filled in', async () => {
  const browser = new FormBrowser()
  const page = await browser.open(await newClient().authorize('bob.test'))
  assert.equal(page.field('username'), 'bob.test')
})

test('a client with the scope atproto alone knows who it is but cannot write', async () => {
  const session = await logIn(newClient({ scope: 'atproto' }), entryway.alice)
  assert.equal((await session.getTokenInfo(false)).scope, 'atproto')
  const refused = await call(session, 'com.atproto.repo.createRecord', {
    repo: session.did,
    collection,
    record: { $type: collection, text: 'no' },
  })
  assert.equal(refused.status, 403)
})

test('a permission that the person unticks is not granted', async () => {
  const client = newClient()
  const browser = new FormBrowser()
  const consent = await signIn(browser, await browser.open(await client.authorize('alice.test')), entryway.alice)
  const { session } = await client.callback((await authorizeUnticked(browser, consent)).answer)
  assert.equal((await session.getTokenInfo(false)).scope, 'atproto')
})

test('refreshing gives new tokens that work', async () => {
  const client = newClient()
  const session = await logIn(client, entryway.alice)
  const before = client.tokens(session.did)
  await session.getTokenInfo(true)
  const after = client.tokens(session.did)
  assert.notEqual(after.refresh_token, before.refresh_token)
  assert.notEqual(after.access_token, before.access_token)
  assert.equal(after.scope, before.scope)
  assert.equal((await call(session, 'com.atproto.server.getSession')).status, 200)
})

test('a spent refresh token, presented after its successor was used, ends the session', async () => {
  const client = newClient()
  const session = await logIn(client, entryway.alice)
  const spent = client.saved(session.did)
  await session.getTokenInfo(true)
  await session.getTokenInfo(true)
  const current = client.saved(session.did)

  await assert.rejects(refreshWith(client, spent), isInvalidGrant)
  // the theft that a replay tells of ends what the thief and the owner hold alike
  await assert.rejects(refreshWith(client, current), isInvalidGrant)
})

test('a refresh whose answer was lost can be tried again', async () => {
  let lose = false
  const client = newClient({
    fetch: async (...request) => {
      const response = await rememberingFetch(...request)
      if (lose && response.ok && response.url.endsWith('/token')) {
        lose = false
        throw new TypeError('the connection went away')
      }
      return response
    },
  })
  const session = await logIn(client, entryway.alice)
  lose = true
  await assert.rejects(session.getTokenInfo(true))
  assert.equal(lose, false, 'no answer was lost')
  await session.getTokenInfo(true)
  await session.getTokenInfo(true)
  assert.equal((await call(session, 'com.atproto.server.getSession')).status, 200)
})

test('two tabs without a lock that refresh at once both live on', async () => {
  const first = newClient({ requestLock: undefined })
  const session = await logIn(first, entryway.alice)
  const second = newClient({ requestLock: undefined })
  await second.sessions.set(session.did, first.saved(session.did))

  const tabs = await Promise.all([first.restore(session.did, true), second.restore(session.did, true)])
  for (const tab of tabs) assert.equal((await call(tab, 'com.atproto.server.getSession')).status, 200)
  assert.equal(second.tokens(session.did).refresh_token, first.tokens(session.did).refresh_token)
  // and the lineage goes on from there
  assert.equal((await call(await first.restore(session.did, true), 'com.atproto.server.getSession')).status, 200)
})

test('ten tabs that share a store and refresh at once, again and again, all live on', async () => {
  const first = newClient({ requestLock: undefined })
  const session = await logIn(first, entryway.alice)
  const tabs = [first]
  while (tabs.length < 10) tabs.push(newClient({ requestLock: undefined, sessions: first.sessions }))
  for (let round = 0; round < 3; round++) {
    await Promise.all(tabs.map((tab) => tab.restore(session.did, true)))
  }
  assert.equal((await call(await first.restore(session.did, false), 'com.atproto.server.getSession')).status, 200)
})

test('signing out ends the session at the server', async () => {
  const client = newClient()
  const session = await logIn(client, entryway.alice)
  const saved = client.saved(session.did)
  await session.signOut()
  assert.equal(client.saved(session.did), undefined)
  await assert.rejects(refreshWith(client, saved), isInvalidGrant)
})

test('a second login through the same client ends the first session', async () => {
  const client = newClient()
  const first = await logIn(client, entryway.alice)
  const saved = client.saved(first.did)
  const second = await logIn(client, entryway.alice)
  const current = client.saved(second.did)
  await assert.rejects(refreshWith(client, saved), isInvalidGrant)
  await refreshWith(client, current)
})

for (const [where, button] of [['the consent page', 'Deny access'], ['the sign-in page', 'Cancel']]) {
  test(`a person who says no on ${where} sends the client access_denied`, async () => {
    const client = newClient()
    const browser = new FormBrowser()
    let page = await browser.open(await client.authorize('alice.test', { state: 'kept' }))
    if (button === 'Deny access') page = await signIn(browser, page, entryway.alice)
    const { answer } = await browser.press(page, button)
    await assert.rejects(client.callback(answer), (error) => {
      assert.ok(error instanceof OAuthCallbackError)
      assert.equal(error.params.get('error'), 'access_denied')
      assert.equal(error.params.get('iss'), entryway.issuer)
      assert.equal(error.state, 'kept')
      return true
    })
  })
}

test('a wrong password and an unknown account get the same page, and another try', async () => {
  const client = newClient()
  const browser = new FormBrowser()
  const opened = await browser.open(await client.authorize(entryway.pds))
  const wrong = await signIn(browser, opened, entryway.alice, 'pass-that-is-wrong')
  const unknown = await browser.press(wrong, 'Sign in', { username: 'nobody.test', password: 'pass-that-is-wrong' })
  assert.equal(wrong.status, unknown.status)
  assert.equal(wrong.text, unknown.text)
  const answer = await walkToAnswer(browser, unknown, entryway.alice)
  const { session } = await client.callback(answer.answer)
  assert.equal(session.did, entryway.alice.did)
})

test('prompt=none gives a public client nothing silently, and does not say who is signed in', async () => {
  const { client, browser } = await signedInBrowser()
  for (const whose of [new FormBrowser(), browser]) {
    const page = await whose.open(await client.authorize('alice.test', { prompt: 'none' }))
    await assert.rejects(client.callback(page.answer), (refusal) => {
      assert.ok(refusal instanceof OAuthCallbackError)
      assert.equal(refusal.params.get('error'), 'login_required')
      assert.equal(refusal.params.get('iss'), entryway.issuer)
      return true
    })
  }
})

test('prompt=login asks for the password although a session is there', async () => {
  const { client, browser } = await signedInBrowser()
  const page = await browser.open(await client.authorize('alice.test', { prompt: 'login' }))
  assert.notEqual(page.field('password'), undefined, page.text)
  const { session } = await client.callback((await walkToAnswer(browser, page, entryway.alice)).answer)
  assert.equal(session.did, entryway.alice.did)
})

test('prompt=consent asks a person who is signed in for nothing but consent', async () => {
  const { client, browser } = await signedInBrowser()
  const page = await browser.open(await client.authorize('alice.test', { prompt: 'consent' }))
  assert.equal(page.field('password'), undefined)
  const { session } = await client.callback((await browser.press(page, 'Authorize')).answer)
  assert.equal(session.did, entryway.alice.did)
})

test('prompt=select_account lets a person choose, or use another account', async () => {
  const { client, browser } = await signedInBrowser()
  const page = await browser.open(await client.authorize(entryway.pds, { prompt: 'select_account' }))
  assert.ok(page.buttons.some((name) => name.includes('alice.test')), page.buttons.join(', '))
  const other = await browser.press(page, 'Use another account')
  assert.notEqual(other.field('password'), undefined, other.text)
  const { session } = await client.callback((await walkToAnswer(browser, other, entryway.bob)).answer)
  assert.equal(session.did, entryway.bob.did)
})

for (const responseMode of ['query', 'form_post']) {
  test(`the answer comes back by ${responseMode} where the client asks for it`, async () => {
    const client = newClient({ responseMode })
    const browser = new FormBrowser()
    let page = await browser.open(await client.authorize('alice.test'))
    page = await signIn(browser, page, entryway.alice)
    page = await browser.press(page, 'Authorize')
    // without JavaScript a person carries the form on themselves
    if (responseMode === 'form_post') page = await browser.press(page, 'Continue')
    assert.equal(page.sent.method, responseMode === 'query' ? 'GET' : 'POST')
    assert.equal(page.url.origin + page.url.pathname, redirectUri)
    const { session } = await client.callback(page.answer)
    assert.equal(session.did, entryway.alice.did)
  })
}

test('a handle that nobody has is refused by the client before any page', async () => {
  await assert.rejects(newClient().authorize('nobody.test'), (error) => {
    assert.match(String(error.cause ?? error), /does not resolve/)
    return true
  })
})

const newClient = (options) => loopbackClient(entryway, options)

async function logIn(client, account, options) {
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(account.handle, options))
  const { answer } = await walkToAnswer(browser, page, account)
  const { session, state } = await client.callback(answer)
  assert.equal(state, options?.state ?? null)
  return session
}

/** A browser in which alice is signed in and has said yes to this client once. */
async function signedInBrowser() {
  const client = newClient()
  const browser = new FormBrowser()
  await walkToAnswer(browser, await browser.open(await client.authorize('alice.test')), entryway.alice)
  return { client, browser }
}

function isInvalidGrant(error) {
  assert.ok(error instanceof TokenRefreshError, String(error.stack ?? error))
  assert.equal(error.cause?.status, 400)
  assert.equal(error.cause?.error, 'invalid_grant')
  return true
}
