import { Agent } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../soak-random.ts';
import { CALL_LIMIT_MS, chat, chatBody, wholeText } from './calls.ts';
import { CalmCaller } from './calm.ts';
import { brokenConfiguration, readBroken } from './configurations.ts';
import { startGoodProvider, textOf } from './good-provider.ts';
import { answerAttacks, type HostileProvider, startHostileProvider } from './hostile-provider.ts';
import { hostileRequest, sendRaw } from './hostile-requests.ts';
import { AttackedProxy, leakIn } from './proxy.ts';
import { note, type Tally, tallyOf } from './tally.ts';

export interface AttackOptions {
	seed: number;
	/** About how long all of it takes, s. */
	seconds: number;
	/** Exists; for the configuration and the log. */
	directory: string;
}

export interface AttackResult {
	readonly tallies: readonly Tally[];
	/** The most memory of the proxy with the calm caller and a like number of right answers alone, MB. */
	readonly benignMB: number | undefined;
	/** It was alive to the last, and ended in order when it was asked to. */
	readonly endedWell: boolean;
}

/** A body may be twenty megabytes. */
const LARGE_BODY = 19 * 1024 ** 2;

/** Any command has so long for any configuration, ms. */
const CONFIGURATION_LIMIT_MS = 10_000;

/** The share of an attack that the hostile provider must have been asked by. */
const LEAST_REACHED = 1 / 20;

/** Attacks a running proxy in every way there is, each for its share of the time, while a calm caller goes on. */
export async function runAttack({ seed, seconds, directory }: AttackOptions): Promise<AttackResult> {
	const [hostile, good] = await Promise.all([startHostileProvider(seed), startGoodProvider()]);
	const proxy = await AttackedProxy.start(directory, { hostile: hostile.port, good: good.port });
	const calm = new CalmCaller(proxy.port);
	const attack = new Attack({ proxy, calm, hostile, seed });
	const share = (part: number) => part * seconds * 1000;
	await attack.answers('right answers', ['right'], share(0.1));
	const benignMB = proxy.takePeak();
	await attack.answers('hostile answers', answerAttacks, share(0.3));
	await attack.requests(share(0.2));
	await attack.drain('a black hole', 1500, 'attacked', 'black hole', share(0.05));
	await attack.drain('gzip bombs', 20, 'attacked', 'gzip bomb', share(0.05));
	await attack.drain('endless streams, held', 20, 'held', 'endless stream', share(0.05));
	await attack.largeBodies(8, share(0.05));
	await attack.slowBodies(200, share(0.05));
	await attack.pages(share(0.02));
	attack.configurations(share(0.1));
	await calm.stop();
	const endedWell = await proxy.stop();
	attack.readLog();
	for (const { server } of [hostile, good]) {
		server.close();
		server.closeAllConnections();
	}
	return { tallies: attack.tallies, benignMB, endedWell };
}

interface AttackParts {
	proxy: AttackedProxy;
	calm: CalmCaller;
	hostile: HostileProvider;
	seed: number;
}

class Attack {
	readonly tallies: Tally[] = [];
	readonly #proxy: AttackedProxy;
	readonly #calm: CalmCaller;
	readonly #hostile: HostileProvider;
	readonly #seed: number;
	#number = 0;

	constructor({ proxy, calm, hostile, seed }: AttackParts) {
		this.#proxy = proxy;
		this.#calm = calm;
		this.#hostile = hostile;
		this.#seed = seed;
	}

	/** Providers that answer anything. The caller gets the right text, whole, or is told that it does not. */
	async answers(name: string, kinds: readonly string[], ms: number): Promise<void> {
		const tally = this.#begin(name);
		const askedBefore = this.#hostile.asked();
		const agent = new Agent({ keepAlive: true, maxSockets: 32 });
		await this.#manyUntil(tally, Date.now() + ms, 16, async (number, random) => {
			const prompt = `${random.pick(kinds)} #${number}`;
			const stream = random.chance(0.5);
			const profile = random.chance(0.8) ? 'attacked' : 'held';
			const reply = await chat({ port: this.#proxy.port, body: chatBody(profile, prompt, { stream }), agent });
			if (reply === undefined) return this.#hung(tally, prompt);
			this.#search(tally, `${reply.headers}\n${reply.body}`, prompt);
			const text = this.#textIn(tally, reply, stream, prompt);
			if (text === undefined || text === textOf(prompt)) return;
			// An answer of nothing but brackets has no text, and says so.
			if (text === '' && prompt.startsWith('brackets')) return;
			tally.lied += 1;
			note(tally, `${prompt} (stream: ${stream}): ${text.slice(0, 80)}`);
		});
		agent.destroy();
		this.#expectReached(tally, askedBefore);
		this.#end(tally);
	}

	/** Callers who send anything. */
	async requests(ms: number): Promise<void> {
		const tally = this.#begin('hostile requests');
		await this.#manyUntil(tally, Date.now() + ms, 32, async (number, random) => {
			const bytes = hostileRequest(random, number);
			const reply = await sendRaw(this.#proxy.port, bytes, CALL_LIMIT_MS);
			if (reply === undefined) return this.#hung(tally, bytes.toString('latin1').slice(0, 200));
			this.#search(tally, reply, bytes.toString('latin1').slice(0, 80));
		});
		this.#end(tally);
	}

	/** Many requests at once to a provider that only costs. They go when the time is over. */
	async drain(name: string, count: number, profile: string, deed: string, ms: number): Promise<void> {
		const tally = this.#begin(name);
		const askedBefore = this.#hostile.asked();
		const agent = new Agent({ maxSockets: count });
		const calls = Array.from({ length: count }, (_, at) => {
			const stream = deed === 'endless stream';
			return chat({ port: this.#proxy.port, body: chatBody(profile, `${deed} #${at}`, { stream }), agent });
		});
		await sleep(ms);
		const replies = await Promise.all(calls);
		tally.tried += count;
		for (const reply of replies) {
			if (reply === undefined) this.#hung(tally, deed);
			else this.#search(tally, reply.body, deed);
		}
		agent.destroy();
		this.#expectReached(tally, askedBefore);
		this.#end(tally);
	}

	async largeBodies(count: number, ms: number): Promise<void> {
		const tally = this.#begin('large bodies');
		const until = Date.now() + ms;
		do {
			const prompt = `right #${tally.tried}`;
			const messages = [prompt, 'x'.repeat(LARGE_BODY)].map((content) => ({ role: 'user', content }));
			const body = chatBody('attacked', prompt, { messages });
			const replies = await Promise.all(Array.from({ length: count }, () => chat({ port: this.#proxy.port, body })));
			tally.tried += count;
			for (const reply of replies) {
				if (reply === undefined) this.#hung(tally, 'a large body');
				else if (reply.status === 200 && this.#textIn(tally, reply, false, prompt) !== textOf(prompt)) tally.lied += 1;
			}
		} while (Date.now() < until);
		this.#end(tally);
	}

	/** Bodies that are announced, and never come. They may take as long as a body may, and no connection longer. */
	async slowBodies(count: number, ms: number): Promise<void> {
		const tally = this.#begin('bodies that never come');
		const head =
			'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{';
		const opened = Array.from({ length: count }, () => openRaw(this.#proxy.port, head));
		tally.tried += count;
		await sleep(ms);
		for (const connection of opened) connection.destroy();
		this.#end(tally);
	}

	/** A page elsewhere, in the browser of whoever runs the proxy, that got itself the proxy's address. */
	async pages(ms: number): Promise<void> {
		const tally = this.#begin('pages of other sites');
		await this.#manyUntil(tally, Date.now() + ms, 4, async (number, random) => {
			const lines = random.pick([
				['host: evil.example'],
				['host: 127.0.0.1', 'origin: https://evil.example'],
				['host: 127.0.0.1', 'sec-fetch-site: cross-site'],
			]);
			const path = random.pick(['/v1/models', '/health', '/metrics']);
			const request = `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`;
			const reply = await sendRaw(this.#proxy.port, Buffer.from(request), CALL_LIMIT_MS);
			if (reply === undefined) return this.#hung(tally, request);
			if (!/^HTTP\/1.1 [23]/.test(reply)) return;
			tally.leaked += 1;
			note(tally, `${path} is answered to ${lines.join(', ')} (${number})`);
		});
		this.#end(tally);
	}

	configurations(ms: number): void {
		const tally = this.#begin('broken configurations');
		const until = Date.now() + ms;
		for (let number = 0; Date.now() < until || number < 6; number++) {
			const text = brokenConfiguration(new Random(this.#seed, 'configuration', number), number);
			const { ms: took, thrown } = readBroken(text);
			tally.tried += 1;
			if (took > CONFIGURATION_LIMIT_MS) this.#hung(tally, `${text.slice(0, 60)} took ${Math.round(took)} ms`);
			if (thrown === undefined) continue;
			tally.lied += 1;
			note(tally, `${JSON.stringify(text.slice(0, 80))} throws ${thrown}`);
		}
		this.#end(tally);
	}

	/** No secret of the configuration stands in the log of all this. */
	readLog(): void {
		const tally = this.#begin('the log of all this');
		const lines = this.#proxy.log.split('\n');
		tally.tried = lines.length;
		for (const line of lines) this.#search(tally, line, line.slice(0, 100));
		this.tallies.push(tally);
	}

	/**
	 * An attack that does not get through proves nothing: the hostile provider must have been asked, by more than the few requests
	 * that come before it is put aside. A proxy that sheds most of it is another matter.
	 * @throws Error where it was not
	 */
	#expectReached({ name, tried }: Tally, askedBefore: number): void {
		const asked = this.#hostile.asked() - askedBefore;
		if (asked >= tried * LEAST_REACHED) return;
		throw new Error(`${name}: the hostile provider was asked ${asked} times for ${tried} requests; it is put aside`);
	}

	#begin(name: string): Tally {
		this.#proxy.takePeak();
		this.#calm.takeFailures();
		return tallyOf(name);
	}

	#end(tally: Tally): void {
		tally.peakMB = this.#proxy.takePeak();
		const failures = this.#calm.takeFailures();
		tally.shutOut += failures.length;
		for (const failure of failures) note(tally, failure);
		if (!this.#proxy.isAlive) {
			tally.hung += 1;
			note(tally, 'the proxy is dead');
		}
		this.tallies.push(tally);
	}

	async #manyUntil(
		tally: Tally,
		until: number,
		lanes: number,
		one: (number: number, random: Random) => Promise<void>,
	): Promise<void> {
		const lane = async () => {
			while (Date.now() < until && this.#proxy.isAlive) {
				this.#number += 1;
				tally.tried += 1;
				await one(this.#number, new Random(this.#seed, this.#number));
			}
		};
		await Promise.all(Array.from({ length: lanes }, lane));
	}

	#textIn(
		tally: Tally,
		reply: { status: number; body: string; headers: string },
		stream: boolean,
		prompt: string,
	): string | undefined {
		try {
			return wholeText(reply, stream);
		} catch {
			tally.lied += 1;
			note(tally, `${prompt}: a whole answer that cannot be read: ${reply.body.slice(0, 80)}`);
			return undefined;
		}
	}

	#search(tally: Tally, text: string, where: string): void {
		const leak = leakIn(text);
		if (leak === undefined) return;
		tally.leaked += 1;
		note(tally, `${leak} came back from ${where}`);
	}

	#hung(tally: Tally, what: string): void {
		tally.hung += 1;
		note(tally, `no end within ${CALL_LIMIT_MS / 1000} s: ${what}`);
	}
}

function openRaw(port: number, beginning: string): Socket {
	const socket = createConnection({ port, host: '127.0.0.1' });
	socket.on('error', () => {});
	socket.write(beginning);
	return socket;
}
