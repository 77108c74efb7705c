// The operator's guide leads from nothing to a login at an unmodified PDS; and `pds check` tells what an operator got
// wrong who did not follow it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { after, before, test } from 'node:test'
import { logFile, remember, rememberParameters, runName } from './lib/artefacts.mjs'
import { writeAndRead } from './lib/client.mjs'
import { folder as dataFolder, newPassword, startEntryway } from './lib/entryway.mjs'
import { callable, commands, follow, inShell } from './lib/guide.mjs'
import { authorize, logIn } from './lib/people.mjs'
import { ownPort } from './lib/ports.mjs'
import { startReferencePds } from './lib/reference-pds.mjs'

const folder = mkdtempSync(join(tmpdir(), 'entryway-guide-'))
const password = newPassword()

let sandbox, pds, restart, env, operator, login

before(async () => {
  // of which only the PLC directory is used
  sandbox = await startEntryway({ database: null })
  const publicUrl = `http://localhost:${await ownPort()}`
  mkdirSync(join(folder, 'pds'))
  const adminPassword = newPassword()
  const own = { PDS_ADMIN_PASSWORD: adminPassword }
  restart = async (delegation) => {
    await pds?.kill()
    const settings = { ...own, ...delegation }
    pds = await startReferencePds({ plc: sandbox.plc, publicUrl, did: 'did:web:pds.test', folder: join(folder, 'pds'), settings })
  }
  await restart({})

  const port = await ownPort()
  login = { issuer: `http://localhost:${port}`, plc: sandbox.plc }
  const restarting = await callable(() => restart(delegation()))
  writeFileSync(join(folder, 'pds.password'), adminPassword, { mode: 0o600 })
  env = {
    LOGIN: login.issuer,
    LISTEN: `127.0.0.1:${port}`,
    PDS: publicUrl,
    HANDLES: '.test',
    PLC: sandbox.plc,
    DIR: join(folder, 'entryway'),
    DATABASE: process.env.ENTRYWAY_DATABASE_URL || join(dataFolder, 'guide.sqlite'),
    DEVELOPMENT: '[development]',
    PDS_ENV: join(folder, 'pds.env'),
    RESTART_PDS: restarting.command,
    PDS_PASSWORD_FILE: join(folder, 'pds.password'),
    NAME: 'olive',
    PASSWORD: password,
  }
  try {
    operator = await follow(commands('sh run') + commands('sh run account'), env)
  } finally {
    restarting.stop()
  }
  remember(readFileSync(join(env.DIR, 'admin.token'), 'utf8').trim())
  remember(readFileSync(join(env.DIR, 'root.key'), 'utf8').trim())
  rememberParameters(account())
})
after(async () => {
  await operator?.end()
  const log = join(folder, 'entryway', 'serve.log')
  if (existsSync(log)) copyFileSync(log, logFile(`${runName}-serve`))
  await pds?.stop()
  await sandbox?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('who follows the guide is told that all is well', () => {
  assert.match(operator.said, /config\.toml is good/)
  assert.match(operator.said, /"ready":true/)
  const { status, stdout } = check()
  assert.equal(status, 0, stdout)
  assert.doesNotMatch(stdout, /^ +(FAULT|\?)/m)
})

test('the first account logs in with an app and with its password, and writes to the PDS', async () => {
  const { did, handle } = account()
  const olive = { did, handle, password }
  for (const start of [handle, pds.publicUrl]) {
    const session = await authorize(login, olive, { start })
    assert.equal(session.did, did)
    assert.equal((await session.getTokenInfo(false)).aud, `${pds.publicUrl}/`)
    await writeAndRead(session, 'as the guide says')
  }
  const agent = await logIn(olive, pds.publicUrl)
  await agent.sessionManager.refreshSession()
  assert.equal((await agent.com.atproto.server.getSession()).data.handle, handle)
})

const otherKey = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'
const otherDidKey = 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'

// C6
for (const [variable, value] of [
  ['PDS_ENTRYWAY_URL', undefined],
  ['PDS_ENTRYWAY_URL', 'http://localhost:1'],
  ['PDS_ENTRYWAY_DID', 'did:web:other.test'],
  ['PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX', otherKey],
  ['PDS_ENTRYWAY_PLC_ROTATION_KEY', otherDidKey],
  ['PDS_SERVICE_HANDLE_DOMAINS', '.other.test'],
  ['PDS_SERVICE_DID', 'did:web:other.test'],
  ['PDS_ADMIN_PASSWORD', newPassword()],
]) {
  test(`a PDS ${value ? 'with another' : 'without'} ${variable} is found out, with a cure that names it`, async () => {
    const changed = { ...delegation(), [variable]: value }
    if (value === undefined) for (const name of Object.keys(changed)) if (name.startsWith('PDS_ENTRYWAY_')) delete changed[name]
    await restart(changed)
    const { status, stdout } = check()
    assert.equal(status, 1, stdout)
    const cures = [...stdout.matchAll(/^ +FAULT .*\n +cure: (.*)$/gm)].map(([, cure]) => cure)
    assert.ok(cures.some((cure) => cure.includes(variable)), stdout)
  })
}

test('a PDS that is mended is well again', async () => {
  await restart(delegation())
  const { status, stdout } = check()
  assert.equal(status, 0, stdout)
})

/** What the guide had the operator put into the environment of the PDS. */
const delegation = () => parseEnv(readFileSync(env.PDS_ENV, 'utf8'))

const account = () => JSON.parse(readFileSync(join(env.DIR, 'account.json'), 'utf8'))

/** What `entryway pds check` says, which the operator runs again. */
function check() {
  const config = { ENTRYWAY_CONFIG: join(env.DIR, 'config.toml') }
  return spawnSync('entryway', ['pds', 'check', env.PDS], { encoding: 'utf8', env: inShell({ ...config, ENTRYWAY_LOG: 'warn' }) })
}
