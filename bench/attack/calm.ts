import { setTimeout as sleep } from 'node:timers/promises';
import { chat, chatBody, wholeText } from './calls.ts';
import { textOf } from './good-provider.ts';

/** Between two calls, ms. */
const PAUSE_MS = 40;

/** A caller who does nothing wrong, all the time: whatever else happens, each of its calls has to be answered. */
export class CalmCaller {
	failures: string[] = [];
	answered = 0;
	#isOver = false;
	#done: Promise<void>;

	constructor(port: number) {
		this.#done = this.#run(port);
	}

	async stop(): Promise<void> {
		this.#isOver = true;
		await this.#done;
	}

	/** What has failed since it was asked last. */
	takeFailures(): string[] {
		const { failures } = this;
		this.failures = [];
		return failures;
	}

	async #run(port: number): Promise<void> {
		for (let number = 0; !this.#isOver; number += 1) {
			const stream = number % 2 === 0;
			const id = `calm-${number}`;
			const reply = await chat({ port, body: chatBody('calm', id, { stream }) });
			const text = reply === undefined ? undefined : wholeText(reply, stream);
			if (text === textOf(id)) this.answered += 1;
			else if (!this.#isOver)
				this.failures.push(`the calm caller got ${reply?.status ?? 'no end'}: ${reply?.body.slice(0, 120)}`);
			await sleep(PAUSE_MS);
		}
	}
}
