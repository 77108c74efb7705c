// The gate while its feed of revocations is interrupted: nothing revoked gets through once what it knows is older than
// its limit, and nothing valid is refused before.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loopbackClient } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { startFeedFront } from './lib/feed-front.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { newPerson, startGate, startGatedPds } from './lib/gate.mjs'
import { HeldToken } from './lib/held-token.mjs'
import { ownPort } from './lib/ports.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const stalenessSeconds = 12
const stalenessMs = stalenessSeconds * 1_000
/** So often the server says that nothing happened: what a gate knows may be as old when the feed is interrupted. */
const headEveryMs = 5_000
/** By so much a busy machine may be late with that. */
const lateMs = 2_000

let front, loginPort, entryway, gate, pds, carol

before(async () => {
  loginPort = await ownPort()
  front = await startFeedFront(await ownPort())
  await startLogin()
  ;({ gate, pds } = await startGatedPds(entryway, { stalenessSeconds }))
  carol = await newPerson(pds, 'carol.test')
})
after(async () => {
  await gate?.stop()
  await pds?.stop()
  await entryway?.stop()
  front?.stop()
})

for (const [interruption, interrupt] of [
  ['is cut off', () => front.cut()],
  ['is held back', () => front.silence()],
]) {
  test(`while the feed ${interruption}, what is valid passes within the limit, and what was revoked not beyond it`, async (t) => {
    const [kept, revoked] = [await newToken(), await newToken()]
    assert.deepEqual([await kept.status(), await revoked.status()], [200, 200])

    const interrupted = performance.now()
    interrupt()
    await revoked.revoke()
    t.diagnostic(`the valid one was refused ${await refusedAsStale(kept, interrupted)} ms after the feed was interrupted`)
    assert.equal(await revoked.status(), 503)
    assert.equal(await kept.status(), 503)

    front.open()
    let passed = 0
    const back = await kept.until(async (status) => {
      if ((await revoked.status()) === 200) passed += 1
      return status === 200
    })
    t.diagnostic(`the valid one passed again ${back} ms after the feed was back`)
    assert.equal(passed, 0, 'the revoked one passed')
    assert.equal(await revoked.status(), 401)
  })
}

test('while the login stands still, what is valid passes within the limit; once it goes on, it passes again', async () => {
  const kept = await newToken()
  const stopped = performance.now()
  entryway.pause()
  await refusedAsStale(kept, stopped)
  entryway.resume()
  await kept.until((status) => status === 200)
})

test('a login that is killed and started again refuses nothing valid, and its revocations arrive', async () => {
  await gate.stop()
  gate = await startGate(entryway, pds)
  const [kept, revoked] = [await newToken(), await newToken()]
  await kept.until((status) => status === 200)
  await entryway.kill()
  const down = kept.watch()
  await startLogin()
  assert.deepEqual(await down.end(), [200])
  assert.equal(await revoked.status(), 200)
  await revoked.revoke()
  await revoked.until((status) => status === 401)
  assert.equal(await kept.status(), 200)
})

test('a gate that is killed and started again refuses what was revoked before, from its first answer on', async () => {
  const [kept, revoked] = [await newToken(), await newToken()]
  await revoked.until((status) => status === 200)
  await revoked.revoke()
  await revoked.until((status) => status === 401)
  await gate.kill()
  gate = await startGate(entryway, pds)
  const answers = revoked.watch()
  await kept.until((status) => status === 200)
  const seen = await answers.end()
  assert.ok(!seen.includes(200), `the revoked one was answered ${seen}`)
  assert.equal(await revoked.status(), 401)
})

/** Waits until the gate no longer judges, and checks that this was neither too early nor too late; after how long. */
async function refusedAsStale(kept, interrupted) {
  await kept.until((status) => status !== 200)
  const ms = Math.round(performance.now() - interrupted)
  assert.ok(ms > stalenessMs - headEveryMs - lateMs, `refused after ${ms} ms`)
  const passed = Math.round(kept.lastPassed - interrupted)
  assert.ok(passed <= stalenessMs, `still let through after ${passed} ms`)
  return ms
}

async function startLogin() {
  entryway = await startEntryway({ port: loginPort, more: ['--origin', front.origin] })
  front.to(entryway.behind.issuer)
}

/** An access token of a session of its own, and how to end that session without the holder hearing of it. */
async function newToken() {
  const client = loopbackClient(entryway, { handleResolver: gate.url })
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(carol.handle))
  const { answer } = await walkToAnswer(browser, page, carol)
  const { session } = await client.callback(answer)
  return Object.assign(new HeldToken(client.saved(session.did)), { revoke: () => session.signOut() })
}
