import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { soon } from '../../helpers/gateway.ts';
import { answers, chunksOf, hangs, status, streams } from '../../helpers/upstream.ts';
import { chromiumPath, startChromium, strangeName } from './chromium.ts';
import { type InspectedGateway, operatorsKey, startInspected } from './inspected-gateway.ts';
import { openLiveViewer } from './viewer.ts';

const isMissing = chromiumPath === undefined && process.env.CI === undefined;
if (isMissing)
	process.stderr.write('No Chromium on PATH: the tests of the inspector page in a browser are left out.\n');

const wait = { timeout: 60_000 };
let browser: Browser;
let breakwater: InspectedGateway;
/** What the browser complained of, and where it went beyond this machine. */
let complaints: string[] = [];

async function open(options: BrowserContextOptions = {}): Promise<Page> {
	complaints = [];
	const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
	page.on('pageerror', ({ message }) => void complaints.push(message));
	page.on('console', (line) => {
		// The browser reports a refused action and a lost connection itself, and the page shows them.
		if (line.type() === 'error' && !/Failed to load resource|net::ERR/.test(line.text())) complaints.push(line.text());
	});
	page.on('request', (request) => {
		if (!request.url().startsWith(breakwater.origin)) complaints.push(`went to ${request.url()}`);
	});
	page.setDefaultTimeout(wait.timeout);
	await page.goto(`${breakwater.origin}/inspector`);
	await page.locator('.line[data-phase=live]').waitFor();
	return page;
}

const card = (page: Page, provider: string) => page.locator(`.card[data-provider="${provider}"]`);
const inState = (page: Page, provider: string, state: string) =>
	page.locator(`.card[data-provider="${provider}"][data-state="${state}"]`).waitFor();

async function post(times = 1, body: object = {}): Promise<void> {
	for (let time = 0; time < times; time += 1) await (await breakwater.post(body)).text();
}

async function scrollsSideways(page: Page): Promise<boolean> {
	return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

/** Labels of the sequence diagram that lie over the bar of an attempt, or are wider than their arrow. */
async function labelsThatCross(page: Page): Promise<unknown> {
	return page.evaluate(`(() => {
		const bars = [...document.querySelectorAll('.sequence .busy')].map((bar) => bar.getBoundingClientRect());
		const labels = [...document.querySelectorAll('.sequence .message text:not(.time)')];
		return labels.filter((label) => {
			const { left, right, top, bottom } = label.getBoundingClientRect();
			const crosses = bars.some((bar) => left < bar.right && right > bar.left && top < bar.bottom && bottom > bar.top);
			const arrow = label.parentNode.querySelector('line').getBoundingClientRect();
			return crosses || label.getBoundingClientRect().width > arrow.width;
		}).map((label) => label.textContent);
	})()`);
}

describe.skipIf(isMissing)('the inspector page in a browser', () => {
	beforeAll(async () => {
		browser = await startChromium();
	});

	afterAll(() => browser.close());

	afterEach(async () => {
		for (const context of browser.contexts()) await context.close();
		await breakwater.close();
	});

	test('shows a provider go closed → open → half-open → closed, lit in its chart, told aloud', async () => {
		breakwater = await startInspected({
			policy: { breaker: { failureThreshold: 2, cooldown: '1s', cooldownJitter: 0 } },
		});
		const page = await open();
		const lit = (state: string) =>
			card(page, 'a').locator(`.chart .state[data-state="${state}"][data-active="true"]`).waitFor();
		await inState(page, 'a', 'closed');
		await lit('closed');
		breakwater.upstream('a').next(status(503), status(503));
		await post(2);
		await inState(page, 'a', 'open');
		await lit('open');
		await card(page, 'a').locator('.countdown .clock').waitFor();
		expect(await card(page, 'a').locator('.failure').first().textContent()).toBe('SERVER_ERROR 503');
		await page.locator('#announcer', { hasText: 'a is open, too many failures.' }).waitFor({ state: 'attached' });
		await inState(page, 'a', 'half-open');
		await lit('half-open');
		await post();
		await inState(page, 'a', 'closed');
		await card(page, 'a').locator('.events summary').click();
		const told = await card(page, 'a').locator('.events li b').allTextContents();
		expect(told).toEqual(['closed', 'half-open', 'open']);
		expect(await page.locator('.chain-step[data-next=true] .target').first().textContent()).toBe('a/model-a');
		expect(complaints).toEqual([]);
	});

	test('says what, why and what to do, the failing first', async () => {
		breakwater = await startInspected({
			names: ['a', 'b', 'c', 'd'],
			providers: { d: { apiKey: ['key-1', 'key-2'] } },
			policy: {
				onError: { AUTH_ERROR: { then: ['credential', 'next'] } },
				breaker: { failureThreshold: 1, cooldown: '60s' },
			},
		});
		const page = await open();
		const sentence = page.locator('.summary-line');
		breakwater.upstream('a').always(status(503));
		breakwater.upstream('b').always(status(429, undefined, { 'retry-after': '90' }));
		breakwater.upstream('d').always(status(401));
		await post(1, { model: 'd/model-d' });
		await post();
		await inState(page, 'd#2', 'open');
		await inState(page, 'b', 'open');
		const text = (await sentence.textContent()) ?? '';
		expect(text).toContain('d#1: key rejected. Replace providers.d.apiKey[0]. ');
		expect(text).toContain('d#2: key rejected. Replace providers.d.apiKey[1]. ');
		expect(text).toMatch(
			/a: fails \(SERVER_ERROR 503\)\. Nothing to do if it is an outage of theirs\. Tried again in /,
		);
		expect(text).toContain('And 1 more.');
		const order = await page.locator('.card h3').allTextContents();
		expect(order).toEqual(['d#1', 'd#2', 'a', 'b', 'c']);
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		await sentence.getByText('rate limited (RATE_LIMIT 429). Nothing to do: tried again in').waitFor();
		expect(complaints).toEqual([]);
	});

	test('does not call a provider idle that hangs: who waits for it, and for how long, from the first picture on', async () => {
		breakwater = await startInspected({ policy: { timeouts: { response: '60s', request: '60s' } } });
		breakwater.upstream('a').always(hangs());
		const posted = [1, 2, 3].map(() => breakwater.post().catch(() => undefined));
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(3));
		const page = await open();
		expect(await page.locator('.call').count()).toBe(3);
		expect(await page.locator('.call').first().textContent()).toContain('a/model-a');
		await card(page, 'a').getByText('3 requests wait').waitFor();
		await page.locator('.summary-line[data-tone=some]').waitFor();
		expect(await page.locator('.summary-line').textContent()).toMatch(/3 requests wait for a, the longest 1\d s\. /);
		expect(complaints).toEqual([]);
		await breakwater.gateway.close();
		await Promise.all(posted);
	});

	test('does not call well what cannot be served: a model that has vanished is named, and who needs it', async () => {
		breakwater = await startInspected({ profiles: { solo: { chain: ['b/model-b'] } } });
		const page = await open();
		const sentence = page.locator('.summary-line');
		expect(await sentence.textContent()).toContain('All 2 providers take traffic.');
		breakwater.upstream('b').always(status(404, { error: { message: 'no such model', code: 'model_not_found' } }));
		await post(1, { model: 'solo' });
		await page.locator('.summary-line[data-tone=bad]').waitFor();
		await sentence.getByText('Profile solo cannot be served now.').waitFor();
		expect(await sentence.textContent()).toMatch(
			/b\/model-b: not available there\. Check its name in the configuration; tried again in \d/,
		);
		expect(await page.title()).toContain('A profile down');
		const candidate = page.locator('.profile[data-profile=solo] .chain-step');
		expect((await candidate.locator('.actor').textContent())?.trim()).toBe('unavailable');
		expect(await card(page, 'b').locator('.now').textContent()).toContain('but not for model-b');
		const { profiles } = (await (await fetch(`${breakwater.origin}/ready`)).json()) as { profiles: object };
		expect(profiles).toEqual({ default: true, solo: false });
		breakwater.gateway.operate('b', { type: 'operator.reset', now: Date.now() });
		await page.locator('.summary-line[data-tone=good]').waitFor();
		expect(complaints).toEqual([]);
	});

	test('says of a provider on trial whether its probe is out, and from when it is what it is', async () => {
		breakwater = await startInspected({ policy: { breaker: { failureThreshold: 1 } } });
		const page = await open();
		breakwater.upstream('a').next(status(503));
		await post();
		await inState(page, 'a', 'open');
		breakwater.gateway.operate('a', { type: 'operator.probed', now: Date.now() });
		await inState(page, 'a', 'half-open');
		await card(page, 'a').locator('.countdown', { hasText: 'the next request is a probe' }).waitFor();
		expect(await card(page, 'a').locator('.now').textContent()).not.toContain('waiting');
		breakwater.upstream('a').next(hangs());
		const leaving = new AbortController();
		const left = fetch(`${breakwater.origin}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ messages: [{ role: 'user', content: 'x' }] }),
			signal: leaving.signal,
		}).catch(() => undefined);
		await card(page, 'a').locator('.countdown', { hasText: 'waiting for one probe’s result' }).waitFor();
		leaving.abort();
		await left;
	});

	test('begins the question of a trip at its answer, and the way to the providers at the providers', async () => {
		breakwater = await startInspected({ server: { adminKey: operatorsKey } });
		const page = await open();
		await page.keyboard.press('Tab');
		await page.keyboard.press('Enter');
		expect(await page.evaluate('document.activeElement.id')).toBe('providers');
		await card(page, 'a').locator('[data-action=trip]').click();
		expect(await page.evaluate('document.activeElement.value')).toBe('15m');
	});

	test('trips and resets with the admin key, and forgets a wrong one with a clear word', async () => {
		breakwater = await startInspected({ server: { adminKey: operatorsKey } });
		const page = await open();
		await card(page, 'a').locator('[data-action=trip]').click();
		await page.getByLabel('1 hour').check();
		await page.getByRole('button', { name: 'Trip it' }).click();
		await page.locator('dialog[data-kind=key] input').fill('not-the-key');
		await page.getByRole('button', { name: 'Trip', exact: true }).click();
		await page.getByRole('alert').filter({ hasText: 'refused and is forgotten' }).waitFor();
		expect(await page.evaluate('sessionStorage.length')).toBe(0);
		await page.locator('dialog[data-kind=key] input').fill(operatorsKey);
		await page.keyboard.press('Enter');
		await inState(page, 'a', 'open');
		await card(page, 'a').getByText('Done: closed → open.').waitFor();
		await card(page, 'a').locator('.now').getByText('tripped by an operator').waitFor();
		// The key is known now, and not asked for again.
		await card(page, 'a').locator('[data-action=reset]').click();
		await inState(page, 'a', 'closed');
		expect(page.url()).toBe(`${breakwater.origin}/inspector`);
		expect(await page.evaluate('localStorage.length')).toBe(0);
		expect(complaints).toEqual([]);
	});

	test('has its buttons off, and says why, where there is no admin key', async () => {
		breakwater = await startInspected();
		const page = await open();
		expect(await card(page, 'a').locator('[data-action=trip]').isDisabled()).toBe(true);
		expect(await card(page, 'a').locator('[data-action=trip]').getAttribute('title')).toContain('server.adminKey');
	});

	test('says that the connection is lost and since when, and comes back with a fresh picture', async () => {
		breakwater = await startInspected();
		const page = await open();
		const port = Number(new URL(breakwater.origin).port);
		await breakwater.close();
		await page
			.getByRole('alert')
			.filter({ hasText: /lost since \d\d:\d\d:\d\d|stopped at \d\d:\d\d:\d\d/ })
			.waitFor();
		expect(await page.locator('main').getAttribute('data-live')).toBe('false');
		expect(await page.title()).toBe('Breakwater (not connected)');
		breakwater = await startInspected({ port, names: ['other'] });
		await page.locator('.line[data-phase=live]').waitFor();
		await inState(page, 'other', 'closed');
		expect(await card(page, 'a').count()).toBe(0);
		expect(await page.getByRole('alert').count()).toBe(0);
	});

	test('asks for the key where the stream is not open to everybody', async () => {
		breakwater = await startInspected({ server: { adminKey: operatorsKey, hosts: [strangeName] } });
		const page = await browser.newPage();
		page.setDefaultTimeout(wait.timeout);
		await page.goto(`${breakwater.origin.replace('127.0.0.1', strangeName)}/inspector`);
		const give = async (key: string) => {
			await page.getByRole('button', { name: 'Enter the key' }).click();
			await page.locator('dialog input').fill(key);
			await page.getByRole('button', { name: 'Connect' }).click();
		};
		await page.getByRole('alert').filter({ hasText: 'needs the admin key' }).waitFor();
		await give('not-the-key');
		await page.getByRole('alert').filter({ hasText: 'This is not the key' }).waitFor();
		expect(await page.evaluate('sessionStorage.length')).toBe(0);
		await give(operatorsKey);
		await page.locator('.line[data-phase=live]').waitFor();
		await inState(page, 'a', 'closed');
	});

	test('opens a trace with its seam as a sequence diagram, and closes it with Escape', async () => {
		breakwater = await startInspected();
		const page = await open();
		const text = 'The wall was built by hand, stone by stone.';
		breakwater.upstream('a').next(streams(chunksOf(text.slice(0, 20)).slice(0, -1), { end: 'cut' }));
		breakwater.upstream('b').next(answers(text));
		await post(1, { stream: true });
		const row = page.locator('.call').first();
		await row.locator('.seam').waitFor();
		await row.click();
		const dialog = page.getByRole('dialog');
		await dialog.locator('.sequence svg').waitFor();
		expect(await labelsThatCross(page)).toEqual([]);
		expect(await dialog.locator('.lifeline text').allTextContents()).toEqual([
			'clientclient',
			'breakwaterbreakwater',
			'aa',
			'bb',
		]);
		const words = await dialog.locator('.words li').allTextContents();
		expect(await row.locator('.result').textContent()).toContain('rescued');
		expect(words.join('\n')).toMatch(
			/default, streamed[\s\S]*model-a[\s\S]*first token[\s\S]*NETWORK_ERROR[\s\S]*carried on after \d+ characters[\s\S]*end of the stream/,
		);
		await page.keyboard.press('Escape');
		await dialog.waitFor({ state: 'hidden' });
		expect(await page.evaluate('document.activeElement.className')).toBe('call');
		expect(complaints).toEqual([]);
	});

	test('filters by outcome, profile, provider and id', async () => {
		breakwater = await startInspected({ profiles: { solo: { chain: ['b/model-b'] } } });
		const page = await open();
		breakwater.upstream('a').next(answers('ok'), status(503), status(400));
		await post(3);
		await post(1, { model: 'solo' });
		const rows = page.locator('.call');
		expect((await rows.locator('.result').allTextContents()).filter((text) => text.includes('rescued'))).toEqual([]);
		const shows = (count: number) => soon(async () => expect(await rows.count()).toBe(count));
		await shows(4);
		await page.getByRole('combobox', { name: 'Outcome' }).selectOption('failed');
		await shows(1);
		await page.getByRole('combobox', { name: 'Outcome' }).selectOption('troubled');
		await shows(1);
		await page.getByRole('button', { name: 'Clear' }).click();
		await page.getByRole('combobox', { name: 'Profile' }).selectOption('solo');
		await shows(1);
		const id = (await rows.first().getAttribute('data-id')) ?? '';
		await page.getByRole('button', { name: 'Clear' }).click();
		await page.getByRole('combobox', { name: 'Provider' }).selectOption('b');
		await shows(2);
		await page.getByRole('button', { name: 'Clear' }).click();
		await page.getByRole('searchbox', { name: 'Id' }).fill(id.slice(4, 16));
		await shows(1);
		expect(await rows.first().getAttribute('data-id')).toBe(id);
		await page.getByRole('searchbox', { name: 'Id' }).fill('no such id');
		await page.getByText('0 of the last 4 match.').waitFor();
	});

	test('works with the keyboard alone', async () => {
		breakwater = await startInspected({ server: { adminKey: operatorsKey } });
		const page = await open();
		await post();
		await page.locator('.call').waitFor();
		const focused = () =>
			page.evaluate("(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()");
		const tabTo = async (name: RegExp) => {
			for (let press = 0; press < 40; press += 1) {
				await page.keyboard.press('Tab');
				if (name.test(String(await focused()))) return;
			}
			throw new Error(`Tab does not lead to ${name}`);
		};
		await tabTo(/^To the providers$/);
		await tabTo(/^Trip a$/);
		expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
		await page.keyboard.press('Enter');
		await page.getByRole('dialog').waitFor();
		await tabTo(/^Cancel$/);
		await page.keyboard.press('Enter');
		await page.getByRole('dialog').waitFor({ state: 'hidden' });
		expect(await focused()).toBe('Trip a');
		await tabTo(/model-a/);
		await page.keyboard.press('Enter');
		await page.getByRole('dialog').locator('.sequence').waitFor();
		await page.keyboard.press('Escape');
		await page.getByRole('dialog').waitFor({ state: 'hidden' });
	});

	test('is not broken by hostile names, on a phone or anywhere', async () => {
		const evil = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
		const profile = '<img_src=x_onerror=window.broken=1>';
		const models = [evil, `long${'-long'.repeat(60)}`, 'x'.repeat(200)];
		breakwater = await startInspected({
			profiles: {
				[profile]: { chain: models.map((model) => `a/${model}`) },
				['w'.repeat(150)]: { chain: ['b/model-b'] },
			},
		});
		const page = await open({ viewport: { width: 375, height: 800 } });
		breakwater.upstream('a').always(status(503));
		await post(3, { model: profile });
		await inState(page, 'a', 'open');
		await page.locator('.call').first().click();
		await page.getByRole('dialog').locator('.sequence').waitFor();
		expect(await labelsThatCross(page)).toEqual([]);
		expect(await scrollsSideways(page)).toBe(false);
		expect(await page.evaluate('window.broken')).toBeUndefined();
		expect(await page.locator('main img, main script, dialog img').count()).toBe(0);
		expect(await page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")).toBe(true);
		expect(complaints).toEqual([]);
	});

	test('tells providers apart from what every object has', async () => {
		breakwater = await startInspected({ names: ['constructor', 'b'], policy: { breaker: { failureThreshold: 1 } } });
		const page = await open();
		breakwater.upstream('b').always(status(503));
		await post(1, { model: 'b/model-b' });
		await inState(page, 'b', 'open');
		await inState(page, 'constructor', 'closed');
		expect(complaints).toEqual([]);
	});

	test('is not broken by names that no configuration would let in either', async () => {
		breakwater = await startInspected();
		await post();
		const viewer = await openLiveViewer(breakwater.origin);
		viewer.close();
		const snapshot = JSON.stringify(viewer.snapshots[0]);
		const evil = JSON.stringify('\u202e</script><script>window.broken=1</script>\u2066"\'`').slice(1, -1);
		const hostile = snapshot
			.replaceAll('model-a', `${evil}${'x'.repeat(200)}`)
			.replace(/"id":"req_[^"]*"/, `"id":"${evil}${'y'.repeat(200)}"`)
			.replaceAll('"default"', `"${evil}"`);
		const page = await browser.newPage({ viewport: { width: 375, height: 800 } });
		await page.route('**/inspector/events', (route) =>
			route.fulfill({ contentType: 'text/event-stream', body: `event: snapshot\ndata: ${hostile}\n\n` }),
		);
		await page.goto(`${breakwater.origin}/inspector`);
		await page.locator('.call').first().click();
		await page.getByRole('dialog').locator('.sequence').waitFor();
		expect(await page.evaluate('window.broken')).toBeUndefined();
		expect(await scrollsSideways(page)).toBe(false);
		expect(await page.evaluate("getComputedStyle(document.querySelector('.call .name')).unicodeBidi")).toBe('isolate');
	});

	test('tells what a target costs, and what a request did', async () => {
		const price = { input: 1000, output: 2000 };
		breakwater = await startInspected({ providers: { a: { models: { 'model-a': { price } } } } });
		const page = await open();
		const titles = () =>
			page.locator('.chain-step .target').evaluateAll((all) => all.map((one) => one.getAttribute('title')));
		expect(await titles()).toEqual([
			'a/model-a: $1000 in, $2000 out per million tokens (configured)',
			'b/model-b: price not known',
		]);
		const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
		breakwater.upstream('a').next(answers('Hi', { usage }), status(500));
		await post(2);
		const summaryOf = async (call: number) => {
			await page.locator('.call').nth(call).click();
			const text = await page.getByRole('dialog').locator('.summary').textContent();
			await page.keyboard.press('Escape');
			return text;
		};
		expect(await summaryOf(1)).toContain('cost $1.2');
		expect(await summaryOf(0)).toContain('cost unknown');
	});

	test('reads on a phone, in the dark, and lets one choose', async () => {
		breakwater = await startInspected();
		const page = await open({ viewport: { width: 375, height: 800 }, colorScheme: 'dark' });
		await post(3);
		await page.locator('.call').first().waitFor();
		expect(await scrollsSideways(page)).toBe(false);
		const ground = async () => {
			const [red = 0] =
				String(await page.evaluate('getComputedStyle(document.body).backgroundColor')).match(/\d+/g) ?? [];
			return Number(red);
		};
		expect(await ground()).toBeLessThan(60);
		await page.getByRole('button', { name: /^Colours/ }).click();
		expect(await ground()).toBeGreaterThan(200);
		const small = await page.evaluate(
			`[...document.querySelectorAll('main button')].filter((button) => button.getBoundingClientRect().height < 36).length`,
		);
		expect(small).toBe(0);
	});

	test('does not move where motion is not wanted', async () => {
		breakwater = await startInspected();
		const page = await open({ reducedMotion: 'reduce' });
		breakwater.upstream('a').next(streams(chunksOf('one two three four five six seven'), { delayMs: 150 }));
		const walking = post(1, { stream: true });
		const sign = '.step[data-tone=live] > span';
		await page.locator(sign).first().waitFor();
		expect(await page.evaluate(`getComputedStyle(document.querySelector('${sign}')).animationName`)).toBe('none');
		await walking;
	});
});
