// An unmodified PDS that delegates its login to our server, behind the gate, which passes tokens and proofs on: so that
// it feels a revocation that it could not hear of.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { remember } from './lib/artefacts.mjs'
import { call, loopbackClient, writeAndRead } from './lib/client.mjs'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { database, newPassword, operate, startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { startGate } from './lib/gate.mjs'
import { HeldToken } from './lib/held-token.mjs'
import { mailedCode, onceGood } from './lib/mailbox.mjs'
import { signUp } from './lib/people.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const collection = 'com.example.note'
const revokedWithinMs = 1_000

let entryway, fleet, gate, pds, carol

before(async () => {
  entryway = await startEntryway()
  const dpopSecret = randomBytes(32).toString('hex')
  remember(dpopSecret)
  fleet = await startDelegatingHosts(entryway, ['gated'], {
    settings: { PDS_DPOP_SECRET: dpopSecret },
    front: async (pds) => {
      gate = await startGate(entryway, pds, { credentials: ['credentials = "pass"', `dpop_secret = "${dpopSecret}"`] })
    },
  })
  ;[pds] = fleet.hosts
  carol = await signUp(entryway, fleet, 'carol')
})
after(async () => {
  await gate?.stop()
  await fleet?.stop()
  await entryway?.stop()
})

test('a person writes and reads; the PDS verifies what the gate verified', async () => {
  const { session } = await logIn()
  await writeAndRead(session, 'through the gate')
  await session.getTokenInfo(true)
  await writeAndRead(session, 'and after a refresh')
})

test('a missing scope is refused before the PDS is asked', async () => {
  const { session } = await logIn({ scope: `atproto repo:${collection}?action=create` })
  const record = { $type: 'com.example.other' }
  const input = { repo: carol.did, collection: 'com.example.other', record }
  const refused = await call(session, 'com.atproto.repo.createRecord', input)
  assert.deepEqual([refused.status, refused.body.error], [403, 'ScopeMissingError'])
})

test('a grant that was revoked is refused within a second by the gate, and not by the PDS', async (t) => {
  const { session, saved } = await logIn()
  const stolen = new HeldToken(saved)
  assert.equal(await stolen.status(), 200)
  await session.signOut()
  const ms = await stolen.until((status) => status !== 200)
  t.diagnostic(`refused ${ms} ms after the revocation was answered`)
  assert.equal(await stolen.status(), 401)
  assert.ok(ms < revokedWithinMs, `refused after ${ms} ms`)
  assert.equal(await stolen.status({ at: pds.origin }), 200, 'the PDS would not have known')
})

// whatever ends the sessions of an account
for (const [what, act] of [
  ['chose another password', resetPassword],
  ['rests the account', (person) => person.agent.com.atproto.server.deactivateAccount({})],
  ['deleted the account', deleteAccount],
  ['was taken down here', ({ did }) => operate(['account', 'take-down', did, ...database()])],
]) {
  test(`a session whose person ${what} is refused within a second by the gate`, async (t) => {
    const person = await signUp(entryway, fleet, `p${randomBytes(4).toString('hex')}`)
    const { saved } = await logIn({ person })
    const stolen = new HeldToken(saved)
    assert.equal(await stolen.status(), 200)
    await act(person)
    const ms = await stolen.until((status) => status !== 200)
    t.diagnostic(`refused ${ms} ms after it was done`)
    assert.equal(await stolen.status(), 401)
    assert.ok(ms < revokedWithinMs, `refused after ${ms} ms`)
  })
}

async function resetPassword({ email, agent }) {
  const { server } = agent.com.atproto
  const token = await mailedCode(entryway, email, () => server.requestPasswordReset({ email }))
  await onceGood(() => server.resetPassword({ token, password: newPassword() }))
}

async function deleteAccount({ did, email, password, agent }) {
  const { server } = agent.com.atproto
  const token = await mailedCode(entryway, email, () => server.requestAccountDelete())
  await server.deleteAccount({ did, password, token })
}

async function logIn({ person = carol, ...options } = {}) {
  const client = loopbackClient(entryway, options)
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(person.did))
  const { answer } = await walkToAnswer(browser, page, person)
  const { session } = await client.callback(answer)
  return { session, saved: client.saved(session.did) }
}
