import { afterEach, expect, test } from 'vitest';
import { createLog, logObserver } from '../../src/observe/log/log.ts';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

/** The lines of the log at level error, after one request. */
async function alarmsAfter(answer: ReturnType<typeof status>, body: object): Promise<Record<string, unknown>[]> {
	const lines: string[] = [];
	const log = createLog('error', undefined, { shown: { write: (line: string) => void lines.push(line) } });
	breakwater = await startGateway({
		providers: { a: { apiKey: 'planted-key-of-a', models: { spare: {} } } },
		profiles: { other: { chain: ['b/model-b', 'a/model-x'] } },
		observe: () => logObserver(log),
	});
	breakwater.upstream('a').next(answer);
	await breakwater.post(body);
	return lines.map((line) => JSON.parse(line));
}

const gone = status(404, { error: { message: 'no such model', code: 'model_not_found' } });

test.each([
	['in a chain', { model: 'default' }, 'model-a', 'profiles.default.chain[0]'],
	['in another chain', { model: 'a/model-x' }, 'model-x', 'profiles.other.chain[1]'],
	['among the models of its provider', { model: 'a/spare' }, 'spare', 'providers.a.models.spare'],
])('a vanished model is looked for where it stands: %s', async (_name, body, model, source) => {
	const alarms = await alarmsAfter(gone, body);
	expect(alarms).toMatchObject([{ provider: 'a', model, source, category: 'MODEL_UNAVAILABLE' }]);
});

test('a rejected key is looked for where the key stands', async () => {
	const alarms = await alarmsAfter(status(401), {});
	expect(alarms).toMatchObject([{ provider: 'a', source: 'providers.a.apiKey', category: 'AUTH_ERROR' }]);
	expect(JSON.stringify(alarms)).not.toContain('planted');
});
